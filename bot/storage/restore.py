"""Makes a database of a backup: it is built beside the old one, which then gives way in one step."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import islice
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.storage.backup import VERSION_TABLE, back_up, last_ids_in, one_moment
from bot.storage.backup_file import BackupReader, Manifest, TableEntry, newer
from bot.storage.database import (
    BESIDE,
    KNOWN_REVISIONS,
    address,
    hold,
    make_private,
    revision_of,
    unreadable_text,
    unwritable_text,
)
from bot.storage.migrate import upgrade
from bot.storage.schema import outbox
from bot.storage.standing import trouble_of
from bot.support.errors import BackupError, DatabaseUnusableError

AT_ONCE = 1_000
SPARE_IDS = 100_000
"""Numbers that a restored table leaves out, and one more a second since the backup.

A button in a message that was sent after the backup names a number that the backup does not know. It must never come
to mean another alert.
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """The backup that was restored, and the file that has what was there before; None where nothing was."""

    manifest: Manifest
    kept: Path | None = None


class Content(Enum):
    """The state of a database's place."""

    NOTHING = auto()
    ROWS = auto()
    DAMAGED = auto()


def restore(file: Path, database: str, now: datetime, *, replace: bool) -> Restored:
    """Puts the database of a backup into its place, migrated to the present schema.

    Content that may be replaced is backed up first. Raises BackupError or DatabaseUnusableError, with the
    database unchanged.
    """
    with closing(BackupReader(file)) as reader:
        if reader.manifest.schema_revision not in KNOWN_REVISIONS:
            raise BackupError(newer(file, reader.manifest.program))
        with closing(hold(database)):
            content = content_of(database)
            if content is not Content.NOTHING and not replace:
                raise BackupError(
                    f"{database} {'is damaged' if content is Content.DAMAGED else 'has content'}. Nothing was changed. "
                    "Add --replace to put the backup in its place; what is there is kept beside it."
                )
            new = f"{database}.restored"
            try:
                build(reader, new, database, now)
                kept = keep(content, database, now)
                put_in_place(new, database)
            finally:
                for end in ("", "-journal", *BESIDE):
                    Path(f"{new}{end}").unlink(missing_ok=True)
            return Restored(reader.manifest, kept)


def content_of(database: str) -> Content:
    """The state of the place. Raises DatabaseUnusableError if it is not ours, or cannot be read for now."""
    file = Path(database)
    try:
        if not file.exists() or (file.is_file() and not file.stat().st_size):
            return Content.NOTHING
        with closing(sqlite3.connect(address(database, "mode=rw"), uri=True)) as connection:
            revision = revision_of(connection)
            if revision == "":
                raise DatabaseUnusableError(
                    f"{database} was made by another program. It was left as it is: give DATABASE_URL another file."
                )
            whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            return Content.DAMAGED if not whole else Content.ROWS if has_rows(connection) else Content.NOTHING
    except sqlite3.Error as error:
        if trouble_of(error, database).passes:
            raise DatabaseUnusableError(unreadable_text(database, error)) from error
        return Content.DAMAGED
    except OSError as error:
        raise DatabaseUnusableError(unwritable_text(file, error)) from error


def has_rows(connection: sqlite3.Connection) -> bool:
    """True if any table of ours has a row."""
    tables = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if name != VERSION_TABLE and not name.startswith("sqlite_")
    ]
    return any(connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in tables)  # noqa: S608


def build(reader: BackupReader, new: str, database: str, now: datetime) -> None:
    """Makes a database file of the whole backup, at the present schema. Raises BackupError if it has no place."""
    for end in ("", "-journal", *BESIDE):
        Path(f"{new}{end}").unlink(missing_ok=True)
    make_private(new)
    with in_words(database):
        upgrade(new, reader.manifest.schema_revision)
        with unsynced(new) as connection:
            tables = sa.MetaData()
            tables.reflect(connection)
            for entry in reader.manifest.tables:
                fill(connection, tables, reader, entry)
        upgrade(new)
        with unsynced(new) as connection:
            mark_waiting(connection)
            skip_ids(connection, next_ids(reader.manifest, database, now))
    with open(new, "rb") as file:
        os.fsync(file.fileno())


