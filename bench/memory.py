"""What the bot's process holds after some rounds, by the number of accounts; beside it the libraries alone."""

import asyncio
from collections.abc import Sequence

from bench.figures import Point, Row, counted
from bench.idle import status_mib
from bench.stock import stocked
from bench.world import World

GOALS = {1: 85, 1_000: 95, 10_000: 140}
PATIENCE = 600.0
ONE_DAY, LONG = 1, 400


async def measure(sizes: Sequence[int], rounds: int, days: int = ONE_DAY) -> list[Row]:
    """Bots with so many accounts each, at the same time; none disturbs what another holds."""
    floor = await libraries()
    held = await asyncio.gather(*(after_rounds(size, rounds, days) for size in sizes))
    return [row(size, mib, peak, floor, rounds, days) for size, (mib, peak) in zip(sizes, held, strict=True)]


def row(size: int, mib: float, peak: float, floor: float, rounds: int, days: int) -> Row:
    """What one of them held."""
    goal = GOALS.get(size)
    return Row(
        f"memory, {counted(size)}{of_history(days)}",
        f"{mib:.1f} MiB",
        f"peak {peak:.1f} MiB, after {rounds} rounds",
        f"{floor:.1f} MiB (×{mib / floor:.2f})",
        f"≤ {goal} MiB" if goal else "",
        Point("memory", size, mib, floor, goal, line_of(days)),
    )


def of_history(days: int) -> str:
    """What a row says of the history."""
    return f", {days} days of history" if days > ONE_DAY else ""


def line_of(days: int) -> str:
    """The line of a picture that a row belongs to."""
    return f"with {days} days of history" if days > ONE_DAY else "with a day of history"


async def libraries() -> float:
    """What a process holds that has imported the bot's libraries."""
    async with World() as world, world.process("bench.floor", "idle") as process:
        assert process.stdout
        await process.stdout.readline()
        return status_mib(process.pid, "VmRSS")


async def after_rounds(size: int, rounds: int, days: int) -> tuple[float, float]:
    """What one bot holds after so many rounds, and the most that it ever held."""
    async with World(accounts=size) as world:
        database = await stocked(world.folder / "stocked.db", size, days)
        every = "60s" if size > 100 else "15s"
        async with world.bot(CHECK_EVERY=every, DATABASE_URL=database) as pid:
            await world.pixverse.wait_for_looks(count=rounds * size, timeout=PATIENCE)
            await asyncio.sleep(1)
            return status_mib(pid, "VmRSS"), status_mib(pid, "VmHWM")
