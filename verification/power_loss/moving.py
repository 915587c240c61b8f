"""Databases of older versions, and none at all, cut while they are moved to the present schema."""

import asyncio
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from bot.storage.database import Store
from bot.storage.migrate import upgrade
from bot.storage.schema import REVISION
from verification.power_loss import disk
from verification.power_loss.cutting import Cut, Kind, Steps
from verification.power_loss.runs import Said, run_apart

NOTHING = ""
"""In place of a revision: there is no database yet."""

ROWS: dict[str, dict[str, object]] = {
    "accounts": {
        "key": "pixverse:a@b.c",
        "source": "pixverse",
        "email": "a@b.c",
        "watched": 1,
        "next_check_at": 1,
        "failures": 3,
        "failing_since": 5,
        "outage_kind": "unavailable",
    },
    "alerts": {
        "subject": "pixverse:a@b.c",
        "measure": "credits",
        "level": 2,
        "episode": 4,
        "sequence": 1,
        "told_level": 2,
    },
    "outbox": {
        "chat_id": 1,
        "thread_id": 0,
        "key": "due",
        "topic": "alert",
        "subject": "pixverse:a@b.c",
        "episode": 4,
        "reason": "fired",
        "severity": 2,
        "facts": "{}",
        "state": "pending",
        "created_at": 1,
        "attempts": 0,
    },
}
"""What must still be there once it was moved on; a column that a version has not is left out there."""


def make(path: Path, revision: str) -> None:
    """Makes a database as the version of that revision left it."""
    if revision == NOTHING:
        return
    upgrade(str(path), revision)
    with closing(sqlite3.connect(path)) as plain, plain:
        for table, values in ROWS.items():
            there = {row[1] for row in plain.execute(f"PRAGMA table_info({table})")}
            row = {column: value for column, value in values.items() if column in there}
            places = ", ".join("?" * len(row))
            plain.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))


class Move(Steps):
    """The steps of a move, of which a power cut wants to see the log once it is synced, and not yet taken over."""

    keeper: sqlite3.Connection | None = None

    def statement(self, sql: str, *, synced: bool) -> None:
        """Looks at the database from another side before it is committed: who closes it then leaves the log."""
        super().statement(sql, synced=synced)
        if sql == "COMMIT" and self.cut.kind is Kind.POWER:
            self.keeper = sqlite3.connect(self.path)
            self.keeper.execute("SELECT count(*) FROM sqlite_master").fetchall()

    def run(self) -> None:
        """Moves the database on, and says how many points for a cut that has."""
        self.watch()
        self.transaction()
        upgrade(str(self.path))
        self.line.say(self.count)
        if self.keeper:
            self.line.hold("after")
            self.keeper.close()
            self.line.hold("closed")


def length_of(old: Path) -> int:
    """How many points for a cut the move of a database has."""
    with TemporaryDirectory() as folder:
        path = laid(old, Path(folder))
        said = run_apart(lambda line: Move(Cut(), line, path).run(), path)
        return int(said.words[-1][0])


def laid(old: Path, folder: Path) -> Path:
    """A copy of an old database, if there is one."""
    path = folder / "bot.db"
    if old.exists():
        copyfile(old, path)
    return path


def faults_of_move(old: Path, cut: Cut) -> Iterator[str]:
    """Cuts a move, and says what is wrong with what the next start makes of it."""
    with TemporaryDirectory(prefix="power-loss-") as folder:
        path = laid(old, Path(folder))
        said = run_apart(lambda line: Move(cut, line, path).run(), path, cut)
        if said.ended not in (0, -signal.SIGKILL, -signal.SIGXFSZ):
            yield f"the move itself failed ({said.ended})"
        if cut.kind is Kind.WRITE and cut.behind % 2:
            spoil_first_page(path)
        if cut.kind is Kind.POWER:
            path = path.with_name("image.db")
            image_of(said, random.Random(cut.behind)).put(path)
        yield from judged(path, rows=old.exists())


def spoil_first_page(path: Path) -> None:
    """Makes rubbish of what was never synced: as long as there is a journal, the database that is being made."""
    if Path(f"{path}-journal").exists():
        path.write_bytes(b"\xa5" * path.stat().st_size)


def image_of(said: Said, rng: random.Random) -> disk.Files:
    """A disk that a power cut in this move may leave: with a torn log, or a torn database and its log."""
    before, after, closed = (said.held[name][1] for name in ("before", "after", "closed"))
    if rng.random() < 0.5:
        return disk.logging(before, after, rng)
    return disk.checkpointing(after, closed, rng)


def judged(path: Path, *, rows: bool) -> list[str]:
    """What the next start finds wrong."""
    said = run_apart(lambda line: line.say(examine(path, rows=rows)), path)
    return list(said.words[0][0]) if said.words else [f"the process that looked ended with {said.ended}"]


def examine(path: Path, *, rows: bool) -> list[str]:
    """The same, by itself."""
    try:
        return asyncio.run(faults_after(path, rows=rows))
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the report
        return [f"{type(error).__name__}: {error}"]


async def faults_after(path: Path, *, rows: bool) -> list[str]:
    """Opens a database as the bot does, and says what is wrong with it."""
    store = await Store.open(str(path))
    async with store.write() as connection:
        faults = [row[0] for row in await connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
        revisions = [row[0] for row in await connection.exec_driver_sql("SELECT version_num FROM alembic_version")]
        counts = {table: (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar() for table in ROWS}
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('after', 1)")
    await store.close()
    if revisions != [REVISION]:
        faults.append(f"the revision is {revisions}")
    if set(counts.values()) != {int(rows)}:
        faults.append(f"rows are lost: {counts}")
    return faults
