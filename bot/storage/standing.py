"""How the database stands: what SQLite's errors mean, one log line when a trouble begins and one when it is over."""

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
"""With fewer bytes left a disk is full, also where SQLite calls it a "disk I/O error"."""

BY_CODE = {
    sqlite3.SQLITE_BUSY: DatabaseTrouble.LOCKED,
    sqlite3.SQLITE_LOCKED: DatabaseTrouble.LOCKED,
    sqlite3.SQLITE_READONLY: DatabaseTrouble.READ_ONLY,
    sqlite3.SQLITE_PERM: DatabaseTrouble.READ_ONLY,
    sqlite3.SQLITE_FULL: DatabaseTrouble.FULL,
    sqlite3.SQLITE_CORRUPT: DatabaseTrouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: DatabaseTrouble.DAMAGED,
}
"""What a primary result code means. Any other is a failing disk."""

Identity = tuple[int, int]
"""A file's device and number: another file at the same place has another one."""


def identity(path: str | Path) -> Identity | None:
    """Which file stands at a place; None where there is none. Raises OSError where that cannot be known."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def is_full(path: str) -> bool:
    """Whether the disk of a file has no room left."""
    try:
        disk = os.statvfs(Path(path).absolute().parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM


def trouble_of(error: BaseException | None, path: str) -> DatabaseTrouble:
    """What an error of SQLite means for the database at a place."""
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
    """Whether the database at a place can be used, by what became of each transaction."""

    def __init__(self, path: str, timer: Callable[[], float] = time.monotonic) -> None:
        """Well at first. ``timer`` counts seconds and never jumps."""
        self.path = path
        self._timer = timer
        self.failing: Failing | None = None

    @property
    def problem(self) -> str | None:
        """What is wrong and what to do, for people, once anybody has to know."""
        failing = self.failing
        return failing.words if failing and failing.is_problem(self._timer()) else None

    def failed(self, trouble: DatabaseTrouble, said: str = "") -> Failing:
        """Something could not be done. The beginning is logged, and what is worse; not each try."""
        before, self.failing = self.failing, failed(self.failing, trouble, said, self._timer())
        if before is None or self.failing.trouble is not before.trouble:
            log.error("Database %s: %s", self.path, self.failing.words)
        return self.failing

    def succeeded(self) -> None:
        """Something was written."""
        if self.failing and succeeded(self.failing, self._timer()) is None:
            self.over()

    def over(self) -> None:
        """The trouble is over."""
        if self.failing:
            lasted = timedelta(seconds=self._timer() - self.failing.since)
            log.info("Database %s: it can be used again, after %s", self.path, format_duration(lasted))
        self.failing = None
