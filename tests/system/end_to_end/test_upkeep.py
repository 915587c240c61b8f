"""Upkeep of the real bot: after kill -9 it goes on where it was, beside checks and alerts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.world import World, until

ACCOUNTS, EACH = 1_500, 6
LONG_AGO = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=9)
OLD = "SELECT count(*), min(taken_at), max(taken_at) FROM readings WHERE account LIKE 'pixverse:user%'"
"""What is left of that."""


def microseconds(moment: datetime) -> int:
    """As the database has it."""
    return round(moment.timestamp() * 1_000_000)


def readings() -> Iterator[tuple[str, int, float]]:
    """Many accounts, each read every nine minutes of one hour that is over a week old."""
    for number in range(ACCOUNTS):
        for place in range(EACH):
            yield f"pixverse:user{number:05}@example.com", microseconds(LONG_AGO + place * timedelta(minutes=9)), 1.0


def asked(world: World, sql: str) -> list[tuple[Any, ...]]:
    """What is in the database, as another program sees it."""
    with closing(sqlite3.connect(world.database, timeout=10)) as connection:
        return connection.execute(sql).fetchall()


def reached(world: World) -> str | None:
    """The last account that is done; None once all are."""
    ((account,),) = asked(world, "SELECT reached FROM retention")
    return None if account is None else str(account)


async def test_upkeep_goes_on_after_kill_9_where_it_was(world: World) -> None:
    """Killed in the middle of a pass: the next start ends that pass, and of every hour the last reading is left."""
    (alice,) = world.accounts("alice")
    with closing(sqlite3.connect(world.database)) as connection, connection:
        connection.executemany("INSERT INTO readings (account, taken_at, monthly) VALUES (?, ?, ?)", readings())
        begun = microseconds(datetime.now(UTC))  # under way, for a new pass waits until the clock can be trusted
        connection.execute("INSERT INTO retention (id, began_at, reached) VALUES (1, ?, '')", (begun,))
    bot = await world.start()
    await until(lambda: "user" in (reached(world) or ""), "a first slice")
    await bot.kill()
    so_far = reached(world)
    ((left, oldest, _),) = asked(world, f"{OLD} AND account <= '{so_far}'")
    assert 0 < left < ACCOUNTS
    last = microseconds(LONG_AGO + (EACH - 1) * timedelta(minutes=9))
    assert oldest == last

    await world.start()
    alice.monthly = 0
    await world.told("out of credits")
    await until(lambda: reached(world) is None, "the end of the pass")
    assert asked(world, "SELECT began_at FROM retention") == [(begun,)]
    assert asked(world, OLD) == [(ACCOUNTS, last, last)]
