"""Pairing: invitations as hashes, the paired chats, and the wrong codes."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.chats import Chat
from bot.domain.invitations import FORGIVEN_AFTER, LIFETIME, Guesses, Invitation
from bot.storage import chats, outbox
from bot.storage.chats import is_chat
from bot.storage.connection import Connection
from bot.storage.schema import chats as chat_table
from bot.storage.schema import guesses, invitations, notified, paired_chats, silences
from bot.storage.schema import outbox as outbox_table

EVERYBODY = 0
"""In place of a chat's id, which is never 0: the wrong codes of all chats together."""


def hash_of(code: str) -> str:
    """The hash of a code. The code is too random to be guessed from it, so it needs no salt."""
    return sha256(code.encode()).hexdigest()


PAIRED = sa.select(paired_chats.c.chat_id, paired_chats.c.thread_id).order_by(
    paired_chats.c.paired_at, paired_chats.c.chat_id, paired_chats.c.thread_id
)


async def invite(connection: Connection, code: str, invitation: Invitation) -> None:
    """Stores an invitation; drops those that can no longer be used, and an earlier first one."""
    at = invitations.c.made_at
    over = sa.or_(at <= invitation.made_at - LIFETIME, at >= invitation.made_at + LIFETIME)
    if invitation.first:
        over = sa.or_(over, invitations.c.first)
    await connection.execute(sa.delete(invitations).where(over))
    values = {
        "hash": hash_of(code),
        "made_at": invitation.made_at,
        "by": invitation.by,
        "first": invitation.first,
    }
    await connection.execute(sa.insert(invitations).values(values))


async def is_open(connection: Connection, code: str, now: datetime) -> bool:
    """True if this code would let a chat in."""
    made_at: datetime | None = await connection.scalar(
        sa.select(invitations.c.made_at).where(invitations.c.hash == hash_of(code))
    )
    return made_at is not None and Invitation(made_at).is_open(now)


async def take_invitation(connection: Connection, code: str, now: datetime) -> Invitation | None:
    """Uses up the open invitation of this code and returns it; None for a wrong or an old code."""
    this = invitations.c.hash == hash_of(code)
    row = (await connection.execute(sa.select(invitations).where(this))).one_or_none()
    if row is None:
        return None
    await connection.execute(sa.delete(invitations).where(this))
    invitation = Invitation(row.made_at, row.by, row.first)
    return invitation if invitation.is_open(now) else None


async def withdraw_first(connection: Connection) -> None:
    """Ends the link in the log: the bot has a chat."""
    await connection.execute(sa.delete(invitations).where(invitations.c.first))


async def pair(connection: Connection, chat: Chat, by: str, now: datetime) -> None:
    values = {"chat_id": chat.chat_id, "thread_id": chat.thread_id or 0, "paired_at": now, "by": by}
    await connection.execute(insert(paired_chats).values(values).on_conflict_do_nothing())


async def paired(connection: Connection) -> tuple[Chat, ...]:
    """The chats that were paired, in that order, each under its id of that time."""
    return tuple(Chat(chat_id, thread_id or None) for chat_id, thread_id in await connection.execute(PAIRED))


async def leave(connection: Connection, here: Chat) -> Sequence[Chat]:
    """Ends the pairing that allows this place, and drops what waits for it; returns what it ended, by its old ids.

    ``here`` is the new id of a group that migrated. Without a topic it means the whole chat; with one, also the chat
    that was paired as a whole, because that allows the topic.
    """
    moved = await chats.moved(connection)
    ended = [chat for chat in await paired(connection) if allows(chat, here, moved)]
    for chat in ended:
        await forget(connection, chat)
        if chat.chat_id in moved:
            await forget(connection, Chat(moved[chat.chat_id]))
    return ended


def allows(chat: Chat, here: Chat, moved: dict[int, int]) -> bool:
    """True if a paired chat allows a place. A group that migrated is allowed as a whole."""
    if chat.chat_id in moved:
        return moved[chat.chat_id] == here.chat_id
    return chat.chat_id == here.chat_id and (chat.thread_id is None or chat.thread_id == here.thread_id)


async def forget(connection: Connection, chat: Chat) -> None:
    """Deletes everything that makes a chat one of ours, its greeting too, because it can come back.

    Its board stays stored until its message is deleted.
    """
    for table in (paired_chats, notified, silences):
        await connection.execute(sa.delete(table).where(is_chat(table, chat)))
    known = is_chat(chat_table, chat)
    await connection.execute(sa.update(chat_table).where(known).values(greeted_at=None, gone=None, refused_since=None))
    waits = outbox_table.c.state.in_([outbox.PENDING, outbox.SENDING])
    await connection.execute(sa.delete(outbox_table).where(waits, is_chat(outbox_table, chat)))


async def guesses_of(connection: Connection, chat_id: int) -> Guesses:
    """The wrong codes of a chat, or of all."""
    row = (await connection.execute(sa.select(guesses).where(guesses.c.chat_id == chat_id))).one_or_none()
    return Guesses(row.wrong, row.last_at) if row else Guesses()


async def note_guesses(connection: Connection, chat_id: int, known: Guesses, now: datetime) -> None:
    """Stores the wrong codes of a chat, and drops old ones."""
    await connection.execute(sa.delete(guesses).where(guesses.c.last_at <= now - FORGIVEN_AFTER))
    values = {"chat_id": chat_id, "wrong": known.wrong, "last_at": known.last_at}
    await connection.execute(
        insert(guesses).values(values).on_conflict_do_update(index_elements=["chat_id"], set_=values)
    )


async def forgive(connection: Connection, chat_id: int) -> None:
    """Drops the wrong codes of a chat."""
    await connection.execute(sa.delete(guesses).where(guesses.c.chat_id == chat_id))
