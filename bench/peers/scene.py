"""One contender in one simulated world, in which things happen and are noted as they truly were."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.peers.judge import Event, News, Said
from bench.peers.watching import GROUP, World
from bot.simulator.pixverse import SimulatedAccount, SimulatedPixVerse
from bot.simulator.telegram.service import SimulatedChat, SimulatedTelegram

USEAPI_TOKEN = "user:1-made-up-for-the-comparison"
BOT_TOKEN = "1:made-up-for-the-comparison-and-no-more"
FULL, LOW = 15_000, 180
OWNER = 21
PATIENCE = 60.0
"""Seconds that something may take at most before a scene goes on without it."""


@dataclass
class Scene:
    """The world of one contender, and the truth about it."""

    pixverse: SimulatedPixVerse
    telegram: SimulatedTelegram
    every: float
    """Seconds between two looks at an account."""
    world: World
    events: list[Event] = field(default_factory=list)
    _waited_for: int = 0
    start: Callable[[], Awaitable[None]] = field(init=False)
    kill: Callable[[], None] = field(init=False)

    @property
    def said(self) -> list[Said]:
        """What the chat was told so far."""
        return [Said(message.accepted, message.text) for message in self.telegram.messages]

    def happened(self, news: News, email: str = "") -> Event:
        """Note what is true from now on."""
        event = Event(news, time.monotonic(), email)
        self.events.append(event)
        return event

    def low(self, *emails: str, credits: int = LOW) -> None:
        """Let accounts fall."""
        for email in emails:
            self.pixverse.accounts[email].monthly = credits
            self.happened(News.LOW, email)

    def recover(self, *emails: str) -> None:
        """Let accounts be full again."""
        for email in emails:
            self.pixverse.accounts[email].monthly = FULL
            self.happened(News.ENOUGH, email)

    async def intervals(self, count: float) -> None:
        """Let so many intervals pass."""
        await asyncio.sleep(count * self.every)

    async def looked(self, email: str, times: int = 1) -> None:
        """Wait until an account was asked for so often again."""
        with suppress(TimeoutError):
            await self.pixverse.wait_for_looks(email, self.pixverse.looks(email) + times, PATIENCE)

    async def sending(self) -> None:
        """Wait until it is tried to send the next message."""
        calls = sum(method == "sendMessage" for method, _ in self.telegram.calls)
        with suppress(TimeoutError):
            await self.telegram.wait_for_call("sendMessage", PATIENCE, calls + 1)

    async def told(self, patience: float = PATIENCE) -> None:
        """Wait until what happened since the last call was told, at most so long; then see if it is repeated."""
        with suppress(TimeoutError):
            await self.telegram.wait_for(lambda _: self._all_told(), patience)
        self._waited_for = len(self.events)
        await self.intervals(3)

    def _all_told(self) -> bool:
        said = self.said
        return all(any(message.tells(event) for message in said) for event in self.events[self._waited_for :])

    async def first_round(self) -> None:
        """Wait until every account was looked at."""
        for email in self.world.accounts:
            await self.pixverse.wait_for_looks(email, 1, PATIENCE)


@asynccontextmanager
async def scene(accounts: Iterable[str], every: float) -> AsyncIterator[Scene]:
    """A world with these accounts, all of them full, and a group that holds to Telegram's pace."""
    async with SimulatedPixVerse(USEAPI_TOKEN) as pixverse, SimulatedTelegram(BOT_TOKEN, limits=True) as telegram:
        telegram.add_chat(SimulatedChat(GROUP, "group", "Team", creator=OWNER))
        emails = [pixverse.add(SimulatedAccount(email, monthly=FULL)).email for email in accounts]
        with TemporaryDirectory(prefix="peers-") as folder:
            world = World(Path(folder), pixverse.url, USEAPI_TOKEN, telegram.url, BOT_TOKEN, tuple(emails), every)
            yield Scene(pixverse, telegram, every, world)
