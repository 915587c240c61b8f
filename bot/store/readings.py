"""The readings of the past: kept when something changed, thinned as they age."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import Account, Reading
from bot.store.connection import Connection
from bot.store.schema import Moment, readings

HOURLY_AFTER, DAILY_AFTER = timedelta(days=7), timedelta(days=60)


async def append(connection: Connection, changed: Iterable[Account]) -> None:
    """Keeps the last reading of each of these accounts."""
    rows = [reading_row(account.key, account.reading) for account in changed if account.reading]
    if rows:
        await connection.execute(insert(readings).on_conflict_do_nothing(), rows)


def reading_row(account: str, reading: Reading) -> dict[str, object]:
    """A reading's row: what credits and the plan were."""
    credits, plan = reading.credits, reading.plan
    return {
        "account": account,
        "taken_at": reading.taken_at,
        "monthly": credits.monthly,
        "daily": credits.daily,
        "package": credits.package,
        "monthly_allowance": credits.monthly_allowance,
        "daily_allowance": credits.daily_allowance,
        "refresh_at": credits.refresh_at,
        "daily_refresh_at": credits.daily_refresh_at,
        "plan": plan.name,
        "plan_ends_at": plan.ends_at,
    }


async def prune(connection: Connection, now: datetime, keep: timedelta) -> None:
    """Drops readings older than ``keep``; older ones are thinned to the last of an hour, then of a day."""
    await connection.execute(sa.delete(readings).where(readings.c.taken_at < now - keep))
    await thin(connection, now - DAILY_AFTER, timedelta(days=1))
    await thin(connection, now - HOURLY_AFTER, timedelta(hours=1))


async def thin(connection: Connection, before: datetime, span: timedelta) -> None:
    """Of the readings before a moment keeps one for each account and span: its last."""
    microseconds = sa.cast(readings.c.taken_at, sa.BigInteger)
    slot = microseconds - microseconds % (span // timedelta(microseconds=1))
    last = (
        sa.select(readings.c.account, sa.func.max(readings.c.taken_at, type_=Moment))
        .where(readings.c.taken_at < before)
        .group_by(readings.c.account, slot)
    )
    old = readings.c.taken_at < before
    await connection.execute(
        sa.delete(readings).where(old, ~sa.tuple_(readings.c.account, readings.c.taken_at).in_(last))
    )