@contextmanager
def in_words(database: str) -> Iterator[None]:
    """Translates what goes wrong while the new file is built."""
    try:
        yield
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or error
        what = trouble_of(said, database)
        reason = f"{what.what} ({said})" if hasattr(said, "sqlite_errorcode") else str(said).partition("\n")[0]
        raise BackupError(
            f"The backup cannot be restored: {reason.rstrip('.')}. {database} was left as it is."
        ) from error


@contextmanager
def unsynced(path: str) -> Iterator[sa.Connection]:
    """A transaction in a file that nobody needs if this is cut: without a log, and without waits for the disk."""
    engine = sa.create_engine(sa.URL.create("sqlite", database=path), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            for pragma in ("journal_mode=DELETE", "journal_mode=OFF", "synchronous=OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def fill(connection: sa.Connection, tables: sa.MetaData, reader: BackupReader, entry: TableEntry) -> None:
    """Inserts the rows of one table. Raises BackupError if it is not a table of that schema."""
    table = tables.tables.get(entry.name)
    if table is None or entry.name == VERSION_TABLE or set(entry.columns) != set(table.columns.keys()):
        raise BackupError(
            f"The backup's table {entry.name} is not one of schema {reader.manifest.schema_revision}: "
            "it was changed. Nothing was changed here."
        )
    connection.execute(sa.delete(table))
    rows = (dict(zip(entry.columns, row, strict=True)) for row in reader.rows(entry))
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(sa.insert(table), some)


def mark_waiting(connection: sa.Connection) -> None:
    """Marks deliveries that waited: they may have been sent after the backup."""
    waits = outbox.c.state.in_(["pending", "sending", "elsewhere"])
    connection.execute(sa.update(outbox).where(waits).values(perhaps_sent=True))


def next_ids(manifest: Manifest, database: str, now: datetime) -> dict[str, int]:
    """The number from which each table goes on: above each one that a message can name."""
    before: Mapping[str, int] = {}
    with suppress(BackupError), one_moment(database) as connection:
        before = last_ids_in(connection)
    since = max(0, (now - manifest.taken_at) // timedelta(seconds=1))
    return {
        entry.name: max(entry.last_id, before.get(entry.name, 0)) + SPARE_IDS + since
        for entry in manifest.tables
        if entry.last_id is not None
    }


def skip_ids(connection: sa.Connection, last: Mapping[str, int]) -> None:
    """Sets the last number that each table gave."""
    for name, number in last.items():
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))


def keep(content: Content, database: str, now: datetime) -> Path | None:
    """Keeps what is there: as a backup, or, where it cannot be read, as it is. Returns where."""
    if content is Content.NOTHING:
        return None
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    if content is Content.ROWS:
        kept = Path(f"{database}.before-{stamp}.zip")
        back_up(database, kept, now)
        return kept
    aside = Path(f"{database}.damaged-{stamp}")
    for end in (*BESIDE, "-journal", ""):
        with suppress(FileNotFoundError):
            Path(f"{database}{end}").rename(f"{aside}{end}")
    return aside


def put_in_place(new: str, database: str) -> None:
    """Replaces the database file. A cut anywhere leaves the old one or the new one, whole."""
    if Path(database).exists():
        empty_log(database)
    for end in BESIDE:
        Path(f"{database}{end}").unlink(missing_ok=True)
    os.replace(new, database)
    folder = os.open(Path(database).absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def empty_log(database: str) -> None:
    """Moves the log beside a database into it: the next program would take it for the new file's own."""
    try:
        with closing(sqlite3.connect(address(database, "mode=rw"), uri=True, timeout=10)) as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseUnusableError(unreadable_text(database, error)) from error
    if busy:
        raise BackupError(f"Another program reads {database}. Nothing was changed: try again when it has ended.")
