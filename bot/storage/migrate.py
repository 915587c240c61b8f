"""``python -m bot.storage.migrate FILE`` moves a database to the present schema and ends."""

import sqlite3
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot.storage.schema import APPLICATION
from bot.storage.standing import trouble_of


def upgrade(path: str, revision: str = "head") -> None:
    """Migrates the database at ``path`` to the newest revision, or creates it: all of it or nothing."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = sa.create_engine(sa.URL.create("sqlite", database=path))
    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
    finally:
        engine.dispose()


def prepare(connection: Any, _record: object) -> None:
    """Keeps Python's driver from committing each CREATE TABLE by itself: a cut between two would be permanent."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def words_of(error: BaseException | None, path: str) -> str:
    """Why the migration failed: the trouble of the disk and its remedy, or SQLite's own words."""
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_ERROR:
        return str(error)
    trouble = trouble_of(error, path)
    return f"{trouble.what} ({error}). It was left as it was: {trouble.mend_at_start}"


if __name__ == "__main__":
    try:
        upgrade(sys.argv[1])
    except sa.exc.DBAPIError as error:
        sys.exit(words_of(error.orig, sys.argv[1]))
