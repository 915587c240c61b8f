"""Rounds: what a check costs the processor, how many a second one process manages, and whether it keeps that up.

The floor is one aiohttp session with as many requests in flight as the bot has, which decodes the same bodies and does
nothing else, against the same simulator in the same process beside it. Forecasts, which are made anew each half hour,
are waited for before anything is measured.
"""

import asyncio
import json
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession

from bench.crowd import LOOKS_TO_A_CHANGE, email_of
from bench.figures import Figures, Point, Row, counted
from bench.idle import cpu_seconds, status_mib
from bench.stock import stocked
from bench.world import World
from bot.domain.durations import parse_duration
from bot.sources.base import IN_FLIGHT

WHOLE = 1_000
CROWD = 4_000
"""More accounts than can be looked at each second."""

FLEET, FLEET_EVERY = 10_000, "10s"
WINDOW = 5.0
GOAL_RATIO, GOAL_SHARE = 1.5, 0.55
YEARS = 400
"""Days of history, in the databases that have one."""

PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a while of checks came to: milliseconds of processor time for a thousand, and how many a second."""

    cpu: float
    rate: float


@dataclass
class Fleet:
    """A bot that watches a crowd, and what both tell of themselves."""

    useapi: str
    crowd: int
    bot: int
    pages: str
    database: Path
    session: ClientSession

    async def looks(self) -> int:
        """How many looks the crowd has answered."""
        async with self.session.get(self.useapi.removesuffix("/v2") + "/looks") as response:
            return int(await response.text())

    async def overruns(self) -> float:
        """How many looks the bot skipped, for the one before had not ended."""
        async with self.session.get(f"{self.pages}/metrics") as response:
            lines = (await response.text()).splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("credit_bot_overruns_total"))

    async def watch(self, seconds: float) -> Cost:
        """What the checks of a while cost."""
        looks, used, began = await self.looks(), cpu_seconds(self.bot), time.monotonic()
        await asyncio.sleep(seconds)
        done, cpu, took = await self.looks() - looks, cpu_seconds(self.bot) - used, time.monotonic() - began
        return Cost(1e6 * cpu / max(done, 1), done / took)

    async def settle(self, size: int) -> None:
        """Waits until every account was looked at a few times, and nearly all have a forecast that holds."""
        await self.looked(3 * size)
        with suppress(TimeoutError):  # where everything changes, there may always be forecasts to make
            async with asyncio.timeout(PATIENCE_S):
                while self.unforeseen() > size / 100:  # noqa: ASYNC110 - it is another process
                    await asyncio.sleep(1)

    def unforeseen(self) -> int:
        """Accounts whose forecast is to be made soon."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            query = "SELECT count(*) FROM accounts WHERE watched AND foreseen_at IS NULL"
            return int(connection.execute(query).fetchone()[0])

    async def looked(self, times: int) -> None:
        """Waits until so many looks were answered."""
        while await self.looks() < times:  # noqa: ASYNC110 - another process counts them
            await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is special about a crowd: its days of history, and after how many looks one account changes."""

    words: str = ""
    days: int = 0
    looks_to_a_change: int = LOOKS_TO_A_CHANGE


USUAL = Kind()
KINDS = (USUAL, Kind(f" × {YEARS} days", YEARS), Kind(", all changing", 0, 1))


@asynccontextmanager
async def fleet_of(world: World, size: int, every: str, kind: Kind = USUAL) -> AsyncIterator[Fleet]:
    """A bot that looks at so many accounts so often."""
    pages, database = f"127.0.0.1:{free_port()}", world.new_database()
    path = Path(database.removeprefix("sqlite:///"))
    if kind.days:
        await stocked(path, size, kind.days, [email_of(number) for number in range(size)])
    asked = (str(size), str(kind.looks_to_a_change))
    async with world.process("bench.crowd", *asked) as crowd, ClientSession() as session:
        assert crowd.stdout
        useapi = (await crowd.stdout.readline()).decode().strip()
        settings = {"CHECK_EVERY": every, "USEAPI_URL": useapi, "HTTP_LISTEN": pages, "LOG_LEVEL": "CRITICAL"}
        async with world.bot(**settings, DATABASE_URL=database) as pid:
            yield Fleet(useapi, crowd.pid, pid, f"http://{pages}", path, session)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def floor_of(world: World, accounts: int, times: int) -> list[Cost]:
    """What the same questions cost who only asks them and decodes the answers."""
    async with world.process("bench.crowd", str(accounts)) as crowd:
        assert crowd.stdout
        useapi = (await crowd.stdout.readline()).decode().strip()
        asked = (useapi, str(accounts), str(IN_FLIGHT), str(times))
        async with world.process("bench.floor", "round", *asked) as process:
            assert process.stdout
            told = [json.loads(await process.stdout.readline()) for _ in range(times)]
    return [Cost(**one) for one in told]


async def measure(times: int, sizes: Sequence[int] = (WHOLE,)) -> list[Row]:
    """What a thousand checks cost, by the number of accounts, and how many a second there can be."""
    async with World() as world:
        floor = await floor_of(world, CROWD, times)
        rows = [await cost_of(world, size, times, floor) for size in sizes if size != WHOLE]
        rows += [await cost_of(world, WHOLE, times, floor, kind) for kind in KINDS]
        return [*rows, *[await most_of(world, times, floor, kind) for kind in KINDS]]


async def cost_of(world: World, size: int, times: int, before: Sequence[Cost], kind: Kind = USUAL) -> Row:
    """A thousand checks, each account looked at once a second, or every ten where there are very many."""
    async with fleet_of(world, size, "1s" if size <= WHOLE else FLEET_EVERY, kind) as fleet:
        await fleet.settle(size)
        bot = Figures([(await fleet.watch(WINDOW)).cpu for _ in range(times)])
    floor = Figures([cost.cpu for cost in (*before, *await floor_of(world, CROWD, times))])
    ratio = bot.median / floor.median
    return Row(
        f"processor time for 1,000 checks, {counted(size)}{kind.words}",
        f"{bot.median:.0f} ms",
        f"{min(bot.values):.0f} to {bot.worst:.0f} ms",
        f"{floor.median:.0f} ms, {min(floor.values):.0f} to {floor.worst:.0f} (×{ratio:.2f})",
        f"≤ ×{GOAL_RATIO}" if size == WHOLE else "",
        Point("cpu", size, bot.median, floor.median, GOAL_RATIO * floor.median) if kind is USUAL else None,
    )


async def most_of(world: World, times: int, before: Sequence[Cost], kind: Kind) -> Row:
    """Checks a second at most."""
    async with fleet_of(world, CROWD, "1s", kind) as fleet:
        await fleet.settle(CROWD)
        bot = Figures([(await fleet.watch(WINDOW)).rate for _ in range(times)])
    floor = Figures([cost.rate for cost in (*before, *await floor_of(world, CROWD, times))])
    return Row(
        f"checks a second at most{kind.words}",
        f"{bot.median:,.0f}",
        f"{min(bot.values):,.0f} to {bot.worst:,.0f}",
        f"{floor.median:,.0f} (×{bot.median / floor.median:.2f})",
        f"≥ ×{GOAL_SHARE}",
    )


async def endure(seconds: float) -> list[Row]:
    """Ten thousand accounts every ten seconds: whether any look was still under way when the next was due."""
    async with World() as world, fleet_of(world, FLEET, FLEET_EVERY) as fleet:
        await fleet.looked(3 * FLEET)
        before, used = await fleet.overruns(), cpu_seconds(fleet.bot)
        cost = await fleet.watch(seconds)
        overruns, share = await fleet.overruns() - before, (cpu_seconds(fleet.bot) - used) / seconds
        held = status_mib(fleet.bot, "VmRSS")
    due = FLEET / parse_duration(FLEET_EVERY).total_seconds()
    return [
        Row(
            f"{counted(FLEET)} every {FLEET_EVERY}, for {timedelta(seconds=round(seconds))}",
            f"{cost.rate:,.0f} checks a second",
            f"{overruns:.0f} overruns, {share:.0%} of a core, {held:.0f} MiB",
            goal=f"{due:,.0f}, no overrun",
        )
    ]
