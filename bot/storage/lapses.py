"""Lapses that chats got, or that wait for them: they are deliveries of the outbox, found by their account."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from bot.domain.lapses import ToldLapse
from bot.domain.notifications import NotificationKind
from bot.storage.connection import Connection
from bot.storage.outbox import FAILED, PENDING, delivery_of
from bot.storage.schema import outbox

IS_LAPSE = outbox.c.topic == NotificationKind.LAPSE.value
HOLDS = sa.and_(IS_LAPSE, outbox.c.over_at.is_(None))
"""A lapse that no longer holds has the moment since when; its message is then edited."""


async def told(connection: Connection, account: str) -> list[ToldLapse]:
    """The lapses of an account that were put into the outbox, each once."""
    found: dict[str, ToldLapse] = {}
    query = sa.select(outbox).where(outbox.c.subject == account, IS_LAPSE).order_by(outbox.c.id)
    for row in await connection.execute(query):
        lapse = delivery_of(row).notification.facts.lapse
        if lapse is None:
            continue
        before = found.get(row.key)
        over, waits = row.over_at is not None, row.state == PENDING or row.awaits_end
        found[row.key] = ToldLapse(
            row.key, lapse, over or (before is not None and before.over), waits or (before is not None and before.waits)
        )
    return list(found.values())


async def end(connection: Connection, over: Iterable[ToldLapse], now: datetime) -> None:
    """Marks lapses that no longer hold: nobody gets them now, and each message will say so."""
    for one in over:
        this = outbox.c.key == one.key
        await connection.execute(sa.update(outbox).where(this).values(over_at=now))
        await _drop(connection, one, "the credits do not lapse", now)


async def forget(connection: Connection, past: Iterable[ToldLapse], now: datetime) -> None:
    """Closes lapses that have come: nobody gets them now, and their messages stay as they are."""
    for one in past:
        this = sa.and_(outbox.c.key == one.key, outbox.c.awaits_end)
        await connection.execute(sa.update(outbox).where(this).values(awaits_end=False))
        await _drop(connection, one, "the credits have lapsed", now)


async def _drop(connection: Connection, one: ToldLapse, why: str, now: datetime) -> None:
    """Drops deliveries that wait."""
    waits = sa.and_(outbox.c.key == one.key, outbox.c.state == PENDING)
    await connection.execute(sa.update(outbox).where(waits).values(state=FAILED, failure=why, done_at=now))
