"""How long it takes from the start of the process to the first look at an account."""

import time
from collections.abc import Sequence

from bench.figures import Figures, Point, Row, counted
from bench.memory import ONE_DAY, line_of, of_history
from bench.stock import stocked
from bench.world import World

GOAL_SECONDS = 1.5


async def measure(times: int, sizes: Sequence[int]) -> list[Row]:
    """Starts with databases of so many accounts, and with none yet, which has to be made."""
    return [*await of_sizes(sizes, times), await of_new(times)]


async def of_sizes(sizes: Sequence[int], times: int, days: int = ONE_DAY) -> list[Row]:
    """Starts with databases of so many accounts that have so many days of history."""
    return [await of_size(size, times, days) for size in sizes]


async def of_size(size: int, times: int, days: int) -> Row:
    """Starts in turn with the libraries alone, so that a busy moment of the machine meets both alike."""
    async with World(accounts=size) as world:
        database = await stocked(world.folder / "stocked.db", size, days)
        await first_look(world, database)  # compiles what was not compiled yet
        pairs = [(await first_look(world, database), await imported(world)) for _ in range(times)]
    bot, floor = (Figures(values) for values in zip(*pairs, strict=True))
    return Row(
        f"start → first look, {counted(size)}{of_history(days)}",
        f"{bot.median:.2f} s",
        f"worst {bot.worst:.2f} s of {times}",
        f"{floor.median:.2f} s (×{bot.median / floor.median:.1f})",
        f"≤ {GOAL_SECONDS} s",
        Point("start", size, bot.median, floor.median, GOAL_SECONDS, line_of(days)),
    )


async def of_new(times: int) -> Row:
    """Starts without a database."""
    async with World() as world:
        took = Figures([await first_look(world, world.new_database()) for _ in range(times)])
    return Row("start → first look, new database", f"{took.median:.2f} s", f"worst {took.worst:.2f} s of {times}")


async def first_look(world: World, database: str) -> float:
    """Seconds from the start of the bot's process until it asks for an account."""
    looks = world.pixverse.looks()
    began = time.monotonic()
    async with world.bot(DATABASE_URL=database):
        await world.pixverse.wait_for_looks(count=looks + 1, timeout=60)
        return time.monotonic() - began


async def imported(world: World) -> float:
    """Seconds from the start of a process until it has imported the bot's libraries."""
    began = time.monotonic()
    async with world.process("bench.floor", "idle") as process:
        assert process.stdout
        await process.stdout.readline()
        return time.monotonic() - began
