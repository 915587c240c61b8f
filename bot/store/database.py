"""Opens the database: looks before it touches, keeps a second bot out, moves the schema on, and begins transactions."""

import asyncio
import fcntl
import logging
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import DatabaseTrouble, DatabaseUnusable
from bot.store.schema import REVISION

log = logging.getLogger(__name__)
T = TypeVar("T")

WAITS = (1.0, 2.0, 5.0, 10.0, 30.0)
BUSY_TIMEOUT_MS = 10_000
CHECK_WHOLE_BELOW = 64 * 2**20
KNOWN_REVISIONS = ("0001", "0002", "0003", "0004")


class Store:
    """The open database. ``write`` gives the one transaction that may change it, ``read`` one that only looks."""

    def __init__(self, engine: AsyncEngine, lock: IO[str] | None) -> None:
        """Use ``Store.open``."""
        self._engine = engine
        self._lock = lock
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, path: str) -> "Store":
        """The database at ``path``, made or moved on to the present schema, held against a second bot.

        Raises DatabaseUnusable, with the file as it was, if it is corrupt, newer, another program's, in use, or cannot
        be written.
        """
        lock = hold(path)
        try:
            if inspect(path) != REVISION:
                await migrate(path)
        except BaseException:
            lock.close()
            raise
        return cls(engine_for(path), lock)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that holds the write lock from its beginning, committed at the end, rolled back on an error."""
        with in_words():
            async with self._writing, self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one moment of the database and delays nobody."""
        with in_words():
            async with self._engine.connect() as connection:
                await connection.execution_options(reads=True)
                yield connection

    async def write_patiently(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Does the work in a write transaction, and waits for a database that is locked, full or read-only."""
        for wait in chain(WAITS, repeat(WAITS[-1])):
            try:
                async with self.write() as connection:
                    return await work(connection)
            except DatabaseTrouble as error:
                log.error("%s; trying again in %.0f s", error, wait)
                await asyncio.sleep(wait)
        raise AssertionError("waits without end")

    async def close(self) -> None:
        """Ends the connections and lets another bot in."""
        await self._engine.dispose()
        if self._lock:
            self._lock.close()


@contextmanager
def in_words() -> Iterator[None]:
    """Translates the trouble of a database (locked, full, read-only, torn) into words, without its SQL and values."""
    try:
        yield
    except DatabaseError as error:
        if type(error) not in (OperationalError, DatabaseError):  # a broken rule of ours, no trouble of the file
            raise
        raise DatabaseTrouble(f"The database cannot be used just now: {error.orig}") from error


def engine_for(path: str) -> AsyncEngine:
    """An engine whose transactions never deadlock: a write begins IMMEDIATE, so no read is ever upgraded to one."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=path), pool_size=2, max_overflow=2)
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def prepare(connection: Any, _record: object) -> None:
    """Sets up a driver's connection; it must survive power loss, so every commit is synced."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "cache_size=-1024"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begins a transaction as its kind wants it."""
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def hold(path: str) -> IO[str]:
    """The lock that keeps a second bot out; the system takes it back when this process ends, however it ends."""
    file = Path(f"{path}.lock")
    try:
        lock = file.open("a")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DatabaseUnusable(
            f"DATABASE_URL: the folder {file.parent} does not exist. Make it, or name another."
        ) from error
    except OSError as error:
        raise DatabaseUnusable(
            f"DATABASE_URL: {file.parent} cannot be written ({error.strerror}). Let the bot's user write there."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise DatabaseUnusable(
            f"{path} is already in use by another bot. Stop it first, or give this one a DATABASE_URL of its own."
        ) from error
    return lock


def inspect(path: str) -> str | None:
    """The revision of the database, or None where there is none yet. Only reads, but lets SQLite undo what was cut.

    Raises DatabaseUnusable where it is not ours to use.
    """
    file = Path(path)
    if not file.exists() or (file.is_file() and file.stat().st_size == 0):
        return None
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?{look_at(path)}", uri=True)) as connection:
            revision = revision_of(connection)
            check_whole(connection, file)
        file.open("r+b").close()
    except sqlite3.Error as error:
        raise DatabaseUnusable(
            f"{path} cannot be read as a database ({error}). It was left as it is: restore a backup, or move it away."
        ) from error
    except OSError as error:
        raise DatabaseUnusable(f"{path} cannot be written ({error.strerror}). Let the bot's user write it.") from error
    if revision is not None and revision not in KNOWN_REVISIONS:
        raise DatabaseUnusable(
            f"{path} was made by {'a newer credit-bot' if revision else 'another program'}. It was left as it is: "
            + ("install that version again." if revision else "give DATABASE_URL another file.")
        )
    return revision


def look_at(path: str) -> str:
    """How to open a database that is only looked at.

    Where nobody has it open there is no -wal, and looking must not leave one: it would belong to whoever looked. A
    -journal means that making the file was cut: it is half written until one who may write has undone that.
    """
    if Path(f"{path}-journal").exists():
        return "mode=rw"
    return "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"


def revision_of(connection: sqlite3.Connection) -> str | None:
    """The revision that the database says it has."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    row = (
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if "alembic_version" in tables
        else None
    )
    return row[0] if row else ""


def check_whole(connection: sqlite3.Connection, file: Path) -> None:
    """Reads every page of a file that is not too large for a start, so that a torn one is found now, not at night."""
    if file.stat().st_size > CHECK_WHOLE_BELOW:
        return
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict.splitlines()[0])


async def migrate(path: str) -> None:
    """Moves the schema on, in a process of its own: Alembic's 50 MiB would stay in this one for good."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.store.migrate",
        path,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise DatabaseUnusable(f"{path} cannot be brought to the present schema: {lines[-1].rstrip('.')}.")
