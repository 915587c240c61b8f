"""Databases as they are after a while: so many accounts, each read a moment ago, each with so many days of history."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.world import emails
from bot.core.model import Account
from bot.core.spread import next_look
from bot.demo.accounts import sample_body
from bot.sources.pixverse import Features
from bot.store import accounts, readings
from bot.store.database import Store
from bot.store.readings import DAILY_AFTER, HOURLY_AFTER

EVERY = timedelta(minutes=15)
HALF_AN_HOUR = timedelta(minutes=30)


async def stocked(path: Path, count: int, days: int) -> str:
    """Makes a database, and gives its address."""
    now = datetime.now(UTC)
    store = await Store.open(str(path))
    reading = Features.parse(sample_body()).reading(now)
    known = [
        Account(f"pixverse:{email}", "pixverse", email, reading=reading, looked_at=now, allowance=15_000)
        for email in emails(count)
    ]
    async with store.write() as connection:
        await accounts.watch(connection, [(account, next_look(account.key, EVERY, now)) for account in known])
        await accounts.save(connection, known, [])
        for moment in moments(now, days):
            await readings.append(connection, [past(known[0], moment, now)])
    await store.close()
    await asyncio.to_thread(copy_history, path, known[0].key)
    return f"sqlite:///{path}"


def moments(now: datetime, days: int) -> Iterator[datetime]:
    """When the kept readings were taken: every half hour, and thinned with age as the bot thins them."""
    age = timedelta(days=days)
    while age > timedelta(0):
        yield now - age
        age -= timedelta(days=1) if age > DAILY_AFTER else HALF_AN_HOUR * 2 if age > HOURLY_AFTER else HALF_AN_HOUR


def past(account: Account, moment: datetime, now: datetime) -> Account:
    """The account as it was read once: evenly spent, refilled every 30 days."""
    body = sample_body() | {"credit_monthly": 15_000 - int((now - moment) / timedelta(days=30) % 1 * 14_000)}
    return Account(account.key, account.source, account.email, reading=Features.parse(body).reading(moment))


def copy_history(path: Path, key: str) -> None:
    """Gives every account the history of that one; inside the database, for there may be millions of readings."""
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(readings)") if name != "account"]
        names, theirs = ", ".join(columns), ", ".join(f"readings.{name}" for name in columns)
        connection.execute(
            f"INSERT INTO readings (account, {names}) SELECT accounts.key, {theirs} "
            "FROM accounts JOIN readings ON readings.account = ? WHERE accounts.key != ? ORDER BY 1, 2",
            (key, key),
        )
