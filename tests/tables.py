"""A store with every table there is, made from the tables themselves, for tests of what no migration makes yet."""

from pathlib import Path

import sqlalchemy as sa

from bot.store.database import Store, engine_for
from bot.store.schema import metadata
from bot.store.schema_pairing import boards

assert boards.metadata is metadata  # importing its tables is what makes them part of it


def with_tables(folder: Path) -> Store:
    """A new database in a folder, open; nobody else is kept out of it."""
    path = str(folder / "tables.db")
    engine = sa.create_engine(sa.URL.create("sqlite", database=path))
    metadata.create_all(engine)
    engine.dispose()
    return Store(engine_for(path), None)
