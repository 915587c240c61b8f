"""What the launcher hands to the bot is as bad as it says."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.storage.database import engine_for
from verification.faults.launch import FULL, READ_ONLY, spoil_database


@pytest.mark.parametrize("state", [FULL, READ_ONLY])
def test_a_spoilt_database_takes_not_even_what_would_fit(state: str, tmp_path: Path) -> None:
    """Each write is refused by SQLite itself until it is healed, and reads go on."""
    file = tmp_path / "database"
    file.write_text("")
    database = tmp_path / "some.db"
    database.touch()
    engine = engine_for(str(database))
    spoil_database(file, engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE some (number INTEGER)")
        connection.exec_driver_sql("INSERT INTO some VALUES (1)")
    file.write_text(state)
    with pytest.raises(sa.exc.OperationalError) as refused, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE some SET number = 2")
    assert isinstance(refused.value.orig, sqlite3.OperationalError)
    assert refused.value.orig.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT number FROM some").scalar() == 1
    file.write_text("")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE some SET number = 3")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT number FROM some").scalar() == 3
        assert connection.exec_driver_sql("SELECT name FROM sqlite_schema").scalars().all() == ["some"]
