"""From a low reading received to the message accepted by Telegram: alone, and while a crowd is being checked."""

import asyncio
import time
from collections.abc import Container, Mapping, Sequence

from bench.figures import Figures, Point, Row, counted
from bench.world import BOT_TOKEN, CHAT, EMAIL, EMPTY, FULL, USEAPI_TOKEN, World, emails
from bot.demo.pixverse import SimulatedAccount
from bot.demo.telegram import SimulatedChat

CHAT_REST = 1.15
"""Seconds after a message before the next may begin, so that the pace of one a second is not what is measured."""

FLOOR_PAUSE = 0.5
GOAL_MS, GOAL_LATE_MS = 10, 50
SUBJECTS = 20
"""Accounts whose alerts are timed in a crowd, each with a chat of its own, so that none waits for another's pace."""

PATIENCE = 300.0


async def measure(episodes: int, crowds: Sequence[int] = (1_000,)) -> list[Row]:
    """The bot's way from one to the other, and beside it the libraries' own, in one world; then in a crowd."""
    async with World() as world:
        async with world.bot(CHECK_EVERY="1s"):
            await world.pixverse.wait_for_looks(count=2, timeout=30)
            bot = Figures([await episode(world) for _ in range(episodes)])
        floor = Figures(await floor_of(world, episodes))
    rows = [row("low reading received → message accepted", bot, floor, 1)]
    for size in crowds:
        took = Figures(await in_crowd(size, 2 * episodes))
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
    async with World(accounts=size + SUBJECTS) as world:
        chats = {email: CHAT + 1 + number for number, email in enumerate(emails(size + SUBJECTS)[-SUBJECTS:])}
        for chat in chats.values():
            world.telegram.add_chat(SimulatedChat(chat, title="Bob"))
        settings = {"ACCOUNTS_FILE": accounts_file(world, chats), "RUNS_OUT_WITHIN": ""}
        async with world.bot(CHECK_EVERY=f"{every_of(size)}s", **settings):
            await world.pixverse.wait_for_looks(count=2 * size, timeout=PATIENCE)
            seen = len(world.telegram.messages)
            world.pixverse.before_answer = lambda account: swing(account, chats)
            return await swings(world, {chat: email for email, chat in chats.items()}, seen, episodes)


def every_of(size: int) -> int:
    """Seconds between two looks at an account: of a crowd, a hundred accounts a second."""
    return max(size // 100, 10)


def accounts_file(world: World, chats: Mapping[str, int]) -> str:
    """Writes an accounts file in which some accounts have chats of their own, and gives its place."""
    tables = [f'[[source.account]]\nemail = "{email}"\nchats = ["{chat}"]\n' for email, chat in chats.items()]
    path = world.folder / "accounts.toml"
    path.write_text("\n".join(['[[source]]\naccounts = "all"\n', *tables]), "utf-8")
    return str(path)


def swing(account: SimulatedAccount, subjects: Container[str]) -> None:
    """Lets a subject run out of credits, and have them again, from look to look."""
    if account.email in subjects:
        account.monthly = FULL if account.monthly == EMPTY else EMPTY


async def swings(world: World, whose: Mapping[int, str], seen: int, episodes: int) -> list[float]:
    """The milliseconds of so many alerts, from the answer that was low to the message in that account's chat."""
    took: list[float] = []
    while len(took) < episodes:
        message = await world.telegram.wait_for("out of credits", timeout=PATIENCE, after=seen)
        seen = world.telegram.messages.index(message, seen) + 1
        low = reversed([one for one in world.pixverse.answers if one.email == whose[message.chat_id]])
        took.append(
            (message.accepted - next(one.at for one in low if one.at < message.accepted and one.credits == EMPTY))
            * 1000
        )
    return took


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
