"""The state of the database: the meaning of SQLite's errors, one log line when a trouble begins and one at its end."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.domain.database_trouble import DatabaseTrouble, Failing, failed, succeeded
from bot.domain.durations import format_duration

log = logging.getLogger(__name__)

ROOM = 64 * 1024
"""With fewer bytes left a disk is full, also where SQLite reports a "disk I/O error"."""

BY_CODE = {
    sqlite3.SQLITE_BUSY: DatabaseTrouble.LOCKED,
    sqlite3.SQLITE_LOCKED: DatabaseTrouble.LOCKED,
    sqlite3.SQLITE_READONLY: DatabaseTrouble.READ_ONLY,
    sqlite3.SQLITE_PERM: DatabaseTrouble.READ_ONLY,
    sqlite3.SQLITE_FULL: DatabaseTrouble.FULL,
    sqlite3.SQLITE_CORRUPT: DatabaseTrouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: DatabaseTrouble.DAMAGED,
}
"""The meaning of a primary result code. Any other is a failing disk."""

Identity = tuple[int, int]
"""A file's device and number: another file at the same place has another one."""


def identity(path: str | Path) -> Identity | None:
    """Which file stands at a place; None if there is none. Raises OSError if that is unknown."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def is_full(path: str) -> bool:
    """True if the disk of a file has no room left."""
    try:
        disk = os.statvfs(Path(path).absolute().parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM


def trouble_of(error: BaseException | None, path: str) -> DatabaseTrouble:
    """The meaning of a SQLite error for the database at a place."""
    code = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return DatabaseTrouble.DELETED
    found = BY_CODE.get(code & 0xFF, DatabaseTrouble.FAILING)
    if found is DatabaseTrouble.FAILING:
        if is_full(path):
            return DatabaseTrouble.FULL
        if "no such table" in str(error):
            return DatabaseTrouble.DAMAGED
        if code & 0xFF == sqlite3.SQLITE_CANTOPEN and not os.access(path, os.R_OK | os.W_OK):
            return DatabaseTrouble.READ_ONLY
    return found


class DatabaseState:
    """The state of the database at a place, by the results of its transactions."""

    def __init__(self, path: str, timer: Callable[[], float] = time.monotonic) -> None:
        """``timer`` counts seconds and never jumps."""
        self.path = path
        self._timer = timer
        self.failing: Failing | None = None

    @property
    def problem(self) -> str | None:
        """The trouble and its remedy, for people; None until anybody has to know."""
        failing = self.failing
        return failing.words if failing and failing.is_problem(self._timer()) else None

    def failed(self, trouble: DatabaseTrouble, said: str = "") -> Failing:
        """Records a failure. Logs the beginning of a trouble and each worse one, not each attempt."""
        before, self.failing = self.failing, failed(self.failing, trouble, said, self._timer())
        if before is None or self.failing.trouble is not before.trouble:
            log.error("Database %s: %s", self.path, self.failing.words)
        return self.failing

    def succeeded(self) -> None:
        """Records a successful write."""
        if self.failing and succeeded(self.failing, self._timer()) is None:
            self.over()

    def over(self) -> None:
        """Logs the end of the trouble."""
        if self.failing:
            lasted = timedelta(seconds=self._timer() - self.failing.since)
            log.info("Database %s: it can be used again, after %s", self.path, format_duration(lasted))
        self.failing = None
