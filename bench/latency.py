"""From a low reading received to the message accepted by Telegram."""

import asyncio
import time

from bench.figures import Figures, Row
from bench.world import BOT_TOKEN, CHAT, EMAIL, EMPTY, FULL, USEAPI_TOKEN, World

CHAT_REST = 1.15
"""Seconds after a message before the next may begin, so that the pace of one a second is not what is measured."""

FLOOR_PAUSE = 0.5
GOAL_MS = 20


async def measure(episodes: int) -> list[Row]:
    """The bot's way from one to the other, and beside it the libraries' own, in one world."""
    async with World() as world:
        async with world.bot(CHECK_EVERY="1s"):
            await world.pixverse.wait_for_looks(count=2, timeout=30)
            bot = Figures([await episode(world) for _ in range(episodes)])
        floor = Figures(await floor_of(world, episodes))
    return [
        Row(
            "low reading received → message accepted",
            f"{bot.median:.1f} ms",
            f"p99 {bot.percentile(99):.1f} ms, {episodes} episodes",
            f"{floor.median:.1f} ms, p99 {floor.percentile(99):.1f} (×{bot.median / floor.median:.1f})",
            f"< {GOAL_MS} ms",
        )
    ]


async def episode(world: World) -> float:
    """One alert and its recovery; the milliseconds that the alert took."""
    await asyncio.sleep(CHAT_REST)
    took = await told(world, EMPTY, "out of credits")
    await told(world, FULL, "credits again")
    return took


async def told(world: World, credits: int, words: str) -> float:
    """Milliseconds from the first answer with these credits to the message that says so."""
    answers, messages = len(world.pixverse.answers), len(world.telegram.messages)
    world.pixverse.account.monthly = credits
    message = await world.telegram.wait_for(words, timeout=30, after=messages)
    answer = next(one for one in world.pixverse.answers[answers:] if one.credits == credits)
    return (message.accepted - answer.at) * 1000


async def floor_of(world: World, times: int) -> list[float]:
    """The same for one request by aiohttp, ``json.loads`` and one send by python-telegram-bot, back to back."""
    answers, messages = len(world.pixverse.answers), len(world.telegram.messages)
    useapi = (world.pixverse.url, USEAPI_TOKEN, EMAIL)
    telegram = (world.telegram.url, BOT_TOKEN, str(CHAT))
    async with world.process("bench.floor", "send", *useapi, *telegram, str(times), str(FLOOR_PAUSE)) as process:
        started = time.monotonic()
        await process.wait()
    if process.returncode:
        raise RuntimeError(f"the floor failed after {time.monotonic() - started:.0f} s")
    pairs = zip(world.pixverse.answers[answers:], world.telegram.messages[messages:], strict=True)
    return [(message.accepted - answer.at) * 1000 for answer, message in pairs]
