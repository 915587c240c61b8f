"""A fleet falls in one round, under Telegram's limits: whether everyone is named, in how many messages, how soon.

The floor is what the pace permits at best: every name and number, in as few full messages as hold them, one a second
(in a group twenty a minute), the first of them at once.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import Point, Row, counted
from bench.stock import stocked
from bench.world import CHAT, GROUP, World, emails
from bot.simulator.pixverse import SimulatedAccount
from bot.simulator.telegram.rules import LONGEST_TEXT
from bot.simulator.telegram.service import SimulatedMessage

LOW = 180
EVERY = 60
"""Seconds from look to look, so also of the round in which everyone falls."""

PATIENCE = 1800.0
FEW = 100
"""Storms of no more than this disturb each other in nothing, so they are measured together."""

NAME = re.compile(r"[\w.]+@example\.com")
LONGEST_ENTRY = len(f"{emails(2)[-1]} ({LOW}), ")
PACES = {CHAT: 1.0, GROUP: 3.0}


@dataclass(frozen=True, slots=True)
class Storm:
    """What became of it.

    Seconds from the first low reading to the last message that named somebody, messages that did, how often somebody
    was not named or named again, and how often Telegram refused a message for its pace.
    """

    seconds: float
    messages: int
    unnamed: int
    again: int
    refused: int


async def measure(sizes: Sequence[int], chats: Sequence[int] = (CHAT, GROUP)) -> list[Row]:
    """Storms of so many accounts, each in a chat of every kind."""
    rows = []
    for size in sizes:
        if size <= FEW:
            storms = await asyncio.gather(*(storm(size, chat) for chat in chats))
        else:
            storms = [await storm(size, chat) for chat in chats]
        rows += [row(size, chat, one) for chat, one in zip(chats, storms, strict=True)]
    return rows


def row(size: int, chat: int, storm: Storm) -> Row:
    """How one storm was told."""
    messages, seconds = floor_of(size, chat)
    where = "group" if chat < 0 else "person"
    missed = f", {storm.unnamed:,} not named" if storm.unnamed else ""
    again = f", {storm.again:,} named twice" if storm.again else ""
    refused = f", {storm.refused} refused" if storm.refused else ""
    return Row(
        f"storm, {counted(size)} fall in {EVERY} s, told to a {where}",
        f"{storm.seconds:.0f} s",
        f"{storm.messages} messages{missed}{again}{refused}" + ("" if missed or again else ", each named once"),
        f"{seconds:.0f} s, {messages} messages",
        "all named",
        Point("storm", size, storm.seconds, seconds, line=f"to a {where}"),
    )


def floor_of(size: int, chat: int) -> tuple[int, float]:
    """The fewest messages that hold all names with their numbers, and the seconds until the last may be sent."""
    messages = -(-size * LONGEST_ENTRY // LONGEST_TEXT)
    waits = 60.0 * ((messages - 1) // 20) + (messages - 1) % 20 if chat < 0 else float(messages - 1)
    return messages, max(waits, EVERY if size > 1 else 0)


async def storm(size: int, chat: int) -> Storm:
    """Everyone has plenty, and from one moment on is low."""
    async with World(accounts=size, limits=True) as world:
        database = await stocked(world.folder / "stocked.db", size, 1)
        settings = {"TELEGRAM_CHAT_IDS": str(chat), "RUNS_OUT_WITHIN": "", "PLAN_ENDS_WITHIN": ""}
        async with world.bot(CHECK_EVERY=f"{EVERY}s", DATABASE_URL=database, **settings):
            await world.pixverse.wait_for_looks(count=size + 1, timeout=PATIENCE)
            answered, told = len(world.pixverse.answers), len(world.telegram.messages)
            world.pixverse.before_answer = fall
            await everyone_named(world, told, size)
            return judged(world, answered, told)


def fall(account: SimulatedAccount) -> None:
    """It has little left."""
    account.monthly = LOW


async def everyone_named(world: World, told: int, size: int) -> None:
    """Returns once so many accounts stand in messages after the first so many."""
    seen: set[str] = set()

    def all_seen(message: SimulatedMessage) -> bool:
        seen.update(NAME.findall(message.text))
        return len(seen) >= size

    try:
        await world.telegram.wait_for(all_seen, timeout=PATIENCE, after=told)
    except TimeoutError:
        return


def judged(world: World, answered: int, told: int) -> Storm:
    """How it was told."""
    first = next(one.at for one in world.pixverse.answers[answered:] if one.credits == LOW)
    messages = [(message.accepted, NAME.findall(message.text)) for message in world.telegram.messages[told:]]
    naming = [(at, names) for at, names in messages if names]
    named = Counter(name for _, names in naming for name in names)
    return Storm(
        seconds=max((at for at, _ in naming), default=first) - first,
        messages=len(naming),
        unnamed=len(world.pixverse.accounts) - len(named),
        again=sum(named.values()) - len(named),
        refused=len([name for name, _ in world.telegram.calls if name == "sendMessage"]) - len(world.telegram.messages),
    )
