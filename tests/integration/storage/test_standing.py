"""What SQLite's errors mean, and what the log says of them."""

import os
import sqlite3
from pathlib import Path

import pytest

from bot.domain.database_trouble import CALM_S, DatabaseTrouble
from bot.storage import standing as room
from bot.storage.standing import DatabaseState, identity, trouble_of
from tests.support.fakes import Timer


def error_of(code: int, text: str = "no") -> sqlite3.Error:
    """An error as the driver raises it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def lasts(standing: DatabaseState) -> bool:
    """Whether anything is wrong."""
    return standing.problem is not None


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (sqlite3.SQLITE_BUSY, DatabaseTrouble.LOCKED),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseTrouble.LOCKED),
        (sqlite3.SQLITE_FULL, DatabaseTrouble.FULL),
        (sqlite3.SQLITE_READONLY, DatabaseTrouble.READ_ONLY),
        (sqlite3.SQLITE_READONLY_DIRECTORY, DatabaseTrouble.READ_ONLY),
        (sqlite3.SQLITE_READONLY_DBMOVED, DatabaseTrouble.DELETED),
        (sqlite3.SQLITE_IOERR, DatabaseTrouble.FAILING),
        (sqlite3.SQLITE_IOERR_WRITE, DatabaseTrouble.FAILING),
        (sqlite3.SQLITE_CANTOPEN, DatabaseTrouble.READ_ONLY),
        (sqlite3.SQLITE_CORRUPT, DatabaseTrouble.DAMAGED),
        (sqlite3.SQLITE_CORRUPT_INDEX, DatabaseTrouble.DAMAGED),
        (sqlite3.SQLITE_NOTADB, DatabaseTrouble.DAMAGED),
    ],
)
def test_a_code_of_sqlite_is_a_trouble(code: int, trouble: DatabaseTrouble, tmp_path: Path) -> None:
    """The extended codes too; here a file that is not there cannot be opened."""
    assert trouble_of(error_of(code), str(tmp_path / "bot.db")) is trouble


def test_a_missing_table_is_damage(tmp_path: Path) -> None:
    """The file was emptied, or another one's content copied over it."""
    error = error_of(sqlite3.SQLITE_ERROR, "no such table: accounts")
    assert trouble_of(error, str(tmp_path / "bot.db")) is DatabaseTrouble.DAMAGED


def test_an_io_error_on_a_full_disk_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite calls it so where a file cannot grow in memory."""
    monkeypatch.setattr(room, "is_full", lambda _: True)
    assert trouble_of(error_of(sqlite3.SQLITE_IOERR_SHMSIZE), str(tmp_path / "bot.db")) is DatabaseTrouble.FULL


def test_what_has_room_is_not_full(tmp_path: Path) -> None:
    """Nor is a disk that nobody can ask."""
    assert not room.is_full(str(tmp_path / "bot.db"))
    assert not room.is_full(str(tmp_path / "missing" / "bot.db"))


def test_another_file_at_the_same_place_is_another_file(tmp_path: Path) -> None:
    """By its device and number; none is None."""
    path = tmp_path / "bot.db"
    assert identity(path) is None
    path.write_text("one")
    first = identity(path)
    path.write_text("two")
    assert identity(path) == first
    (tmp_path / "other").write_text("two")
    os.replace(tmp_path / "other", path)
    assert identity(path) != first
    assert identity(path / "below") is None


def test_the_log_has_a_line_when_it_begins_and_one_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    """However often something fails meanwhile."""
    caplog.set_level("INFO")
    timer = Timer()
    standing = DatabaseState("bot.db", timer)
    standing.succeeded()
    for _ in range(50):
        standing.failed(DatabaseTrouble.FULL, "database or disk is full")
        timer.forward(60)
    assert lasts(standing)
    standing.succeeded()
    assert not lasts(standing)
    begun, over = caplog.records
    assert begun.message == (
        "Database bot.db: the disk of the database is full (database or disk is full): "
        "free some space on it; the bot then goes on by itself"
    )
    assert over.message == "Database bot.db: it can be used again, after 50 min"
    assert (begun.levelname, over.levelname) == ("ERROR", "INFO")


def test_a_worse_trouble_has_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """The disk was full, and now the file is damaged."""
    standing = DatabaseState("bot.db", Timer())
    standing.failed(DatabaseTrouble.FULL)
    standing.failed(DatabaseTrouble.DAMAGED)
    standing.failed(DatabaseTrouble.FULL)
    assert [one.levelname for one in caplog.records] == ["ERROR", "ERROR"]


def test_a_disk_is_trusted_again_after_a_calm() -> None:
    """One write that fits into the last bytes of a full disk proves nothing."""
    timer = Timer()
    standing = DatabaseState("bot.db", timer)
    standing.failed(DatabaseTrouble.FULL)
    timer.forward(CALM_S - 1)
    standing.succeeded()
    assert lasts(standing)
    timer.forward(1)
    standing.succeeded()
    assert not lasts(standing)
