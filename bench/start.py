"""How long it takes from the start of the process to the first look at an account."""

import time

from bench.figures import Figures, Row
from bench.world import World

GOAL_SECONDS = 1.5


async def measure(times: int) -> list[Row]:
    """Starts with a database that is there, and with none yet, which has to be made."""
    async with World() as world:
        database = world.new_database()
        await in_turn(world, database)  # makes it, and compiles what was not compiled yet
        rows = [await in_turn(world, database) for _ in range(times)]
    known, new, floor = (Figures(values) for values in zip(*rows, strict=True))
    beside, goal = f"{floor.median:.2f} s (×{known.median / floor.median:.1f})", f"< {GOAL_SECONDS} s"
    return [
        Row("start → first look", f"{known.median:.2f} s", f"worst {known.worst:.2f} s of {times}", beside, goal),
        Row("start → first look, new database", f"{new.median:.2f} s", f"worst {new.worst:.2f} s of {times}"),
    ]


async def in_turn(world: World, database: str) -> tuple[float, float, float]:
    """Each of the three once, one after the other, so that a busy moment of the machine meets all alike."""
    return await first_look(world, database), await first_look(world, world.new_database()), await imported(world)


async def first_look(world: World, database: str) -> float:
    """Seconds from the start of the bot's process until it asks for an account."""
    looks = world.pixverse.looks()
    began = time.monotonic()
    async with world.bot(DATABASE_URL=database):
        await world.pixverse.wait_for_looks(count=looks + 1, timeout=30)
        return time.monotonic() - began


async def imported(world: World) -> float:
    """Seconds from the start of a process until it has imported the bot's libraries."""
    began = time.monotonic()
    async with world.process("bench.floor", "idle") as process:
        assert process.stdout
        await process.stdout.readline()
        return time.monotonic() - began
