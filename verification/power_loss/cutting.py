"""Where a process is ended: before a numbered statement, in the middle of a write, or held still to be copied."""

import json
import os
import resource
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

UPKEEP = (
    "INSERT INTO retention",
    "DELETE FROM silences WHERE silences.id > ",
    *(f"DELETE FROM {table} WHERE" for table in ("readings", "outages", "outbox", "fallbacks")),
)
"""Begins what is merely done again where a power cut takes it back."""


class Kind(StrEnum):
    """How a process is cut."""

    NONE = "none"
    STEP = "step"
    WRITE = "write"
    MOMENT = "moment"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut: at which step, transaction or announcement, and how many bytes or microseconds behind it."""

    kind: Kind = Kind.NONE
    at: int = 0
    behind: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What a process says to the one that watches it, and waits for where its files are to be copied."""

    out: int
    back: int

    def say(self, *words: Any) -> None:
        """Says something; said is what the kernel has, whatever becomes of this process."""
        os.write(self.out, json.dumps(words).encode() + b"\n")

    def hold(self, name: str) -> None:
        """Stands still until the files are copied."""
        self.say("hold", name)
        os.read(self.back, 1)


@dataclass(slots=True)
class Steps:
    """Counts what a process does to its database, and ends it where the cut wants it."""

    cut: Cut
    line: Line
    path: Path
    count: int = 0
    transactions: int = 0
    synced: bool = True
    """Whether the disk has all that was committed."""

    def watch(self, checkpoint_pages: int = 1000) -> None:
        """Counts every statement of every connection from now on, whichever driver makes it.

        After so many pages of its log a database takes them over: SQLite's own 1,000, or fewer, so that it is seen.
        """
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect

        def watched(*args: Any, **named: Any) -> sqlite3.Connection:
            connection = connect(*args, **named)
            connection.execute(f"PRAGMA wal_autocheckpoint={checkpoint_pages}")
            connection.set_trace_callback(Trace(self))
            return connection

        for module in (sqlite3, sqlite3.dbapi2):
            setattr(module, "connect", watched)  # noqa: B010 - only in a process that is to be killed

    def statement(self, sql: str, *, synced: bool) -> None:
        """A statement is about to begin, in a transaction that waits for the disk, or in one that does not."""
        if sql.startswith("BEGIN IMMEDIATE"):
            self.transaction(synced=synced)
        written = sql.startswith(("INSERT", "UPDATE", "DELETE"))
        if not synced and written and "'sending'" not in sql and not sql.startswith(UPKEEP):
            self.line.say("unsynced", sql[:200])
        self.step()

    def step(self) -> None:
        """One more point at which the process may be ended."""
        self.count += 1
        if self.cut.kind is Kind.STEP and self.count == self.cut.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def transaction(self, *, synced: bool = True) -> None:
        """A write begins; whatever was written before is committed or rolled back."""
        self.transactions += 1
        if self.cut.kind is Kind.WRITE and self.transactions == self.cut.at:
            self.limit()
        if self.transactions == self.cut.at + 1:
            self.ended()
        self.stands()
        self.synced = synced

    def stands(self) -> None:
        """Nothing is being written. The last time before the cut at which the disk has everything is what counts."""
        if self.cut.kind is Kind.POWER and self.synced and self.transactions <= self.cut.at:
            self.line.hold("before")

    def ends(self) -> None:
        """Only closing the database is left, in which it takes over the whole log: a cut that has not come, comes."""
        if self.transactions >= self.cut.at:
            self.ended()
        self.stands()

    def ended(self) -> None:
        """All is written that the cut is about."""
        if self.cut.kind is Kind.POWER:
            self.line.hold("after")
            os.kill(os.getpid(), signal.SIGKILL)

    def limit(self) -> None:
        """Lets the kernel end this process in the middle of the write that makes a file longer than it may be."""
        sizes = [file.stat().st_size for file in (self.path, Path(f"{self.path}-wal")) if file.exists()]
        most = max(sizes, default=0) + self.cut.behind
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@dataclass(slots=True)
class Trace:
    """The statements of one connection, which knows whether its commits wait for the disk."""

    steps: Steps
    synced: bool = True

    def __call__(self, sql: str) -> None:
        """One statement is about to begin."""
        setting, _, level = sql.partition("PRAGMA synchronous=")
        if level and not setting:
            self.synced = level in ("FULL", "EXTRA", "2", "3")
        self.steps.statement(sql, synced=self.synced)
