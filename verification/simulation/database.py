"""The real tables, operations and transactions on a real SQLite file in memory, without threads and without syncing."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from bot.domain.database_trouble import DatabaseTrouble
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.storage.migrate import upgrade
from bot.storage.schema import alerts, events
from bot.storage.standing import DatabaseState
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseBusyError

LOCKED_FOR = 10.0
"""How long a transaction waits for a database that another process holds."""


class File:
    """A database file that outlives the bot's lives. One for each process, emptied for each history."""

    def __init__(self, folder: Path) -> None:
        """Makes an empty database once."""
        self.path = folder / "bot.db"
        template = folder / "template.db"
        upgrade(str(template))
        self._empty = template.read_bytes()
        self.engine = sa.create_engine(f"sqlite:///{self.path}", poolclass=NullPool)
        event.listen(self.engine, "connect", prepare)
        event.listen(self.engine, "begin", begin)

    def empty(self) -> None:
        """A new one, as after an installation."""
        for end in ("-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
        self.path.write_bytes(self._empty)

    def firing(self) -> set[str]:
        """The alerts that fire, as events mark them."""
        query = sa.select(alerts.c.subject, alerts.c.measure, alerts.c.episode).where(alerts.c.level > 0)
        with self.engine.connect() as connection:
            return {"|".join(map(str, row)) for row in connection.execute(query)}

    def events_left(self) -> int:
        """How many events wait for the receiver."""
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(events)) or 0


def prepare(connection: Any, _record: object) -> None:
    """A connection as the bot's, but that nothing is synced: in a history no power fails."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "busy_timeout=0"):
        connection.execute(f"PRAGMA {pragma}")


def begin(connection: sa.Connection) -> None:
    """Begins a transaction as its kind wants it."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")


class Yielding(Connection):
    """A connection before whose statements others may get their turn."""

    def __init__(self, inner: sa.Connection, yields: Callable[[], bool]) -> None:
        """``yields`` says whether others get their turn now."""
        super().__init__(inner)
        self._yields = yields

    async def execute(self, *arguments: Any) -> Any:
        """As in the bot."""
        if self._yields():
            await asyncio.sleep(0)
        return await super().execute(*arguments)

    async def execute_many(self, statement: sa.UpdateBase, rows: Sequence[tuple[Any, ...]]) -> int:
        """As in the bot."""
        if self._yields():
            await asyncio.sleep(0)
        return await super().execute_many(statement, rows)


class SimulatedStore(Store):
    """The bot's store on such a file, for one life. ``trouble`` says in what way it cannot be written just now."""

    def __init__(
        self, file: File, chance: random.Random, trouble: Callable[[], str | None], timer: Callable[[], float]
    ) -> None:
        """Opens nothing before it is needed. ``timer`` counts simulated seconds."""
        self.standing = DatabaseState(str(file.path), timer)
        self.backoff = Backoff(jitter=random.Random("database").random)
        self.found_full: Callable[[], None] = lambda: None
        self._file = file
        self._chance = chance
        self._trouble = trouble
        self._writing = asyncio.Lock()
        self._all: list[sa.Connection] = []
        self._readers: list[sa.Connection] = []
        self._writer = self._connect(reads=False)
        self._side = sqlite3.connect(file.path)

    def _connect(self, *, reads: bool) -> sa.Connection:
        """One more connection."""
        made = self._file.engine.connect().execution_options(reads=reads)
        self._all.append(made)
        return made

    def _yields(self) -> bool:
        """Others get their turn before every fourth statement."""
        return self._chance.random() < 0.25

    @asynccontextmanager
    async def write(self, *, synced: bool = True) -> AsyncIterator[Connection]:
        """As the store's; where the disk is full, that shows when it is committed."""
        async with self._writing:
            await asyncio.sleep(0)
            if self._trouble() == "locked":
                await asyncio.sleep(LOCKED_FOR)
                if self._trouble() == "locked":
                    self.standing.failed(DatabaseTrouble.LOCKED)
                    raise DatabaseBusyError("The database cannot be used just now: database is locked")
            transaction = self._writer.begin()
            try:
                yield Yielding(self._writer, self._yields)
                await asyncio.sleep(0)
                if self._trouble() == "full":
                    self.standing.failed(DatabaseTrouble.FULL)
                    self.found_full()
                    raise DatabaseBusyError("The database cannot be used just now: database or disk is full")
            except BaseException:
                if not self._writer.closed:
                    transaction.rollback()
                raise
            transaction.commit()
            self.standing.succeeded()
            await asyncio.sleep(0)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """As the store's."""
        connection = self._readers.pop() if self._readers else self._connect(reads=True)
        transaction = connection.begin()
        try:
            yield Yielding(connection, self._yields)
        finally:
            if not connection.closed:
                transaction.rollback()
                self._readers.append(connection)

    def writer_itself(self) -> sqlite3.Connection:
        """SQLite's own connection that writes."""
        return cast(sqlite3.Connection, self._writer.connection.dbapi_connection)

    def look(self, sql: str) -> Any:
        """One value of what is committed, for the simulation itself."""
        return self._side.execute(sql).fetchone()[0]

    def kill(self) -> None:
        """Every connection is gone, and with it what was not committed."""
        for connection in self._all:
            connection.invalidate()
            connection.close()
        self._side.close()

    async def close(self) -> None:
        """The same in peace."""
        self.kill()
