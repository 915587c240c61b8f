"""Databases as they are after a while: so many accounts, each read a moment ago, each with so many days of history.

What is old was thinned by the bot's own rule, the last time six hours ago: the next upkeep finds a usual day's work.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.world import CHAT, emails
from bot.checks.spread import next_look
from bot.domain.accounts import Account
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.retention import DAILY_AFTER, HOURLY_AFTER
from bot.simulator.accounts import sample_body
from bot.sources.useapi.pixverse import parse_features
from bot.storage import accounts, readings
from bot.storage.database import Store
from bot.storage.outbox import DELIVERED, row_of
from bot.storage.schema import to_microseconds

EVERY = timedelta(minutes=15)
UPKEEP_AGO = timedelta(hours=6)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEEP_DELIVERED = timedelta(days=30)

ALERT_EVERY, OUTAGE_EVERY = timedelta(days=4), timedelta(days=30)
"""How often each account has a message, and how often it cannot be read for an hour."""


async def stocked(path: Path, count: int, days: int, whose: Sequence[str] = ()) -> str:
    """Makes a database, and gives its address; of the accounts ``whose``, or those of the world."""
    now = datetime.now(UTC)
    store = await Store.open(str(path))
    reading = parse_features(sample_body(), now)
    known = [
        Account(f"pixverse:{email}", "pixverse", email, reading=reading, looked_at=now, allowance=15_000)
        for email in whose or emails(count)
    ]
    async with store.write() as connection:
        await accounts.watch(connection, [(account, next_look(account.key, EVERY, now)) for account in known])
        await accounts.save(connection, known, [])
        for moment in moments(now, days):
            await readings.append(connection, [past(known[0], moment, now)])
    await store.close()
    await asyncio.to_thread(fill, path, [account.key for account in known], now, days)
    return f"sqlite:///{path}"


def moments(now: datetime, days: int) -> Iterator[datetime]:
    """When the kept readings were taken: every quarter of an hour, and thinned with age as the bot thins them."""
    now = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    thinned = now - UPKEEP_AGO
    for number in range(days * (DAY // EVERY), 0, -1):
        moment = now - number * EVERY
        is_last_of_hour = (moment + EVERY).minute == 0
        is_last_of_day = is_last_of_hour and (moment + EVERY).hour == 0
        if is_last_of_day or moment >= thinned - (DAILY_AFTER if is_last_of_hour else HOURLY_AFTER):
            yield moment


def past(account: Account, moment: datetime, now: datetime) -> Account:
    """The account as it was read once: evenly spent, refilled every 30 days."""
    body = sample_body() | {"credit_monthly": 15_000 - int((now - moment) / timedelta(days=30) % 1 * 14_000)}
    return Account(account.key, account.source, account.email, reading=parse_features(body, moment))


def fill(path: Path, keys: list[str], now: datetime, days: int) -> None:
    """Gives every account a past; in one go and unsynced, for there may be millions of rows."""
    with closing(sqlite3.connect(path)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        with connection:
            copy_history(connection, keys[0])
            insert(connection, "retention", iter([last_pass(now)]))
            insert(connection, "outages", outages(keys, now, days))
            insert(connection, "outbox", messages(keys, now, days))


def copy_history(connection: sqlite3.Connection, key: str) -> None:
    """Gives every account the readings of that one, each at its own moment of the quarter of an hour."""
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(readings)")]
    theirs = [f"readings.{name}" for name in columns if name not in ("account", "taken_at")]
    names = ", ".join(("account", "taken_at", *(name for name in columns if name not in ("account", "taken_at"))))
    moved = f"readings.taken_at + accounts.rowid * 9973 % {EVERY // timedelta(seconds=1)} * 1000000"
    connection.execute(
        f"INSERT INTO readings ({names}) SELECT accounts.key, {moved}, {', '.join(theirs)} "
        "FROM accounts JOIN readings ON readings.account = ? WHERE accounts.key != ? ORDER BY 1, 2",
        (key, key),
    )


def last_pass(now: datetime) -> dict[str, Any]:
    """Upkeep has come to its end."""
    return {"id": 1, "began_at": now - UPKEEP_AGO, "previous_at": None, "reached": None}


def outages(keys: list[str], now: datetime, days: int) -> Iterator[dict[str, Any]]:
    """Each account could not be read for an hour now and then."""
    for key in keys:
        for number in range(1, int(timedelta(days=days) / OUTAGE_EVERY) + 1):
            since = now - number * OUTAGE_EVERY
            yield {"account": key, "since": since, "until": since + HOUR, "kind": "unavailable"}


def messages(keys: list[str], now: datetime, days: int) -> Iterator[dict[str, Any]]:
    """Each account had a message now and then that was delivered, a month's worth and some hours' more."""
    span = min(KEEP_DELIVERED + UPKEEP_AGO, timedelta(days=days))
    chat = Chat(CHAT)
    for place, key in enumerate(keys):
        email = key.partition(":")[2]
        facts = Facts(name=email, email=email, value=450, rung="5 %", level=2, credits_at=now)
        at, number = now - span + ALERT_EVERY * place / len(keys), 0
        while at < now:
            number += 1
            name = f"alert|{key}|credits|{number}|1"
            notification = Notification(
                name,
                NotificationKind.ALERT,
                Severity.WARNING,
                NotifyReason.FIRED,
                key,
                AlertRule.CREDITS,
                number,
                facts=facts,
            )
            yield row_of(notification, chat, at) | {"state": DELIVERED, "done_at": at, "message_id": number}
            at += ALERT_EVERY


def insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Writes rows; moments as the schema has them."""
    first = next(rows, None)
    if first is None:
        return
    names = list(first)
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

    def values() -> Iterator[tuple[Any, ...]]:
        yield plain(first)
        yield from map(plain, rows)

    connection.executemany(statement, values())


def plain(row: dict[str, Any]) -> tuple[Any, ...]:
    """A row's values as SQLite takes them."""
    return tuple(to_microseconds(value) if isinstance(value, datetime) else value for value in row.values())
