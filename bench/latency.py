"""From a low reading received to the message accepted by Telegram: alone, and while a crowd is being checked."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import ClientSession

from bench.crowd import email_of
from bench.figures import Figures, Point, Row, counted
from bench.world import BOT_TOKEN, CHAT, EMAIL, EMPTY, FULL, USEAPI_TOKEN, World
from bot.simulator.telegram.service import SimulatedChat

CHAT_REST = 1.15
"""Seconds after a message before the next may begin, so that the pace of one a second is not what is measured."""

FLOOR_PAUSE = 0.5
GOAL_MS, GOAL_LATE_MS = 10, 50
SUBJECTS = 20
"""Accounts whose alerts are timed in a crowd, each with a chat of its own, so that none waits for another's pace."""

PATIENCE = 300.0
SOON = 10
"""Seconds from look to look, unless that were more than a hundred looks a second."""

ROUNDS_BEFORE = 2
"""The first round is a rush; what is measured comes after it."""


async def measure(episodes: int, crowds: Sequence[int] = (1_000,)) -> list[Row]:
    """The bot's way from one to the other, and beside it the libraries' own, in one world; then in a crowd."""
    async with World() as world:
        async with world.bot(CHECK_EVERY="1s"):
            await world.pixverse.wait_for_looks(count=2, timeout=30)
            bot = Figures([await episode(world) for _ in range(episodes)])
        floor = Figures(await floor_of(world, episodes))
    rows = [row("low reading received → message accepted", bot, floor, 1)]
    for size in crowds:
        took = Figures(await in_crowd(size, 2 * episodes if every_of(size) == SOON else episodes // 2))
        rows.append(row(f"the same, {counted(size)} checked every {every_of(size)} s", took, floor, size))
    return rows


def row(what: str, bot: Figures, floor: Figures, accounts: int) -> Row:
    """How long it took, beside the libraries alone."""
    return Row(
        what,
        f"{bot.median:.1f} ms",
        f"p99 {bot.percentile(99):.1f} ms, {len(bot.values)} episodes",
        f"{floor.median:.1f} ms, p99 {floor.percentile(99):.1f} (×{bot.median / floor.median:.1f})",
        f"≤ {GOAL_MS} ms, p99 ≤ {GOAL_LATE_MS}",
        Point("latency", accounts, bot.median, floor.median, GOAL_MS, "median"),
    )


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


async def in_crowd(size: int, episodes: int) -> list[float]:
    """The milliseconds of so many alerts of a few accounts, which fall and recover in turn, among so many others."""
    count = size + SUBJECTS
    chats = {email_of(number): CHAT + 1 + number for number in range(SUBJECTS)}
    async with (
        World() as world,
        world.process("bench.swing", str(count), str(SUBJECTS)) as crowd,
        ClientSession() as http,
    ):
        assert crowd.stdout
        url = (await crowd.stdout.readline()).decode().strip()
        for chat in chats.values():
            world.telegram.add_chat(SimulatedChat(chat, title="Bob"))
        settings = {"ACCOUNTS_FILE": accounts_file(world, chats), "USEAPI_URL": url, "RUNS_OUT_WITHIN": ""}
        async with world.bot(CHECK_EVERY=f"{every_of(size)}s", **settings):
            while await told_by(http, url, "looks") < ROUNDS_BEFORE * count:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(1)
            seen = len(world.telegram.messages)
            alerts = await out_of_credits(world, seen, episodes)
        lows = await told_by(http, url, "lows")
    whose = {chat: email for email, chat in chats.items()}
    return [1000 * since_low(lows, whose[chat], at) for chat, at in alerts]


def every_of(size: int) -> int:
    """Seconds between two looks at an account: of a crowd, a hundred accounts a second."""
    return max(size // 100, SOON)


async def told_by(http: ClientSession, url: str, what: str) -> Any:
    """What the crowd tells of itself."""
    async with http.get(f"{url.removesuffix('/v2')}/{what}") as answer:
        return json.loads(await answer.read())


def accounts_file(world: World, chats: Mapping[str, int]) -> str:
    """Writes an accounts file in which some accounts have chats of their own, and gives its place."""
    tables = [f'[[source.account]]\nemail = "{email}"\nchats = ["{chat}"]\n' for email, chat in chats.items()]
    path = world.folder / "accounts.toml"
    path.write_text("\n".join(['[[source]]\naccounts = "all"\n', *tables]), "utf-8")
    return str(path)


async def out_of_credits(world: World, seen: int, episodes: int) -> list[tuple[int, float]]:
    """The chats and the moments of so many alerts after the first so many messages."""
    alerts: list[tuple[int, float]] = []
    while len(alerts) < episodes:
        message = await world.telegram.wait_for("out of credits", timeout=PATIENCE, after=seen)
        seen = world.telegram.messages.index(message, seen) + 1
        alerts.append((message.chat_id, message.accepted))
    return alerts


def since_low(lows: Sequence[tuple[float, str]], email: str, told_at: float) -> float:
    """The seconds from the last low answer for an account to the message about it."""
    return told_at - max(at for at, who in lows if who == email and at < told_at)


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
