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

from bot.store.database import Store
from bot.store.migrate import upgrade
from bot.store.schema import REVISION
from tests.power_loss import disk
from tests.power_loss.cutting import Cut, Kind, Steps
from tests.power_loss.runs import Said, run_apart

NOTHING = ""
"""In place of a revision: there is no database yet."""

ROWS = {
    "accounts": "INSERT INTO accounts"
    " (key, source, email, watched, next_check_at, failures, failing_since, outage_kind)"
    " VALUES ('pixverse:a@b.c', 'pixverse', 'a@b.c', 1, 1, 3, 5, 'unavailable')",
    "alerts": "INSERT INTO alerts (subject, measure, level, episode, sequence, told_level)"
    " VALUES ('pixverse:a@b.c', 'credits', 2, 4, 1, 2)",
    "outbox": "INSERT INTO outbox (chat_id, thread_id, key, topic, subject, episode, reason, severity, facts, state,"
    " created_at, attempts) VALUES (1, 0, 'due', 'alert', 'pixverse:a@b.c', 4, 'fired', 2, '{}', 'pending', 1, 0)",
}
"""What the smallest and the largest schema both have room for, and must still be there once it was moved on."""


def make(path: Path, revision: str) -> None:
    """Makes a database as the version of that revision left it."""
    if revision == NOTHING:
        return
    upgrade(str(path), revision)
    with closing(sqlite3.connect(path)) as plain, plain:
        for statement in ROWS.values():
            plain.execute(statement)


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
