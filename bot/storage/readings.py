"""Readings of the past, stored when something changed. ``retention_statements.py`` thins them."""

from collections.abc import Iterable

from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import Account, Reading
from bot.storage.connection import Connection
from bot.storage.schema import readings


async def append(connection: Connection, changed: Iterable[Account]) -> None:
    """Stores the last reading of each of these accounts."""
    rows = [reading_row(account.key, account.reading) for account in changed if account.reading]
    if rows:
        await connection.execute(insert(readings).on_conflict_do_nothing(), rows)


def reading_row(account: str, reading: Reading) -> dict[str, object]:
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
