"""The database fails under the real process: a disk that is full, a file that is damaged, deleted or replaced."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.simulator.pixverse import SimulatedAccount
from tests.support.world import ANN, Page, ProcessBot, World, until

UNUSABLE, USABLE = "The bot cannot use its database", "The bot can use its database again"
FILLING = "filling"
DELETED = "The bot's database file was deleted"
CALM = """
import sys
from bot.cli.main import main
from bot.domain import database_trouble
database_trouble.CALM_S = 1.0
sys.exit(main(["run"]))
"""
"""The bot as it is, but that it trusts a disk again after one second."""


def fill(folder: Path) -> Path:
    """A file that takes all the room that a disk has left."""
    filling = folder / FILLING
    with filling.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break
    return filling


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes. To mount one needs rights that not everybody has."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: it takes root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def limit_files(bot: ProcessBot, size: int | None) -> None:
    """Let no file of the process grow beyond so many bytes, as on a full disk; None lifts that. Needs no rights."""
    _, most = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


async def page_with(bot: ProcessBot, status: int) -> Page:
    """Its health page, once it answers so."""
    pages = list[Page]()

    async def answers() -> bool:
        pages.append(await bot.page("/healthz"))
        return pages[-1].status == status

    await until(answers, lambda: f"{status}, not {pages[-1]}\n{bot.log}")
    return pages[-1]


async def fails_and_recovers(
    world: World, bot: ProcessBot, alice: SimulatedAccount, *, begin: Callable[[], object], end: Callable[[], None]
) -> None:
    """A database that cannot be written is a problem at once, told once, and over once it can be written again."""
    begin()
    alice.monthly = 0
    told = await world.told(UNUSABLE)
    assert not told.silent
    page = await page_with(bot, 503)
    assert page.json["database"] == "failing"
    assert "the disk of the database" in page.json["problems"][0]
    assert "studio" in (await bot.asked("/credits")).lower()
    assert "disk of the database" in await bot.asked("/mute all 2h")
    await asyncio.sleep(3)  # so long it fails, at every tick
    assert world.count(UNUSABLE) == 1
    assert not world.count("out of credits")
    end()
    await world.told("out of credits")
    assert (await world.told(USABLE)).silent
    assert (await page_with(bot, 200)).json["problems"] == []
    await bot.quiet()
    assert (world.count(UNUSABLE), world.count(USABLE), world.count("out of credits")) == (1, 1, 1)
    about = [line for line in bot.log.splitlines() if "ERROR" in line or "atabase" in line]
    assert len(about) == 2, about
    assert await bot.stop() == 0


async def test_a_full_disk(world: World, small_disk: Path) -> None:
    """The disk of the database is full for a while."""
    (alice,) = world.accounts("studio")
    shutil.move(world.database, small_disk / "bot.db")
    bot = await world.start(script=CALM, DATABASE_URL=f"sqlite:///{small_disk}/bot.db")
    await bot.saved(2)
    end = (small_disk / FILLING).unlink
    await fails_and_recovers(world, bot, alice, begin=lambda: fill(small_disk), end=end)


async def test_files_that_cannot_grow(world: World) -> None:
    """The same by a limit of the system, which needs no rights: SQLite calls it another name."""
    (alice,) = world.accounts("studio")
    bot = await world.start(script=CALM)
    await bot.saved(2)
    wal = world.database.with_name(f"{world.database.name}-wal")
    begin, end = lambda: limit_files(bot, wal.stat().st_size + 2048), lambda: limit_files(bot, None)
    await fails_and_recovers(world, bot, alice, begin=begin, end=end)


async def test_a_database_that_cannot_be_read(world: World) -> None:
    """Its pages are overwritten: 503 with JSON, what is not known is null, one message, answers in words."""
    world.accounts("studio")
    bot = await world.start()
    await bot.saved(2)
    with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = world.database.stat().st_size
        with world.database.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(size - 4096))
        with world.database.with_name(f"{world.database.name}-shm").open("r+b") as index:
            index.write(b"\0" * 136)  # the bot's pages in memory are old, and are read again
    await world.told(UNUSABLE)
    page = await page_with(bot, 503)
    assert page.json["status"] == page.json["database"] == "failing"
    assert "the database is damaged" in page.json["problems"][0]
    assert page.json["outbox"] is None
    assert "the database is damaged" in await bot.asked("/credits")
    assert "the database is damaged" in await bot.asked("/status")
    assert "credit_bot_database_usable 0.0" in (await bot.page("/metrics")).text
    await asyncio.sleep(3)
    assert world.count(UNUSABLE) == 1
    assert bot.log.count("ERROR") == 1, bot.log
    assert "Traceback" not in bot.log
    assert await bot.stop() == 0


@pytest.mark.parametrize("also", [(), ("-wal", "-shm"), ("-wal", "-shm", ".lock")])
async def test_a_deleted_file_is_put_back_and_nothing_is_told_again(world: World, also: tuple[str, ...]) -> None:
    """The owner is told once; after a kill and another start the bot knows all that it knew."""
    (alice,) = world.accounts("studio")
    alice.monthly = 0
    bot = await world.start()
    await world.told("out of credits")
    await bot.quiet()
    for ending in ("", *also):
        world.database.with_name(world.database.name + ending).unlink()
    await world.told(DELETED)
    await until(world.database.exists, "the file is there again")
    assert world.database.stat().st_mode & 0o777 == 0o600
    assert (await page_with(bot, 200)).json["database"] == "ok"
    before = await bot.looks()
    await bot.saved(before + 1)
    await bot.kill()
    bot = await world.start()
    await bot.saved(2)
    await bot.quiet()
    assert (world.count("out of credits"), world.count(DELETED), world.count("watches")) == (1, 1, 0)
    alice.monthly = 9000
    await world.told("again")
    assert await bot.stop() == 0
    assert not world.database.with_name(f"{world.database.name}.new").exists()


async def test_another_file_in_its_place_ends_the_bot(world: World) -> None:
    """Whoever puts another database there wants that one: the bot says so and ends, and leaves the file as it is."""
    world.accounts("studio")
    other = world.folder / "older.db"
    shutil.copy(world.database, other)
    content = other.read_bytes()
    bot = await world.start()
    await bot.saved(2)
    other.replace(world.database)
    assert "another file has taken the database's place" in (await world.told(UNUSABLE)).text
    assert await asyncio.wait_for(bot.process.wait(), 20) == 69
    assert "another file has taken the database's place" in bot.log
    assert world.database.read_bytes() == content
    log = world.database.with_name(f"{world.database.name}-wal")
    assert not log.exists() or not log.stat().st_size
    bot = await world.start()
    await bot.saved(1)
    assert await bot.stop() == 0


async def test_a_disk_that_is_full_at_the_start(world: World, small_disk: Path) -> None:
    """69, and the cause in words; no backup is called for."""
    shutil.move(world.database, small_disk / "bot.db")
    filling = fill(small_disk)
    ended = await world.run("run", DATABASE_URL=f"sqlite:///{small_disk}/bot.db")
    assert ended.code == 69
    assert "is full" in ended.err
    assert "backup" not in ended.err
    filling.unlink()
    world.accounts("studio")
    bot = await world.start(DATABASE_URL=f"sqlite:///{small_disk}/bot.db")
    assert await bot.stop(signal.SIGTERM) == 0
    assert world.telegram.texts(ANN) == []
