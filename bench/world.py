"""The world around the measured process: both simulators in this one, the bot or its floor in another.

Everything is timed here, by one monotonic clock: when an answer of the simulated PixVerse is written, and when the
simulated Telegram gives an update or accepts a message.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, cast

from aiohttp import web

from bot.simulator.pixverse import SimulatedAccount, SimulatedPixVerse
from bot.simulator.telegram.model import Json
from bot.simulator.telegram.params import Params
from bot.simulator.telegram.service import SimulatedChat, SimulatedTelegram

ROOT = Path(__file__).parents[1]
USEAPI_TOKEN = "user:1-made-up-for-the-bench"
BOT_TOKEN = "1:made-up-for-the-bench-and-nothing-else"
CHAT, GROUP = 7, -7
EMAIL = "alice@example.com"
FULL, EMPTY = 12_450, 0
STOP_WAIT = 15.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A look that was answered: just before its first byte was written, at whom, and the credits it told."""

    at: float
    email: str
    credits: int


class TimedPixVerse(SimulatedPixVerse):
    """The simulated PixVerse, which notes when it answers; of many accounts it lists what the bot reads of each."""

    def __init__(self) -> None:
        super().__init__(USEAPI_TOKEN)
        self.account = self.add(SimulatedAccount(EMAIL, monthly=FULL))
        self.answers: list[Answer] = []
        self.before_answer: Callable[[SimulatedAccount], None] = lambda _: None
        """Called with an account just before it is asked for, and may change it."""

    def crowd(self, count: int) -> None:
        """Adds accounts until there are so many."""
        for email in emails(count)[1:]:
            self.add(SimulatedAccount(email, monthly=FULL))

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """The simulator's own pages, timed."""
        for route in super().routes():
            if isinstance(route, web.RouteDef):
                yield web.route(route.method, route.path, self._timed(cast("Handler", route.handler)), **route.kwargs)

    def _timed(self, handler: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            account = self.accounts.get(request.query.get("email", ""))
            if account is not None:
                self.before_answer(account)
            response = await handler(request)
            if account is not None:
                self.answers.append(Answer(time.monotonic(), account.email, account.monthly))
            await response.prepare(request)
            await response.write_eof()
            return response

        return serve

    def _listing(self, _request: web.Request) -> web.Response:
        """Many entries at full length would be more than the bot reads of one answer."""
        return web.json_response({email: {"email": email} for email in self.accounts})


class TimedTelegram(SimulatedTelegram):
    """The simulated Telegram, which notes when it gives updates to the bot."""

    def __init__(self, *, limits: bool) -> None:
        super().__init__(BOT_TOKEN, limits=limits)
        self.given: list[float] = []

    async def _get_updates(self, params: Params) -> list[Json]:
        updates = await super()._get_updates(params)
        self.given += [time.monotonic()] * len(updates)
        return updates


@dataclass
class World:
    """Both simulators and a folder for databases, as an async context manager. ``limits`` are Telegram's."""

    accounts: int = 1
    limits: bool = False
    pixverse: TimedPixVerse = field(default_factory=TimedPixVerse)
    telegram: TimedTelegram = field(init=False)
    _folder: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    _databases: int = 0

    def __post_init__(self) -> None:
        self.telegram = TimedTelegram(limits=self.limits)
        self.pixverse.crowd(self.accounts)

    async def __aenter__(self) -> Self:
        self.telegram.add_chat(SimulatedChat(CHAT, title="Ann"))
        self.telegram.add_chat(SimulatedChat(GROUP, type="group", title="Studio"))
        await self.pixverse.start()
        await self.telegram.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pixverse.stop()
        await self.telegram.stop()
        self._folder.cleanup()

    @property
    def folder(self) -> Path:
        """Where this world keeps its files."""
        return Path(self._folder.name)

    def new_database(self) -> str:
        """The address of a database that is not there yet."""
        self._databases += 1
        return f"sqlite:///{self.folder}/{self._databases}.db"

    @asynccontextmanager
    async def bot(self, **settings: str) -> AsyncIterator[int]:
        """The real bot as a process, with these settings; gives its process id."""
        async with self.process("bot", "run", env=self.settings(**settings)) as process:
            yield process.pid

    def settings(self, **settings: str) -> dict[str, str]:
        """The settings of a bot in this world, some of them given."""
        return {
            "USEAPI_TOKEN": USEAPI_TOKEN,
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_CHAT_IDS": str(CHAT),
            "USEAPI_URL": self.pixverse.url,
            "TELEGRAM_API_URL": self.telegram.url,
            "HTTP_LISTEN": "127.0.0.1:0",
            "LOG_LEVEL": "WARNING",
            "DATABASE_URL": self.new_database(),
            **settings,
        }

    @asynccontextmanager
    async def process(
        self, module: str, *arguments: str, env: dict[str, str] | None = None
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """A module run by this Python in a process of its own, told to stop at the end.

        Nothing of this process's environment reaches it but where programs are, so that every run is alike; above all
        no PYTHONDONTWRITEBYTECODE, with which each start would compile everything anew.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=self._folder.name,
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT), **(env or {})},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                async with asyncio.timeout(STOP_WAIT):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def emails(count: int) -> list[str]:
    """So many accounts, the first of them Alice's."""
    return [EMAIL, *(f"user{number:05}@example.com" for number in range(1, count))][:count]
