"""Opens the database: inspects it without changes, keeps a second bot out, migrates it, and begins transactions."""

import asyncio
import errno
import fcntl
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from bot.domain.database_trouble import DatabaseTrouble
from bot.storage.connection import Connection
from bot.storage.schema import APPLICATION, REVISION
from bot.storage.standing import DatabaseState, identity, trouble_of
from bot.support import subprocesses
from bot.support.backoff import USUAL
from bot.support.errors import DatabaseBusyError, DatabaseUnusableError

log = logging.getLogger(__name__)
T = TypeVar("T")

READ, WRITE = "BEGIN", "BEGIN IMMEDIATE"
READERS = 3
PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02, *[0.05] * 200)
"""Seconds between the attempts at a locked database, ten in all."""

ALONE_WITHIN = 5.0
"""Seconds to wait until nobody reads."""

BESIDE = ("-wal", "-shm")
"""Suffixes of the files that SQLite keeps beside an open database."""

CONNECT: dict[str, Any] = {"check_same_thread": False, "isolation_level": None, "timeout": 0}
CHECK_WHOLE_BELOW = 64 * 2**20
FIRST_TABLES = {"accounts", "sources", "readings", "alerts", "silences", "outbox", "chats", "marks"}
"""Tables that every version of our database has."""

KNOWN_REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
)


