"""Upkeep on a database with a past: what it does takes simulated time, by the steps that SQLite takes for it.

A database that does in a second what others do in ten, or the other way round, makes no difference here.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from bot.domain.retention import RetentionPolicy
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.storage.retention import Retention
from bot.storage.schema import to_microseconds
from bot.support.errors import DatabaseBusyError
from verification.simulation.database import File, SimulatedStore
from verification.simulation.history import BEGIN
from verification.simulation.services import World

STEPS_A_SECOND = 5e6
"""Of SQLite's own steps a slow machine takes so many."""

GRAIN = 500
"""So many steps are counted at once."""

OLD_READINGS = 1500
BEFORE, APART = timedelta(days=8), timedelta(minutes=15)
"""The old readings end so long before the history begins, and lie so far apart: of an hour only one is to stay."""

TICK, TICKS = 20.0, 15.0
"""Seconds between two ticks, and those for which one may last."""


def lay_down(file: File, world: World) -> None:
    """Gives the first account of a history a past."""
    begin = datetime.fromtimestamp(BEGIN, UTC) - BEFORE
    email = world.history.accounts[0].email
    moments = [to_microseconds(begin - number * APART) for number in range(OLD_READINGS)]
    with sqlite3.connect(file.path) as connection:
        rows = [(f"pixverse:{email}", moment, 100.0) for moment in moments]
        connection.executemany("INSERT INTO readings (account, taken_at, monthly) VALUES (?, ?, ?)", rows)
    connection.close()


class TimedStore:
    """The store as upkeep sees it: each transaction takes as long as its steps, and nobody else gets to run meanwhile.

    ``timer`` counts on within a transaction, so that a slice knows when it is long enough.
    """

    def __init__(self, store: SimulatedStore, world: World) -> None:
        """``store`` does the work."""
        self._store = store
        self._world = world
        self._steps = 0

    def timer(self) -> float:
        """Simulated seconds."""
        return self._world.now() + self._steps / STEPS_A_SECOND

    def _count(self) -> int:
        self._steps += GRAIN
        return 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """As the store's."""
        async with self._store.read() as connection:
            yield connection

    @asynccontextmanager
    async def write(self, *, synced: bool = True) -> AsyncIterator[Connection]:
        """As the store's, and it takes its time."""
        async with self._store.write(synced=synced) as connection:
            raw = self._store.writer_itself()
            raw.set_progress_handler(self._count, GRAIN)
            self._steps = 0
            try:
                yield connection
            finally:
                with suppress(sqlite3.ProgrammingError):  # the process was killed, and its connections with it
                    raw.set_progress_handler(None, 0)
                    self._note()

    def _note(self) -> None:
        """Lets the time pass that a transaction took."""
        held, self._steps = self._steps / STEPS_A_SECOND, 0
        self._world.truth.holds.append((self._world.now(), held))
        self._world.hold(held)
        self._world.count("slices of upkeep")


async def keep_up(world: World, store: SimulatedStore) -> None:
    """Ticks of upkeep, all that the bot makes while a pass is under way, and else only those in which one is due."""
    timed = TimedStore(store, world)
    policy = RetentionPolicy(settle=timedelta(0))

    async def nothing() -> None:
        return

    retention = Retention(store_of(timed), world.clock, timed.timer, policy, timedelta(seconds=TICKS), nothing)
    while True:
        with suppress(DatabaseBusyError):
            await retention.tick()
        under_way = store.look("SELECT count(*) FROM retention WHERE reached IS NOT NULL")
        await asyncio.sleep(TICK if under_way else 3600.0)


def store_of(timed: TimedStore) -> Store:
    """The same, as what it stands for."""
    return timed  # type: ignore[return-value]
