"""Readings of the past, stored when something changed. ``retention_statements.py`` thins them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import Account, Reading
from bot.storage.connection import Connection
from bot.storage.schema import readings, to_microseconds

APPEND = insert(readings).on_conflict_do_nothing()


async def append(connection: Connection, changed: Iterable[Account]) -> None:
    """Stores the last reading of each of these accounts."""
    rows = [reading_row(account.key, account.reading) for account in changed if account.reading]
    await connection.execute_many(APPEND, rows)


def reading_row(account: str, reading: Reading) -> tuple[Any, ...]:
    """The columns in their order."""
    credits, plan = reading.credits, reading.plan
    return (
        account,
        to_microseconds(reading.taken_at),
        credits.monthly,
        credits.daily,
        credits.package,
        credits.monthly_allowance,
        credits.daily_allowance,
        to_microseconds(credits.refresh_at),
        to_microseconds(credits.daily_refresh_at),
        plan.name,
        to_microseconds(plan.ends_at),
    )