class Store:
    """The open database. ``write`` begins the one transaction that changes it, ``read`` one that only reads."""

    def __init__(self, path: str, lock: IO[str] | None) -> None:
        """Use ``Store.open``."""
        self._path = path
        self._lock = lock
        self._engine = engine_for(path)
        self._identity = identity(path)
        self._let_go = False
        self.backoff = USUAL
        self.standing = DatabaseState(path)
        self._writing = asyncio.Lock()
        self._reading = asyncio.Semaphore(READERS)
        self._disk = ThreadPoolExecutor(1, "disk")

    @classmethod
    async def open(cls, path: str) -> "Store":
        """The database at ``path``, created or migrated, locked against a second bot.

        Raises DatabaseUnusableError, with the file unchanged, if it is corrupt, newer, another program's, in use, or
        cannot be written.
        """
        lock = hold(path)
        try:
            if inspect(path) != REVISION:
                make_private(path)
                await migrate(path)
        except BaseException:
            lock.close()
            raise
        store = cls(path, lock)
        try:
            store.touch()
        except DatabaseError as error:
            await store.close()
            raise DatabaseUnusableError(unreadable_text(path, error.orig)) from error
        return store

    def touch(self) -> None:
        """Opens the first connection, which makes the files beside the database."""
        with self._engine.connect() as inner:
            inner.exec_driver_sql("SELECT 1 FROM sqlite_master")

    @asynccontextmanager
    async def write(self, *, synced: bool = True) -> AsyncIterator[Connection]:
        """A transaction that holds the write lock from its beginning, committed at the end, rolled back on an error.

        One that is not ``synced`` does not wait for the disk. It survives this process, however that ends, but perhaps
        not a power cut: for work that is then merely repeated.
        """
        with in_words(self.standing):
            async with self._writing:
                if self._let_go:
                    raise DatabaseBusyError(f"The database cannot be used: {DatabaseTrouble.REPLACED.what}")
                with self._engine.connect() as inner:
                    sync(inner, fully=synced)
                    await begin(inner, WRITE)
                    yield Connection(inner)
                    await self._commit(inner)
        self.standing.succeeded()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A transaction that sees one moment of the database and delays nobody."""
        with in_words(self.standing):
            async with self._reading:
                with self._engine.connect() as inner:
                    await begin(inner, READ)
                    yield Connection(inner)

    async def _commit(self, inner: sa.Connection) -> None:
        """Waits for the disk in a thread. A commit that has begun runs to its end, also when cancelled."""
        commit = asyncio.get_running_loop().run_in_executor(self._disk, inner.commit)
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            await asyncio.wait([commit])
            raise

    async def write_patiently(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Runs ``work`` in a write transaction, and waits for a database that is locked, full or read-only."""
        for failures in count(1):
            try:
                async with self.write() as connection:
                    return await work(connection)
            except DatabaseBusyError:  # it is logged already
                await asyncio.sleep(self.backoff.wait(failures))
        raise AssertionError("waits without end")

    def look_at_file(self) -> None:
        """Notes if the open file no longer stands in its place. Costs one ``stat``."""
        failing = self.standing.failing
        try:
            found = identity(self._path)
            aside = found == self._identity and not all(Path(f"{self._path}{end}").exists() for end in BESIDE)
        except OSError as error:
            self.standing.failed(DatabaseTrouble.FAILING, error.strerror or "")
            return
        if found is None or aside:
            self.standing.failed(DatabaseTrouble.DELETED)
        elif found != self._identity:
            self.standing.failed(
                DatabaseTrouble.DELETED if Path(self._path).stat().st_size == 0 else DatabaseTrouble.REPLACED
            )
        elif failing and failing.trouble in (DatabaseTrouble.DELETED, DatabaseTrouble.REPLACED):
            self.standing.over()

    async def put_back(self) -> None:
        """Restores a deleted file, whole, from the connections that still hold it.

        Raises DatabaseBusyError if it cannot be written, or somebody reads for too long: worth another attempt.
        """
        with in_words(self.standing):
            async with self._alone():
                await asyncio.get_running_loop().run_in_executor(self._disk, self._put_back)

    async def let_go(self) -> None:
        """Stops writing: another file has replaced the open one, with the log of this one beside it.

        Empties that log, because the next program would take it for the other file's. Raises DatabaseBusyError.
        """
        with in_words(self.standing):
            async with self._alone():
                self._let_go = True
                await asyncio.get_running_loop().run_in_executor(self._disk, self._empty_log)

    def _empty_log(self) -> None:
        """Moves the contents of the log into the open file."""
        with self._engine.connect() as inner:
            inner.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Waits until nobody reads or writes, and no connection is in use."""
        async with self._writing:
            held = 0
            try:
                async with asyncio.timeout(ALONE_WITHIN):
                    for _ in range(READERS):
                        await self._reading.acquire()
                        held += 1
                yield
            except TimeoutError:
                raise DatabaseBusyError("The database is being read: its file can be written anew in a while") from None
            finally:
                for _ in range(held):
                    self._reading.release()

    def _put_back(self) -> None:
        """The same, in a thread. A cut anywhere leaves a whole file in the place, or none.

        It empties the log beside the file first, because the next program would take it for that file's own.
        """
        try:
            with self._engine.connect() as inner:
                driver: Any = inner.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if identity(self._path) != self._identity:
                    write_anew(driver, self._path)
            self._engine.dispose()
            if self._lock and identity(lock_file(self._path)) is None:
                self._lock.close()
                self._lock = hold(self._path)
            self._engine, self._identity = engine_for(self._path), identity(self._path)
            self.touch()
        except OSError as error:
            failing = self.standing.failed(DatabaseTrouble.DELETED, error.strerror or "")
            raise DatabaseBusyError(failing.words) from error

    async def close(self) -> None:
        """Ends the connections and releases the lock."""
        self._engine.dispose()
        self._disk.shutdown()
        if self._lock:
            self._lock.close()


@asynccontextmanager
async def glance(path: str) -> AsyncIterator[Connection]:
    """Reads a database without a lock or a change.

    Raises SQLAlchemy's DatabaseError if it cannot be read that way, or has another schema.
    """
    engine = sa.create_engine("sqlite://", creator=lambda: connect_to_read(path), poolclass=NullPool)
    with engine.connect() as inner:
        await begin(inner, READ)
        revision = inner.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if revision != REVISION:
            raise DatabaseError(None, None, sqlite3.DatabaseError(f"schema {revision}"))
        yield Connection(inner)


def connect_to_read(path: str) -> sqlite3.Connection:
    """A driver's connection that makes and changes no file."""
    how = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    connection: sqlite3.Connection = sqlite3.connect(address(path, how), uri=True, **CONNECT)
    return connection


@contextmanager
def in_words(standing: DatabaseState) -> Iterator[None]:
    """Translates database errors (locked, full, read-only, torn) into ours, without SQL and values."""
    try:
        yield
    except DatabaseError as error:
        if type(error) not in (OperationalError, DatabaseError):  # a broken rule of ours, not a trouble of the file
            raise
        trouble = trouble_of(error.orig, standing.path)
        failing = standing.failed(trouble, str(error.orig))
        raise DatabaseBusyError(f"The database cannot be used just now: {failing.words}") from error


