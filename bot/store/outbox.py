"""The outbox: notifications that are not yet delivered, those that were, and those that never can be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import Chat, Facts, Measure, Notice, Notification, Reason, Severity, Topic
from bot.store.connection import Connection
from bot.store.schema import Moment, outbox
from bot.store.values import dump_facts, load_facts

AT_ONCE = 2_000
PENDING, SENDING, DELIVERED, FAILED = "pending", "sending", "delivered", "failed"


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits in the outbox: how much, since when what was tried in vain, what failed, and the last delivery."""

    waiting: int = 0
    tried_since: datetime | None = None
    failed: int = 0
    delivered_at: datetime | None = None


def notification_of(row: sa.Row[Any]) -> Notification:
    """A notification from its row."""
    notice = Notice(
        key=row.key,
        topic=Topic(row.topic),
        severity=Severity(row.severity),
        reason=Reason(row.reason),
        subject=row.subject,
        measure=Measure(row.measure) if row.measure else None,
        episode=row.episode,
        facts=load_facts(row.facts) or facts_of(row.subject),
    )
    chat = Chat(row.chat_id, row.thread_id or None)
    return Notification(row.id, chat, notice, row.created_at, row.attempts, row.first_failed_at)


def facts_of(subject: str) -> Facts:
    """What is left to tell of an alert whose facts cannot be read: whom it is about."""
    email = subject.partition(":")[2] or None
    return Facts(name=email or subject, email=email)


async def put(connection: Connection, notices: Sequence[Notice], chats: Iterable[Chat], now: datetime) -> None:
    """Addresses notices to chats. One that is already there, by its key, is not put in again."""
    rows = [row_of(notice, chat, now) for notice in notices for chat in chats]
    if rows:
        await connection.execute(insert(outbox).on_conflict_do_nothing(), rows)


def row_of(notice: Notice, chat: Chat, now: datetime) -> dict[str, Any]:
    """A new notification's row."""
    return {
        "chat_id": chat.chat_id,
        "thread_id": chat.thread_id or 0,
        "key": notice.key,
        "topic": notice.topic.value,
        "subject": notice.subject,
        "measure": notice.measure.value if notice.measure else None,
        "episode": notice.episode,
        "reason": notice.reason.value,
        "severity": int(notice.severity),
        "facts": dump_facts(notice.facts),
        "state": PENDING,
        "created_at": now,
        "attempts": 0,
    }


async def waiting_chats(connection: Connection) -> list[int]:
    """The chats that something waits for, whatever the topic."""
    query = sa.select(outbox.c.chat_id).where(outbox.c.state == PENDING).distinct()
    return [chat_id for (chat_id,) in await connection.execute(query)]


async def pending(connection: Connection, chat_id: int) -> list[Notification]:
    """What a chat has yet to be told in all its topics, oldest first, as much as is of use for the next message."""
    waits = sa.and_(outbox.c.state == PENDING, outbox.c.chat_id == chat_id)
    query = sa.select(outbox).where(waits).order_by(outbox.c.id).limit(AT_ONCE)
    return [notification_of(row) for row in await connection.execute(query)]


async def claim(connection: Connection, ids: Sequence[int]) -> bool:
    """Takes notifications for one message, led by the first; False if another worker has any of them."""
    waits = sa.and_(outbox.c.id.in_(ids), outbox.c.state == PENDING)
    if await connection.scalar(sa.select(sa.func.count()).select_from(outbox).where(waits)) != len(ids):
        return False
    await connection.execute(sa.update(outbox).where(waits).values(state=SENDING, lead_id=ids[0]))
    return True


async def release(connection: Connection, chat_id: int | None = None) -> None:
    """Takes up again what a crash left between sending and recording, for all chats or for one."""
    claimed = sa.update(outbox).where(outbox.c.state == SENDING)
    if chat_id is not None:
        claimed = claimed.where(outbox.c.chat_id == chat_id)
    await connection.execute(claimed.values(state=PENDING))


async def put_back(connection: Connection, ids: Sequence[int]) -> None:
    """Lets what one message was to tell wait again, wherever it is addressed to by now."""
    claimed = sa.and_(outbox.c.id.in_(ids), outbox.c.state == SENDING)
    await connection.execute(sa.update(outbox).where(claimed).values(state=PENDING))


async def delivered(connection: Connection, ids: Sequence[int], message_id: int, now: datetime) -> None:
    """Notes the message that told these notifications."""
    values = {"state": DELIVERED, "message_id": message_id, "done_at": now}
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(values))


async def postponed(
    connection: Connection, ids: Sequence[int], failure: str, now: datetime, *, counts: bool = True
) -> None:
    """Puts notifications back after a failed try."""
    values = {
        "state": PENDING,
        "failure": failure,
        "attempts": outbox.c.attempts + (1 if counts else 0),
        "first_failed_at": sa.func.coalesce(
            outbox.c.first_failed_at, sa.bindparam("now", now, outbox.c.created_at.type)
        ),
    }
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(values))


async def failed(connection: Connection, ids: Sequence[int], failure: str, now: datetime) -> None:
    """Keeps notifications that can never be delivered, with the reason."""
    values = {"state": FAILED, "failure": failure, "done_at": now, "attempts": outbox.c.attempts + 1}
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(values))


async def told_by(connection: Connection, lead_id: int, chat_id: int) -> list[Notification]:
    """The notifications that one message of one chat told; a message is named by the first of them.

    An answer that was lost may have left the chat two copies of the message; both name the same.
    """
    query = sa.select(outbox).where(outbox.c.lead_id == lead_id, outbox.c.chat_id == chat_id).order_by(outbox.c.id)
    return [notification_of(row) for row in await connection.execute(query)]


async def depth(connection: Connection) -> Depth:
    """What waits, and since when."""
    waits = outbox.c.state.in_([PENDING, SENDING])
    in_vain = sa.func.min(sa.case((outbox.c.attempts > 0, outbox.c.created_at)), type_=Moment)
    waiting, tried_since = (await connection.execute(sa.select(sa.func.count(), in_vain).where(waits))).one()
    failed_count = sa.select(sa.func.count()).where(outbox.c.state == FAILED)
    last = sa.select(sa.func.max(outbox.c.done_at)).where(outbox.c.state == DELIVERED)
    return Depth(waiting, tried_since, (await connection.scalar(failed_count)) or 0, await connection.scalar(last))


async def prune(connection: Connection, before: datetime) -> None:
    """Forgets what was delivered or given up before a moment."""
    await connection.execute(sa.delete(outbox).where(outbox.c.done_at < before))


async def readdress(connection: Connection, old: int, new: int) -> None:
    """Sends what waits for a chat to the one that it has become, but for what that one is told anyway."""
    waits = sa.and_(outbox.c.chat_id == old, outbox.c.state.in_([PENDING, SENDING]))
    there = outbox.alias()
    twice = sa.select(there.c.key).where(there.c.chat_id == new, there.c.thread_id == outbox.c.thread_id)
    await connection.execute(sa.delete(outbox).where(waits, outbox.c.key.in_(twice)))
    await connection.execute(sa.update(outbox).where(waits).values(chat_id=new, state=PENDING))
