"""Upkeep and answers of a bot that has watched many accounts for years, each of them changing all the time.

One database for each size, made once and thinned as the bot thins it; the bot lives on it, and tells each second how
late its event loop was and how long it was at work at a time. Beside it an idle process tells what of that the machine
did.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bench.answer import asked
from bench.figures import Figures, Row, counted
from bench.rounds import free_port
from bench.start import GOAL_SECONDS, first_look, imported
from bench.stock import stocked
from bench.world import EMAIL, World

DAYS = 400
STARTS, ANSWERS, PICTURES, PAGES = 3, 10, 5, 10
GOAL_LATE_MS, GOAL_SLICE_MS = 100, 50
QUESTIONS = (
    ("/credits", "/credits", ANSWERS),
    ("/credits of one", f"/credits {EMAIL}", ANSWERS),
    ("/alerts", "/alerts", ANSWERS),
    ("/status", "/status", ANSWERS),
    ("/log", "/log", ANSWERS),
    ("/history of one, 90 days", f"/history {EMAIL} 90d", PICTURES),
    ("/mute all", "/mute all 1h", 1),
    ("/unmute", "/unmute", 1),
    ("/pause all", "/pause all 1h", 1),
    ("/resume", "/resume", 1),
    ("/board", "/board", 1),
    ("/board off", "/board off", 1),
)
"""The commands: their names in the table, what is asked, and how often."""

CALM_S = 15.0
"""Seconds after the first round that the bot is left alone before upkeep begins."""

NOT_DUE = "UPDATE retention SET began_at = began_at + 21600000000"
DUE = "UPDATE retention SET began_at = began_at - 21600000000"
"""So that upkeep begins when it is to be measured: six hours in microseconds."""

PATIENCE_S = 900.0


@dataclass(slots=True)
class Loop:
    """What a process has told of its event loop."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    async def hear(self, process: asyncio.subprocess.Process) -> None:
        """Takes its lines until it ends."""
        assert process.stdout
        async for line in process.stdout:
            self.lines.append(json.loads(line))

    def during(self, begin: float, end: float) -> "Lateness":
        """What it was like from one moment to another."""
        within = [one for one in self.lines if begin <= one["at"] and one["at"] - 1 <= end]
        worst = (max((one[key] for one in within), default=0.0) for key in ("delay_p99", "delay_worst", "held"))
        return Lateness(*worst)


@dataclass(frozen=True, slots=True)
class Lateness:
    """Milliseconds: the worst of the seconds' 99th percentiles, the latest wake-up, the longest time at work."""

    p99: float
    worst: float
    held: float


@dataclass(slots=True)
class Aged:
    """A bot that lives on such a database."""

    world: World
    path: Path
    size: int
    page: str
    bot: Loop = field(default_factory=Loop)
    idle: Loop = field(default_factory=Loop)

    def asks(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says, beside the bot."""
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            return connection.execute(sql).fetchall()

    async def a_pass(self, last: str) -> tuple[float, float]:
        """Lets a pass begin, after a last one as a statement leaves it, and waits for its beginning and its end."""
        self.asks(last)
        before = self.asks("SELECT began_at FROM retention")
        await until(lambda: self.asks("SELECT began_at FROM retention") not in ([], before))
        begun = time.monotonic()
        await until(lambda: self.asks("SELECT reached FROM retention") == [(None,)])
        return begun, time.monotonic()

    async def row_of(self, what: str, took: Awaitable[Figures]) -> Row:
        """How long something took, and what it did to the loop."""
        begun = time.monotonic()
        figures = await took
        await asyncio.sleep(1)
        loop = self.bot.during(begun, time.monotonic())
        spread = f"worst {figures.worst:.0f} ms of {len(figures.values)}, loop held {loop.held:.0f} ms"
        return Row(f"{what}{of(self.size)}", f"{figures.median:.0f} ms", spread, goal=f"loop ≤ {GOAL_LATE_MS} ms")


def of(size: int) -> str:
    """What a row says of the database."""
    return f", {counted(size)} × {DAYS} days"


def mib_of(file: Path) -> float:
    """A file's size."""
    return file.stat().st_size / 2**20


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)


async def measure(sizes: Sequence[int]) -> list[Row]:
    """Everything of each size, one after the other."""
    return [row for size in sizes for row in await of_size(size)]