def engine_for(path: str) -> Engine:
    """An engine for connections that one transaction uses at a time, in the event loop and in its commits.

    All of them open the file that stands at the place now: SQLite would create another one after a deletion.
    """
    file = identity(path)

    def connect() -> sqlite3.Connection:
        if identity(path) != file:
            raise moved_error()
        return prepared(sqlite3.connect(address(path, "mode=rw"), uri=True, **CONNECT))

    return sa.create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=2, max_overflow=READERS)


def moved_error() -> sqlite3.OperationalError:
    """The error that SQLite itself raises for a moved file."""
    error = sqlite3.OperationalError("the file is no longer in its place")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY_DBMOVED
    return error


def prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A driver's connection, set up; every commit is synced, so that it survives a power cut."""
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-1024"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def address(path: str, how: str) -> str:
    """A file's address for SQLite, with the way to open it."""
    return f"{Path(path).absolute().as_uri()}?{how}"


def write_anew(driver: sqlite3.Connection, path: str) -> None:
    """Writes everything that a connection holds into a new file, for its owner only, and moves that into the place."""
    new = Path(f"{path}.new")
    new.unlink(missing_ok=True)
    with open(new, "wb", opener=for_owner_only) as made:
        driver.execute("VACUUM INTO ?", (str(new),))
        os.fsync(made.fileno())
    new.replace(path)


def sync(inner: sa.Connection, *, fully: bool) -> None:
    """Sets whether commits of a connection wait for the disk; outside a transaction only."""
    driver: Any = inner.connection.driver_connection
    driver.execute(f"PRAGMA synchronous={'FULL' if fully else 'NORMAL'}")


async def begin(inner: sa.Connection, how: str) -> None:
    """Begins a transaction, and waits while another process holds the database; the driver would block the loop.

    A write begins IMMEDIATE, so that no read is ever upgraded to one: that would fail however long it waited.
    """
    for pause in PAUSES:
        try:
            return start(inner, how)
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            inner.rollback()
        await asyncio.sleep(pause)
    return start(inner, how)


def start(inner: sa.Connection, how: str) -> None:
    """Begins. A read queries something at once, which fixes its snapshot and its permission."""
    inner.exec_driver_sql(how)
    if how == READ:
        inner.exec_driver_sql("SELECT 1 FROM sqlite_master")


def hold(path: str) -> IO[str]:
    """The lock that keeps a second bot out; the system releases it when this process ends, however it ends."""
    file = lock_file(path)
    try:
        if Path(path).is_dir():
            raise DatabaseUnusableError(f"DATABASE_URL: {path} is a folder. Name a file in it.")
        lock = open(file, "a", opener=for_owner_only)  # noqa: SIM115 - held open; Path.open takes no opener
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DatabaseUnusableError(
            f"DATABASE_URL: the folder {file.parent} does not exist. Make it, or name another."
        ) from error
    except OSError as error:
        raise DatabaseUnusableError(f"DATABASE_URL: {unwritable_text(file, error)}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DatabaseUnusableError(
            f"{path} is already in use by another bot. Stop it first, or give this one a DATABASE_URL of its own."
        ) from error
    except OSError as error:
        lock.close()
        raise DatabaseUnusableError(
            f"DATABASE_URL: the disk of {file.parent} takes no locks ({error.strerror}). "
            "Keep the database on a local disk, not on a network share."
        ) from error
    return lock


def try_place(path: str) -> None:
    """Does what a start does, in a file of its own beside the database, and deletes that: locks it, and writes.

    Raises DatabaseUnusableError.
    """
    trial = f"{path}.trial-{os.getpid()}"
    try:
        with closing(hold(trial)):
            make_private(trial)
            with closing(prepared(sqlite3.connect(address(trial, "mode=rw"), uri=True, **CONNECT))) as connection:
                for statement in (WRITE, "CREATE TABLE trial (content)", "INSERT INTO trial VALUES (1)", "COMMIT"):
                    connection.execute(statement)
    except sqlite3.Error as error:
        raise DatabaseUnusableError(unreadable_text(path, error)) from error
    finally:
        for end in ("", "-journal", *BESIDE, ".lock"):
            with suppress(OSError):
                Path(f"{trial}{end}").unlink()


