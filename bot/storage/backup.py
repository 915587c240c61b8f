"""Writes all of a database into one file, as of one moment, while the bot may run."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from bot import __version__
from bot.storage.backup_file import BackupWriter, Holds, Manifest
from bot.storage.database import READ, address, look_at, revision_of, start
from bot.storage.standing import trouble_of
from bot.support.errors import BackupError

PATIENCE_S = 10
"""How long to wait for a program that holds the database."""

AT_ONCE = 1_000
VERSION_TABLE = "alembic_version"


def back_up(database: str, file: Path, now: datetime) -> Manifest:
    """Writes the database into a new file, for its owner only.

    Raises BackupError, and leaves no file, if the database cannot be read or the file not written. A file that is there
    is never touched.
    """
    check_present(database)
    out = created(file)
    try:
        with out:
            with one_moment(database) as connection:
                manifest = copy(connection, out, now)
            out.flush()
            os.fsync(out.fileno())
    except BaseException as error:
        file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BackupError(f"{file} {unwritten(error, file)} No backup was written.") from error
        raise
    return manifest


def check_present(database: str) -> None:
    """Raises BackupError where there is no database."""
    try:
        size = Path(database).stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BackupError(f"There is no database at {database}: nothing to back up. Is DATABASE_URL right?") from error
    except OSError as error:
        raise BackupError(f"{database} cannot be read ({error.strerror}). Run this as the bot's user.") from error
    if not size:
        raise BackupError(f"The database {database} is empty: nothing to back up.")


def created(file: Path) -> IO[bytes]:
    """The new file. Raises BackupError."""
    try:
        return open(file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600))
    except FileExistsError as error:
        raise BackupError(f"{file} is there already, and stays as it is: name another file.") from error
    except OSError as error:
        raise BackupError(f"{file} {unwritten(error, file)}") from error


def unwritten(error: OSError, file: Path) -> str:
    """Why a file cannot be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"cannot be written: its disk is full ({error.strerror}). Free some space, or name another place."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"cannot be written: the folder {file.parent} does not exist."
    return f"cannot be written ({error.strerror}). Name a place that you can write to."


@contextmanager
def one_moment(database: str) -> Iterator[sa.Connection]:
    """A connection that sees one moment of a database, in SQLAlchemy's terms. Raises BackupError."""

    def connect() -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(
            address(database, way_to_read(database)), uri=True, isolation_level=None, timeout=PATIENCE_S
        )
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            start(connection, READ)
            yield connection
    except (DatabaseError, sqlite3.Error) as error:
        said = error.orig if isinstance(error, DatabaseError) else error
        what = trouble_of(said, database)
        raise BackupError(f"{database} cannot be read: {what.what} ({said}). No backup was written.") from error
    finally:
        engine.dispose()


def way_to_read(database: str) -> str:
    """How to open a database that a bot may begin to use at any moment.

    A writer's way takes part in SQLite's locking; the files that it makes go with it. One without the right to write
    reads what there is.
    """
    file = Path(database).absolute()
    effective = os.access in os.supports_effective_ids
    writable = all(
        os.access(place, how, effective_ids=effective)
        for place, how in ((file, os.W_OK), (file.parent, os.W_OK | os.X_OK))
    )
    return "mode=rw" if writable else look_at(database)


def copy(connection: sa.Connection, out: IO[bytes], now: datetime) -> Manifest:
    """Writes every table as it is, whatever its schema."""
    revision = revision_in(connection)
    tables = sa.MetaData()
    tables.reflect(connection)
    last_ids = last_ids_in(connection)
    writer = BackupWriter(out)
    try:
        for table in tables.sorted_tables:
            if table.name != VERSION_TABLE:
                copy_table(connection, table, writer, last_ids.get(table.name))
        return writer.finish(__version__, revision, now, holds(connection, tables))
    except BaseException:
        writer.abort()
        raise


def copy_table(connection: sa.Connection, table: sa.Table, writer: BackupWriter, last_id: int | None) -> None:
    """Writes the rows of one table. Raises BackupError for a value of a kind that we never store."""
    rows = connection.execution_options(yield_per=AT_ONCE).execute(ordered(table))
    with closing(rows):
        try:
            writer.table(table.name, table.columns.keys(), rows, last_id)
        except TypeError as error:
            raise BackupError(
                f"The table {table.name} holds what this version cannot back up. Use the version that made it."
            ) from error


def revision_in(connection: sa.Connection) -> str:
    """The database's schema. Raises BackupError if it is not ours."""
    driver = connection.connection.driver_connection
    revision = revision_of(driver) if isinstance(driver, sqlite3.Connection) else None
    if revision:
        return revision
    raise BackupError(
        "DATABASE_URL names "
        + ("another program's database." if revision == "" else "a database without content: nothing to back up.")
    )


def ordered(table: sa.Table) -> sa.Select[tuple[object, ...]]:
    """All rows, by key, so that two backups of the same content are alike."""
    return sa.select(table).order_by(*table.primary_key.columns)


LAST_IDS = """
    SELECT made.name AS name, coalesce(given.seq, 0) AS seq
    FROM sqlite_master AS made LEFT JOIN sqlite_sequence AS given ON given.name = made.name
    WHERE made.type = 'table' AND made.sql LIKE '%AUTOINCREMENT%'
"""


def last_ids_in(connection: sa.Connection) -> dict[str, int]:
    """The highest number that each table ever gave to a row, of those that never give one twice."""
    counted = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").first()
    return {row.name: row.seq for row in connection.exec_driver_sql(LAST_IDS)} if counted else {}


def holds(connection: sa.Connection, tables: sa.MetaData) -> Holds:
    """The content of a database, by columns that every version of it has."""

    def count(name: str, *where: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(tables.tables[name]).where(*where)
        return connection.execute(query).scalar_one()

    accounts, alerts, outbox, chats = (tables.tables[name].c for name in ("accounts", "alerts", "outbox", "chats"))
    return Holds(
        accounts=count("accounts", accounts.watched),
        readings=count("readings"),
        firing=count("alerts", alerts.level > 0),
        waiting=count("outbox", outbox.state.in_(["pending", "sending", "elsewhere"])),
        chats=count("chats", chats.greeted_at.is_not(None)),
    )