async def of_size(size: int) -> list[Row]:
    """A database is made, the bot started on it, and asked."""
    async with World(accounts=size) as world:
        begun, path = time.monotonic(), world.folder / "years.db"
        database = await stocked(path, size, DAYS)
        made = Row(f"database made{of(size)}", f"{time.monotonic() - begun:.0f} s", f"{mib_of(path):,.0f} MiB")
        starts = await row_of_starts(world, database, size)
        async with living(world, path, database, size) as aged:
            upkeep = [*await rows_of_upkeep(aged), *await rows_of_answers(aged)]
    return [made, starts, *upkeep]


async def row_of_starts(world: World, database: str, size: int) -> Row:
    """From the start to the first look, in turn with the libraries alone."""
    pairs = [(await first_look(world, database), await imported(world)) for _ in range(STARTS)]
    bot, floor = (Figures(values) for values in zip(*pairs, strict=True))
    return Row(
        f"start → first look{of(size)}",
        f"{bot.median:.2f} s",
        f"worst {bot.worst:.2f} s of {STARTS}",
        f"{floor.median:.2f} s (×{bot.median / floor.median:.1f})",
        f"≤ {GOAL_SECONDS} s",
    )


@asynccontextmanager
async def living(world: World, path: Path, database: str, size: int) -> AsyncIterator[Aged]:
    """The bot after its first round, and the idle process beside it."""
    looks, aged = world.pixverse.looks(), Aged(world, path, size, f"127.0.0.1:{free_port()}")
    aged.asks(NOT_DUE)
    settings = world.settings(DATABASE_URL=database, HTTP_LISTEN=aged.page, CHECK_EVERY="15m")
    async with (
        world.process("bench.watched_bot", env=settings) as bot,
        world.process("bench.delays") as idle,
    ):
        hearing = [asyncio.create_task(aged.bot.hear(bot)), asyncio.create_task(aged.idle.hear(idle))]
        await world.pixverse.wait_for_looks(count=looks + size, timeout=PATIENCE_S)
        try:
            yield aged
        finally:
            for task in hearing:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def rows_of_upkeep(aged: Aged) -> list[Row]:
    """A usual pass, six hours after the last; and the first one ever, which reads everything."""
    calm = time.monotonic() + 2
    await asyncio.sleep(CALM_S)
    before = aged.bot.during(calm, time.monotonic())
    usual = await aged.a_pass(DUE)
    rows = rows_of_pass(aged, "upkeep, six hours' worth", usual, before)
    first = await aged.a_pass("DELETE FROM retention")
    return [*rows, *rows_of_pass(aged, "upkeep, the first ever", first, before)]


def rows_of_pass(aged: Aged, what: str, span: tuple[float, float], before: Lateness) -> list[Row]:
    """How long a pass took, and how late the loop was meanwhile."""
    begun, ended = span
    bot, idle = aged.bot.during(begun, ended), aged.idle.during(begun, ended)
    return [
        Row(
            f"{what}{of(aged.size)}",
            f"{ended - begun:.1f} s",
            f"loop held {bot.held:.0f} ms at a time (before: {before.held:.0f})",
            goal=f"≤ {GOAL_SLICE_MS} ms at a time",
        ),
        Row(
            "  event loop meanwhile, the latest wake-up",
            f"{bot.worst:.0f} ms",
            f"p99 {bot.p99:.0f} ms; before: worst {before.worst:.0f} ms, p99 {before.p99:.0f}",
            f"{idle.worst:.0f} ms, p99 {idle.p99:.0f} (idle process)",
            f"≤ {GOAL_LATE_MS} ms",
        ),
    ]


async def rows_of_answers(aged: Aged) -> list[Row]:
    """What people and machines ask."""
    world = aged.world
    await asked(world, 1)
    return [
        *[await aged.row_of(name, asked(world, times, question)) for name, question, times in QUESTIONS],
        *[await aged.row_of(f"/{name}", pages(aged, name)) for name in ("healthz", "metrics", "accounts")],
        await aged.row_of("/check", asked(world, 1, "/check")),  # last, because its second answer comes much later
    ]


async def pages(aged: Aged, name: str) -> Figures:
    """The milliseconds that a page took."""
    took = []
    async with ClientSession() as session:
        for _ in range(PAGES):
            begun = time.monotonic()
            async with session.get(f"http://{aged.page}/{name}") as response:
                await response.read()
            took.append(1000 * (time.monotonic() - begun))
            await asyncio.sleep(0.2)
    return Figures(took)
