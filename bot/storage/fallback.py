"""Alerts that Telegram has not taken for too long, and those that the second channel sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.notifications import Delivery, NotificationKind
from bot.storage.connection import Connection
from bot.storage.outbox import AT_ONCE, PENDING, SENDING, delivery_of, is_delivered, told_elsewhere
from bot.storage.schema import fallbacks, outbox


@dataclass(frozen=True, slots=True)
class FallbackDelivery:
    """When the second channel sent something, and by which channels, in words."""

    at: datetime
    ways: str


async def untaken(connection: Connection, now: datetime, after: timedelta) -> list[Delivery]:
    """The alerts that no chat got, nor anything later of them, if any has waited so long; else none."""
    open_ = sa.and_(outbox.c.state.in_([PENDING, SENDING]), outbox.c.topic == NotificationKind.ALERT.value)
    if not await connection.scalar(sa.select(sa.exists().where(open_, outbox.c.created_at <= now - after))):
        return []
    query = sa.select(outbox).where(open_, ~told_elsewhere(), ~overtaken()).order_by(outbox.c.id).limit(AT_ONCE)
    return [delivery_of(row) for row in await connection.execute(query)]


def overtaken() -> sa.ColumnElement[bool]:
    """True if a chat got something later of the same alert."""
    later = outbox.alias()
    same = sa.and_(later.c.subject == outbox.c.subject, later.c.measure == outbox.c.measure)
    return sa.exists().where(is_delivered(later), later.c.id > outbox.c.id, same)


async def sent(connection: Connection, keys: Iterable[str]) -> dict[str, FallbackDelivery]:
    """Those of these notifications that the second channel sent."""
    query = sa.select(fallbacks).where(fallbacks.c.key.in_(list(keys)))
    return {row.key: FallbackDelivery(row.sent_at, row.ways) for row in await connection.execute(query)}


async def note(connection: Connection, keys: Sequence[str], told: FallbackDelivery) -> None:
    """Stores what was sent, so that it is sent once."""
    rows = [{"key": key, "sent_at": told.at, "ways": told.ways} for key in keys]
    await connection.execute(insert(fallbacks).on_conflict_do_nothing(), rows)
