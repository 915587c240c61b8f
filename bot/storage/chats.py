"""Chats: greeted, migrated, refusing; and named moments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.chats import Chat
from bot.storage import boards, outbox
from bot.storage.connection import Connection
from bot.storage.schema import chats, marks, notified, silences
from bot.storage.schema import outbox as outbox_rows

ROUND = "round"
DOWNTIME = "downtime"
"""The end of the last downtime that was reported."""

MORE_OFTEN = "more often"
"""Since when any account is checked more often than before: resumed, or at a shorter interval."""

READ_BY = "read by"
"""When a reading of one of those is due, by their own intervals."""


MOVED = sa.select(chats.c.chat_id, chats.c.moved_to).where(chats.c.moved_to.is_not(None))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a chat refuses messages, in Telegram's words, and since when; None in an old database."""

    why: str
    since: datetime | None


def is_chat(table: sa.Table, chat: Chat) -> sa.ColumnElement[bool]:
    """The rows of one chat, or one topic of it, in any table that has chats."""
    return sa.and_(table.c.chat_id == chat.chat_id, table.c.thread_id == (chat.thread_id or 0))


async def moved(connection: Connection) -> dict[int, int]:
    """The present id of each chat that migrated, through all its steps."""
    steps = {row.chat_id: row.moved_to for row in await connection.execute(MOVED)}
    return {old: follow(old, steps) for old in steps}


def follow(chat_id: int, steps: dict[int, int]) -> int:
    """The last of a chain of moves; a ring, which Telegram never makes, ends where it began."""
    seen = {chat_id}
    while chat_id in steps and steps[chat_id] not in seen:
        chat_id = steps[chat_id]
        seen.add(chat_id)
    return chat_id


async def at_present(connection: Connection, chat: Chat) -> Chat:
    """A chat under its present id: a group can become another one while something about it waits for the database."""
    new = (await moved(connection)).get(chat.chat_id)
    return chat if new is None else Chat(new)


async def move(connection: Connection, old: int, new: int) -> None:
    """Stores that a group became a supergroup, and moves its deliveries and silences there."""
    values = {"chat_id": old, "thread_id": 0, "moved_to": new}
    statement = insert(chats).values(values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_={"moved_to": new})
    )
    await reached(connection, [old])
    greeted = sa.select(chats.c.greeted_at).where(chats.c.chat_id == old, chats.c.thread_id == 0).scalar_subquery()
    await connection.execute(
        insert(chats).values(chat_id=new, thread_id=0, greeted_at=greeted).on_conflict_do_nothing()
    )
    await outbox.readdress(connection, old, new)
    await connection.execute(sa.update(silences).where(silences.c.chat_id == old).values(chat_id=new))
    there = notified.alias()
    same = [there.c[name] == notified.c[name] for name in ("subject", "measure", "thread_id")]
    known = sa.exists().where(there.c.chat_id == new, *same)
    await connection.execute(sa.update(notified).where(notified.c.chat_id == old, ~known).values(chat_id=new))
    await connection.execute(sa.delete(notified).where(notified.c.chat_id == old))
    await boards.move(connection, old, new)


async def got_before_moving(connection: Connection, keys: Sequence[str]) -> set[tuple[str, Chat]]:
    """The notifications among ``keys`` that a group got under an earlier id, each with the chat that it is now."""
    now_called = await moved(connection)
    if not now_called or not keys:
        return set()
    rows = sa.select(outbox_rows.c.key, outbox_rows.c.chat_id, outbox_rows.c.thread_id).where(
        outbox_rows.c.key.in_(keys), outbox_rows.c.chat_id.in_(now_called)
    )
    return {(row.key, Chat(now_called[row.chat_id], row.thread_id or None)) for row in await connection.execute(rows)}


async def not_greeted(connection: Connection, wanted: Iterable[Chat]) -> list[Chat]:
    query = sa.select(chats.c.chat_id, chats.c.thread_id).where(chats.c.greeted_at.is_not(None))
    greeted = {Chat(chat_id, thread_id or None) for chat_id, thread_id in await connection.execute(query)}
    return [chat for chat in wanted if chat not in greeted]


async def greet(connection: Connection, greeted: Iterable[Chat], now: datetime) -> None:
    for chat in greeted:
        await note(connection, chat, greeted_at=now)


async def note(connection: Connection, chat: Chat, **values: object) -> None:
    """Sets columns of one chat."""
    row = {"chat_id": chat.chat_id, "thread_id": chat.thread_id or 0, **values}
    statement = insert(chats).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_=values))


async def reached(connection: Connection, chat_ids: Iterable[int]) -> None:
    """Clears refusals and rate limits of chats: Telegram refuses a chat as a whole, and accepts it as one."""
    troubled = sa.or_(chats.c.gone.is_not(None), chats.c.not_before.is_not(None))
    statement = sa.update(chats).where(chats.c.chat_id.in_(list(chat_ids)), troubled)
    await connection.execute(statement.values(gone=None, refused_since=None, not_before=None))


async def refuses(connection: Connection, chat: Chat, why: str, now: datetime) -> None:
    """Stores that a chat refuses messages, and since when."""
    await note(connection, chat, gone=why)
    first = sa.update(chats).where(is_chat(chats, chat), chats.c.refused_since.is_(None))
    await connection.execute(first.values(refused_since=now))


async def refused(connection: Connection) -> dict[Chat, Refusal]:
    query = sa.select(chats.c.chat_id, chats.c.thread_id, chats.c.gone, chats.c.refused_since)
    return {
        Chat(row.chat_id, row.thread_id or None): Refusal(row.gone, row.refused_since)
        for row in await connection.execute(query.where(chats.c.gone.is_not(None)))
    }


async def waits(connection: Connection) -> dict[Chat, datetime]:
    """Until when Telegram rate limits each chat."""
    query = sa.select(chats.c.chat_id, chats.c.thread_id, chats.c.not_before).where(chats.c.not_before.is_not(None))
    return {Chat(chat_id, thread_id or None): until for chat_id, thread_id, until in await connection.execute(query)}


async def mark(connection: Connection, name: str, at: datetime) -> None:
    """Stores when something happened last."""
    statement = insert(marks).values(name=name, at=at)
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": at}))


async def mark_more_often(connection: Connection, since: datetime, read_by: datetime) -> None:
    """Stores since when some accounts are checked more often, and when a reading of them is due.

    A later stored moment of others stays.
    """
    statement = insert(marks)
    later = sa.case((marks.c.at > statement.excluded.at, marks.c.at), else_=statement.excluded.at)
    rows = [{"name": MORE_OFTEN, "at": since}, {"name": READ_BY, "at": read_by}]
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": later}), rows)


async def more_often(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """Since when some accounts are checked more often, and when a reading of them is due."""
    return await marked(connection, MORE_OFTEN), await marked(connection, READ_BY)


async def marked(connection: Connection, name: str) -> datetime | None:
    """When something happened last."""
    return await connection.scalar(sa.select(marks.c.at).where(marks.c.name == name))
