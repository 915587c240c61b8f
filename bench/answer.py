"""``/credits`` from stored readings: from the update that asks to the accepted first page."""

import asyncio
from collections.abc import Sequence

from bench.figures import Figures, Point, Row, counted
from bench.memory import ONE_DAY, line_of, of_history
from bench.stock import stocked
from bench.world import BOT_TOKEN, CHAT, World

CHAT_REST = 1.05
GOAL_MS, GOAL_AT = 30, 1_000


async def measure(sizes: Sequence[int], times: int, days: int = ONE_DAY) -> list[Row]:
    """The bot with so many accounts; beside it python-telegram-bot alone, which answers as many letters at once."""
    return [await row(size, times, days) for size in sizes]


async def row(size: int, times: int, days: int) -> Row:
    """How long one took."""
    async with World(accounts=size) as world:
        bot = await of_bot(world, size, times, days)
        page = world.telegram.messages[-1].text
        async with world.process("bench.echo", world.telegram.url, BOT_TOKEN, page):
            await world.telegram.wait_for_call("getUpdates", timeout=30, count=polls(world) + 1)
            floor = await asked(world, times)
    goal = GOAL_MS if size == GOAL_AT else None
    return Row(
        f"/credits of {counted(size)}{of_history(days)}",
        f"{bot.median:.1f} ms",
        f"p99 {bot.percentile(99):.1f} ms, {times} times",
        f"{floor.median:.1f} ms (×{bot.median / floor.median:.1f})",
        f"≤ {goal} ms" if goal else "",
        Point("credits", size, bot.median, floor.median, goal, line_of(days)),
    )


async def of_bot(world: World, size: int, times: int, days: int) -> Figures:
    """The bot's own.

    It looks at everyone at its start, and at nobody meanwhile; the first answer makes the page's numbers fresh.
    """
    database = await stocked(world.folder / "stocked.db", size, days)
    async with world.bot(CHECK_EVERY="1h", DATABASE_URL=database, RUNS_OUT_WITHIN=""):
        await world.pixverse.wait_for_looks(count=size, timeout=600)
        await world.telegram.wait_for("credit-bot watches", timeout=30)
        await asked(world, 1)
        return await asked(world, times)


async def asked(world: World, times: int, question: str = "/credits") -> Figures:
    """The milliseconds that answers took."""
    took = []
    for _ in range(times):
        await asyncio.sleep(CHAT_REST)
        given, told = len(world.telegram.given), len(world.telegram.messages)
        world.telegram.say(CHAT, question)
        answer = await world.telegram.wait_for(lambda _: True, timeout=30, after=told)
        took.append((answer.accepted - world.telegram.given[given]) * 1000)
    return Figures(took)


def polls(world: World) -> int:
    """How often the bot has asked for updates."""
    return sum(name == "getUpdates" for name, _ in world.telegram.calls)