def unwritable_text(file: Path, error: OSError) -> str:
    """Why a file cannot be created, or opened to write, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {file.parent} is full ({error.strerror}). Free some space on it."
    if error.errno == errno.EROFS:
        return f"the disk of {file.parent} is read-only. Make it writable, or name another."
    if isinstance(error, PermissionError) and os.access(file.parent, os.W_OK | os.X_OK):
        return f"{file} cannot be written ({error.strerror}). Give it to the bot's user."
    return f"{file.parent} cannot be written ({error.strerror}). Let the bot's user write there."


def lock_file(path: str) -> Path:
    return Path(f"{path}.lock")


def for_owner_only(path: str, flags: int) -> int:
    """Opens a file, created for its owner only; SQLite gives its -wal and -shm the same rights.

    A file that root creates belongs to the folder's owner: the bot, which is not root, has to open it later.
    """
    if os.geteuid() == 0:
        with suppress(FileExistsError):
            made = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            folder = Path(path).absolute().parent.stat()
            os.fchown(made, folder.st_uid, folder.st_gid)
            return made
    return os.open(path, flags, 0o600)


def make_private(path: str) -> None:
    """Creates an empty file for a new database, for its owner only; an existing one keeps its rights."""
    try:
        open(path, "a", opener=for_owner_only).close()
    except OSError as error:
        raise DatabaseUnusableError(unwritable_text(Path(path), error)) from error


def inspect(path: str) -> str | None:
    """The revision of the database, or None if there is none yet. Only reads, but lets SQLite roll back what was cut.

    Raises DatabaseUnusableError if the file is not ours.
    """
    file = Path(path)
    if not file.exists() or (file.is_file() and file.stat().st_size == 0):
        return None
    try:
        with closing(sqlite3.connect(address(path, look_at(path)), uri=True)) as connection:
            revision = revision_of(connection)
            check_whole(connection, file)
        file.open("r+b").close()
    except sqlite3.Error as error:
        raise DatabaseUnusableError(unreadable_text(path, error)) from error
    except OSError as error:
        raise DatabaseUnusableError(unwritable_text(file, error)) from error
    if revision is not None and revision not in KNOWN_REVISIONS:
        raise DatabaseUnusableError(
            f"{path} was made by {'a newer credit-bot' if revision else 'another program'}. It was left as it is: "
            + ("install that version again." if revision else "give DATABASE_URL another file.")
        )
    return revision


def unreadable_text(path: str, error: BaseException | None) -> str:
    """Why a database cannot be opened. Only a damaged one needs a backup."""
    trouble = trouble_of(error, path)
    if trouble is DatabaseTrouble.DAMAGED or not hasattr(error, "sqlite_errorcode"):
        return (
            f"{path} cannot be read as a database ({error}). It was left as it is: put a backup in its place with "
            "credit-bot restore FILE --replace, or move it away."
        )
    return f"{path} cannot be opened: {trouble.what} ({error}). It was left as it is: {trouble.mend_at_start}."


def look_at(path: str) -> str:
    """How to open a database only to read it.

    If nobody has it open there is no -wal, and reading must not leave one: it would belong to the reader. A -journal
    means that its creation was cut: it is half written until a writer has rolled that back.
    """
    if Path(f"{path}-journal").exists():
        return "mode=rw"
    return "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"


def revision_of(connection: sqlite3.Connection) -> str | None:
    """The revision that the database names; empty in another program's, which can use Alembic, too."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if not tables and application in (0, APPLICATION):
        return None
    ours = application == APPLICATION or (application == 0 and tables >= FIRST_TABLES)
    if not ours or "alembic_version" not in tables:
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else ""


def check_whole(connection: sqlite3.Connection, file: Path) -> None:
    """Reads every page of a file of moderate size, so that a torn one is found at the start, not at night."""
    if file.stat().st_size > CHECK_WHOLE_BELOW:
        return
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict.splitlines()[0])


async def migrate(path: str) -> None:
    """Migrates in a process of its own: Alembic's 50 MiB would stay in this one for good."""
    try:
        ended = await subprocesses.run((*subprocesses.command("bot.storage.migrate"), path))
        reason = ended.last_line if ended.code else None
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise DatabaseUnusableError(f"{path} cannot be brought to the present schema: {reason.rstrip('.')}.")
