"""``python -m bot.store.migrate FILE`` moves a database to the present schema and ends."""

import sys
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def upgrade(path: str) -> None:
    """Brings the database at ``path`` to the newest revision, making it if need be."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = sa.create_engine(sa.URL.create("sqlite", database=path))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


if __name__ == "__main__":
    try:
        upgrade(sys.argv[1])
    except sa.exc.DBAPIError as error:
        sys.exit(str(error.orig))
