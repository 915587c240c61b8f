"""Messages that should say that one of their alerts is over."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.alerts import Alert, NotifyReason
from bot.domain.chats import Chat
from bot.domain.notifications import NotificationKind
from bot.domain.told_messages import EndedMessage, ToldAlert
from bot.storage import alerts
from bot.storage.connection import Connection
from bot.storage.lapses import HOLDS
from bot.storage.outbox import delivery_of, is_delivered
from bot.storage.schema import outbox

MOST_DUE = 500
"""Messages that one query returns at most."""

FIRES = alerts.fires_as(outbox)
DUE = (
    sa.select(outbox.c.chat_id, outbox.c.lead_id, sa.func.max(outbox.c.id).label("newest"))
    .where(outbox.c.awaits_end, ~FIRES, ~HOLDS)
    .group_by(outbox.c.chat_id, outbox.c.lead_id)
    .order_by(sa.desc("newest"))
    .limit(MOST_DUE)
)
"""Made once, because it runs often. The index leads to the rows that wait, which are few."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that does not yet say what is over: its chat, and its first delivery."""

    chat_id: int
    lead_id: int


async def await_end(connection: Connection, ids: Iterable[int]) -> None:
    """Marks the message of these deliveries to say when their alerts are over."""
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(list(ids))).values(awaits_end=True))


async def due(connection: Connection) -> list[Due]:
    """The messages that do not say yet that an alert is over, the newest first."""
    return [Due(row.chat_id, row.lead_id) for row in await connection.execute(DUE)]


async def message(connection: Connection, one: Due, now: datetime) -> EndedMessage | None:
    """A message with its alerts, and when each of them ended; None if it no longer waits."""
    which = sa.and_(outbox.c.lead_id == one.lead_id, outbox.c.chat_id == one.chat_id, is_delivered(outbox))
    rows = (await connection.execute(sa.select(outbox).where(which).order_by(outbox.c.id))).all()
    waiting = [row for row in rows if row.awaits_end]
    if not waiting or waiting[0].message_id is None or waiting[0].done_at is None:
        return None
    marked = [row for row in rows if row.awaits_end or row.over_at]
    subjects = {row.subject for row in marked}
    known = await alerts.load(connection, subjects)
    ended = await ends(connection, subjects)
    told = []
    for row in marked:
        notification = delivery_of(row).notification
        alert = known[row.subject].get(notification.measure) if notification.measure and row.subject in known else None
        holds = notification.topic is NotificationKind.LAPSE or fires(alert, row.episode)
        over_at = row.over_at or (None if holds else ended.get(key_of(row), now))
        told.append(ToldAlert(row.id, notification, over_at, alert if over_at is None else None))
    first, chat = waiting[0], Chat(one.chat_id, waiting[0].thread_id or None)
    return EndedMessage(
        chat, first.message_id, one.lead_id, first.done_at, tuple(delivery_of(row) for row in rows), tuple(told)
    )


def fires(alert: Alert | None, episode: int) -> bool:
    return alert is not None and alert.level > 0 and alert.episode == episode


def key_of(row: Any) -> tuple[str, str | None, int]:
    """The alert and episode of a row."""
    return row.subject, row.measure, row.episode


async def ends(connection: Connection, subjects: Collection[str]) -> Mapping[tuple[str, str | None, int], datetime]:
    """When the alerts of these subjects ended, as chats got it."""
    recovered = sa.and_(
        outbox.c.subject.in_(subjects),
        outbox.c.topic == NotificationKind.ALERT.value,
        outbox.c.reason == NotifyReason.RESOLVED.value,
    )
    columns = outbox.c.subject, outbox.c.measure, outbox.c.episode
    query = sa.select(*columns, sa.func.min(outbox.c.created_at).label("at")).where(recovered).group_by(*columns)
    return {key_of(row): row.at for row in await connection.execute(query)}


async def said(connection: Connection, message: EndedMessage) -> None:
    """The message says what is over, or never will."""
    for one in message.over:
        this = sa.update(outbox).where(outbox.c.id == one.id)
        await connection.execute(this.values(awaits_end=False, over_at=one.over_at))


async def forget(connection: Connection, chat_ids: Collection[int]) -> None:
    """Drops the messages of these chats: they get nothing, or the messages are no longer theirs."""
    waits = sa.and_(outbox.c.awaits_end, outbox.c.chat_id.in_(chat_ids))
    await connection.execute(sa.update(outbox).where(waits).values(awaits_end=False))
