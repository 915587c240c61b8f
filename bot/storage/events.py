"""Events that the webhook's receiver has not taken yet. Each row is deleted once it has."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from bot.domain.alerts import Severity
from bot.domain.events import Event, EventType, ReceiverState, WaitingEvent
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.storage.connection import Connection
from bot.storage.outbox import columns_of, stored
from bot.storage.schema import Moment, events

AT_ONCE = 100
DROPPED = events.c.topic == NotificationKind.DROPPED.value


async def put(connection: Connection, some: Sequence[Event], now: datetime) -> None:
    """Adds events, each with an id that it keeps."""
    rows = [row_of(event, now) for event in some]
    if rows:
        await connection.execute(sa.insert(events), rows)


def row_of(event: Event, now: datetime) -> dict[str, Any]:
    return {
        **columns_of(event.notification),
        "webhook_id": f"msg_{uuid4().hex}",
        "type": event.type.value,
        "since": event.since,
        "created_at": now,
    }


def waiting_of(row: sa.Row[Any]) -> WaitingEvent:
    event = Event(EventType(row.type), stored(row, row.webhook_id), row.since)
    return WaitingEvent(row.id, row.webhook_id, event, row.created_at)


async def waiting(connection: Connection) -> list[WaitingEvent]:
    """The oldest events that wait, in order."""
    query = sa.select(events).order_by(events.c.id).limit(AT_ONCE)
    return [waiting_of(row) for row in await connection.execute(query)]


async def taken(connection: Connection, number: int) -> None:
    """Deletes an event that the receiver took."""
    await connection.execute(sa.delete(events).where(events.c.id == number))


async def depth(connection: Connection) -> ReceiverState:
    """How many events wait, since when the oldest, and how many were dropped."""
    of_events = sa.select(sa.func.count(), sa.func.min(events.c.created_at, type_=Moment)).where(~DROPPED)
    count, oldest = (await connection.execute(of_events)).one()
    known = await dropped(connection)
    lost = known.event.notification.facts.count if known else None
    return ReceiverState(count, oldest, dropped=lost or 0)


async def dropped(connection: Connection) -> WaitingEvent | None:
    """The notice about dropped events that waits; None without one."""
    row = (await connection.execute(sa.select(events).where(DROPPED))).first()
    return waiting_of(row) if row else None


async def drop(connection: Connection, before: datetime, now: datetime) -> int:
    """Drops the events from before a moment; returns how many.

    A notice takes the place of the first of them, so that the receiver gets it in order. One that still waits from an
    earlier drop counts on; its id is new, because it says something else.
    """
    old = sa.and_(events.c.created_at < before, ~DROPPED)
    span = sa.select(
        sa.func.count(),
        sa.func.min(events.c.id),
        sa.func.min(events.c.created_at, type_=Moment),
        sa.func.max(events.c.created_at, type_=Moment),
    )
    count, first, since, until = (await connection.execute(span.where(old))).one()
    if not count:
        return 0
    facts, known = Facts(count=count, since=since, until=until), await dropped(connection)
    if known:
        told = known.event.notification.facts
        facts = replace(facts, count=count + (told.count or 0), since=told.since)
    notice = Notification("", NotificationKind.DROPPED, Severity.INFO, facts=facts)
    await connection.execute(sa.delete(events).where(sa.or_(old, DROPPED)))
    row = row_of(Event(EventType.NOTICE, notice), now)
    await connection.execute(sa.insert(events), [{**row, "id": known.id if known else first}])
    return int(count)


KEPT_FOR = timedelta(days=7)
"""How long an event waits for its receiver."""
