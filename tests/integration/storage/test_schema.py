"""The schema: the tables in code and the migrations say the same, and moments are kept exactly."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from bot.storage import database, migrations, schema

VERSIONS = Path(str(migrations.__file__)).parent / "versions"
NAMES = [path.stem for path in sorted(VERSIONS.glob("[0-9]*.py"))]
DIALECT = sqlite.dialect()


def shape(path: Path) -> dict[str, object]:
    """What SQLite itself says of a database's tables, column by column, and of how each was made."""
    engine = sa.create_engine(f"sqlite:///{path}")
    found: dict[str, object] = {}
    with engine.connect() as connection:
        look = sa.inspect(connection)
        for table in look.get_table_names():
            made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
            columns = {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(table)
            }
            found[table] = (
                columns,
                look.get_pk_constraint(table)["constrained_columns"],
                sorted((one["name"], one["column_names"], one["unique"]) for one in look.get_indexes(table)),
                sorted((one["name"], one["column_names"]) for one in look.get_unique_constraints(table)),
                "WITHOUT ROWID" in made,
                "AUTOINCREMENT" in made,
            )
    engine.dispose()
    found.pop("alembic_version", None)
    return found


def test_the_migrations_make_exactly_the_tables_of_the_code(template: Path, tmp_path: Path) -> None:
    """A database migrated from nothing has the tables, columns, keys and indexes that the code believes in."""
    made = tmp_path / "made.db"
    engine = sa.create_engine(f"sqlite:///{made}")
    schema.metadata.create_all(engine)
    engine.dispose()
    migrated, wanted = shape(template), shape(made)
    assert migrated.keys() == wanted.keys()
    for table, parts in wanted.items():
        assert migrated[table] == parts, table
    assert len(wanted) == 19


def test_the_tables_are_made_as_they_were_meant(template: Path) -> None:
    """Readings lie in the order of their key, and the id of an old button is never used again."""
    kept = {table: parts[-2:] for table, parts in shape(template).items() if isinstance(parts, tuple)}
    assert kept["readings"] == (True, False)
    assert kept["outbox"] == (False, True)
    assert kept["silences"] == (False, True)


def test_the_code_knows_every_migration() -> None:
    """REVISION is the newest migration, KNOWN_REVISIONS are all of them: else an own database would seem newer."""
    revisions = [name.split("_")[0] for name in NAMES]
    assert revisions
    assert revisions[-1] == schema.REVISION
    assert list(database.KNOWN_REVISIONS) == revisions


def test_the_migrations_are_one_line() -> None:
    """Each migration names itself as its file does, and the one before it: no two heads."""
    before = None
    for name in NAMES:
        text = (VERSIONS / f"{name}.py").read_text()
        said = dict(re.findall(r"^(revision|down_revision) = (.+)$", text, re.MULTILINE))
        assert said["revision"] == f'"{name.split("_")[0]}"'
        assert said["down_revision"] == (f'"{before}"' if before else "None")
        before = name.split("_")[0]


def test_no_database_has_a_type_of_its_own() -> None:
    """Only types that SQLite and PostgreSQL both have, for the day when several machines share one database."""
    types = {type(column.type) for table in schema.metadata.tables.values() for column in table.columns}
    assert types <= {sa.Text, sa.Integer, sa.BigInteger, sa.Float, sa.Boolean, schema.Moment}


moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)).map(  # noqa: DTZ001 - made aware
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(moments)
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    """Whatever the moment, also before 1970, the database gives back the same, in UTC."""
    stored = schema.to_microseconds(moment)
    assert isinstance(stored, int)
    back = schema.from_microseconds(stored)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@given(moments, moments)
def test_moments_keep_their_order(one: datetime, other: datetime) -> None:
    """Stored moments compare as the moments do, so that "due" can be asked of the database."""
    first, second = (schema.to_microseconds(moment) for moment in (one, other))
    assert first is not None
    assert second is not None
    assert (first < second) == (one < other)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    """A moment is stored as what it is, and not as what its zone's clock shows."""
    elsewhere = datetime(2026, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    here = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert schema.to_microseconds(elsewhere) == schema.to_microseconds(here)


def test_no_moment_stays_none() -> None:
    """What is not known stays so, both ways."""
    assert schema.to_microseconds(None) is None
    assert schema.from_microseconds(None) is None


def test_a_naive_moment_is_refused() -> None:
    """A moment without a zone is a defect and never stored by guess."""
    with pytest.raises(TypeError):
        schema.to_microseconds(datetime(2026, 7, 1))  # noqa: DTZ001 - the point of the test
