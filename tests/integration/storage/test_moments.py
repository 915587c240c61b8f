"""What a clock that is set moves along, and what it leaves."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.storage import chats, moments
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.storage.schema import Moment, metadata, outages, outbox
from tests.support.fakes import NOW

HOUR = timedelta(hours=1)


def moments_of(table: sa.Table) -> list[str]:
    """The columns of a table that hold moments."""
    return [column.name for column in table.columns if isinstance(column.type, Moment)]


def filled(table: sa.Table) -> dict[str, Any]:
    """A row whose every moment is now, and whose rest is something."""
    row: dict[str, Any] = {}
    for column in table.columns:
        kind = column.type
        if isinstance(kind, Moment):
            row[column.name] = NOW
        elif isinstance(kind, sa.Boolean):
            row[column.name] = True
        else:
            row[column.name] = "something" if isinstance(kind, sa.Text) else 1
    return row


async def put(connection: Connection, table: sa.Table, **values: Any) -> None:
    """One row of a table."""
    await connection.execute(sa.insert(table).values({**filled(table), **values}))


async def held(connection: Connection, table: sa.Table) -> dict[str, datetime | None]:
    """The moments of a table's one row."""
    row = (await connection.execute(sa.select(table))).one()
    return {name: getattr(row, name) for name in moments_of(table)}


def test_every_moment_of_the_schema_either_moves_or_stays_for_a_reason() -> None:
    """Whoever adds a moment says what a clock that is set does to it."""
    all_of_them = {f"{table.name}.{name}" for table in metadata.sorted_tables for name in moments_of(table)}
    moving = {f"{table.name}.{name}" for table, names in moments.SHIFTED.items() for name in names}
    assert not moving & moments.KEPT.keys()
    assert moving | moments.KEPT.keys() == all_of_them


FORGOTTEN = {
    ("accounts", "foreseen_at"),
    ("accounts", "steady_until"),
    ("outages", "until"),
    ("past_alerts", "until"),
}


async def test_what_counts_moves_and_what_was_stays(store: Store) -> None:
    """Every moment moves by exactly the step, or not at all; forecasts are to be made anew."""
    named: dict[str, dict[str, Any]] = {
        "outages": {"until": None},
        "past_alerts": {"until": None},
        "outbox": {"state": "pending"},
        "marks": {"name": chats.ROUND},
    }
    async with store.write() as connection:
        for table in metadata.sorted_tables:
            await put(connection, table, **named.get(table.name, {}))
        await moments.shift(connection, -2 * HOUR)
        for table in metadata.sorted_tables:
            for name, at in (await held(connection, table)).items():
                if (table.name, name) in FORGOTTEN:
                    assert at is None
                elif name in moments.SHIFTED.get(table, ()):
                    assert at == NOW - 2 * HOUR, (table.name, name)
                else:
                    assert at == NOW, (table.name, name)


async def test_what_is_over_keeps_the_moment_of_its_time(store: Store) -> None:
    """A message that was delivered, an outage that ended, the day of the last summary."""
    async with store.write() as connection:
        await put(connection, outbox, state="delivered")
        await put(connection, outages)
        await chats.mark(connection, "digest", NOW)
        await moments.shift(connection, HOUR)
        assert set((await held(connection, outbox)).values()) == {NOW}
        assert set((await held(connection, outages)).values()) == {NOW}
        assert await chats.marked(connection, "digest") == NOW


async def test_what_is_not_known_stays_unknown(store: Store) -> None:
    """An account that was never looked at still was not."""
    table = metadata.tables["accounts"]
    async with store.write() as connection:
        await put(connection, table, looked_at=None, read_at=None)
        await moments.shift(connection, HOUR)
        after = await held(connection, table)
    assert after["looked_at"] is after["read_at"] is None


async def test_two_outages_may_come_to_the_same_moment(store: Store) -> None:
    """However unlikely: the clock is taken all the same."""
    async with store.write() as connection:
        await put(connection, outages, account="a", since=NOW - HOUR, until=NOW)
        await put(connection, outages, account="a", since=NOW, until=None)
        await moments.shift(connection, -HOUR)
        (row,) = (await connection.execute(sa.select(outages))).all()
    assert (row.since, row.until) == (NOW - HOUR, None)


async def test_the_origin_is_that_of_the_present_run_of_the_machine(store: Store) -> None:
    """One of an earlier run says nothing of the present timer, and is forgotten."""
    async with store.write() as connection:
        await moments.store_origin(connection, "first", NOW)
        await moments.store_origin(connection, "first", NOW + HOUR)
        assert await moments.origin(connection, "first") == NOW + HOUR
        await moments.store_origin(connection, "second", NOW)
        assert await moments.origin(connection, "first") is None
        assert await moments.origin(connection, "second") == NOW
