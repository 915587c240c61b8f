"""A world for the bot: a simulated useapi.net, a simulated Telegram, a folder, and the bot in it.

``start`` runs the real program as a process, by the real clock. ``host`` runs the very same parts inside the test,
by a clock that the test moves: what needs no process of its own is tried there, for a process takes two seconds to
start.
"""

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.app import App
from bot.cli.check import check_accounts
from bot.cli.doctor.examine import examine
from bot.config.load import load_settings
from bot.outbox.results import RefusalSchedule
from bot.simulator.pixverse import SimulatedAccount, SimulatedPixVerse
from bot.simulator.telegram.service import SimulatedChat, SimulatedMessage, SimulatedTelegram
from bot.telegram.text.replies import Status

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which something that was to happen counts as not happening; machines are slow at times."""

USEAPI_TOKEN = "user:4711-MARKEDUSEAPI0123456789"
TELEGRAM_TOKEN = "4242424242:AAMARKEDTELEGRAM-abcdefghijklmnopqrs"
ANN, BOB = 7, 8
"""Two private chats; Ann's is the one that the bot tells by default."""
GROUP = -1001
CREATOR, ADMIN, MEMBER = 21, 22, 23
EVERY = timedelta(minutes=15)
TICK = timedelta(seconds=0.05)
SHORT_REFUSALS = RefusalSchedule((0.1, 0.2, 0.4), steady=0.6, steady_for=36, rare=9, sign_pause=0.1)
"""A hundredth of the real waits."""

_PORT = re.compile(r"Health and metrics at http://\S+:(\d+)/healthz")


class Clock:
    """A clock that a test moves; by itself it creeps, so that no look falls due while a slow machine is at work."""

    def __init__(self) -> None:
        self.speed = 0.01
        self._begun = datetime.now(UTC)
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._begun + (datetime.now(UTC) - self._begun) * self.speed + self._ahead

    def advance(self, by: timedelta) -> None:
        """Let time pass at once."""
        self._ahead += by


@dataclass(frozen=True)
class Page:
    """What one of the bot's pages answered."""

    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        """The page as JSON."""
        page: dict[str, Any] = json.loads(self.text)
        return page


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    err: str


async def until(
    true: Callable[[], bool | Awaitable[bool]],
    what: str | Callable[[], str],
    timeout: float = PATIENCE,  # noqa: ASYNC109
) -> None:
    """Return as soon as something holds."""
    deadline = time.monotonic() + timeout
    while True:
        holds = true()
        if holds if isinstance(holds, bool) else await holds:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(0.02)


class Bot:
    """What a running bot can be asked, wherever it runs."""

    world: "World"
    listens = True

    @property
    def log(self) -> str:
        """All it has logged."""
        raise NotImplementedError

    async def end(self) -> None:
        """End it, if it has not ended yet."""
        raise NotImplementedError

    @property
    def port(self) -> int | None:
        """Where its pages are, once they are."""
        found = _PORT.search(self.log)
        return int(found[1]) if found else None

    async def logged(self, text: str) -> None:
        """Wait until the log holds a text."""
        await until(lambda: text in self.log, lambda: f"{text!r} in the log:\n{self.log}")

    async def page(self, path: str) -> Page:
        """Ask for one of its pages."""
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}{path}") as answer:
            return Page(answer.status, await answer.text())

    async def health(self) -> dict[str, Any]:
        """What /healthz says."""
        return (await self.page("/healthz")).json

    async def looks(self) -> int:
        """How many looks it has saved, by /metrics."""
        text = (await self.page("/metrics")).text
        counts = re.findall(r"^credit_bot_checks_total\{.*\} (\S+)$", text, re.MULTILINE)
        return int(sum(map(float, counts)))

    async def saved(self, count: int) -> None:
        """Wait until so many looks are saved."""

        async def enough() -> bool:
            return await self.looks() >= count

        await until(enough, f"{count} looks saved")

    async def quiet(self) -> None:
        """Wait until nothing waits to be delivered."""

        async def empty() -> bool:
            return bool((await self.health())["outbox"] == 0)

        await until(empty, "the outbox is empty")

    async def recorded(self, *chats: int) -> None:
        """Wait until all that Telegram has taken is recorded as such: it shows a message before the bot knows that.

        Without ``chats`` that is each chat that does not refuse; before time passes at once, this has to be so.
        """

        def is_recorded() -> bool:
            with closing(sqlite3.connect(self.world.database)) as connection:
                rows = connection.execute("SELECT chat_id FROM outbox WHERE state IN ('pending', 'sending')")
                waiting = {chat for (chat,) in rows}
            refusing = set() if chats else {chat.id for chat in self.world.telegram.chats.values() if chat.blocked}
            return not ((set(chats) & waiting) if chats else waiting - refusing)

        await until(is_recorded, "what was delivered is recorded")

    async def asked(self, text: str, chat_id: int = ANN, **who: Any) -> str:
        """Say something in a chat, and return the bot's next message there, which is the answer if nothing fires."""
        return (await self.answer(text, chat_id, **who)).text

    async def answer(self, text: str, chat_id: int = ANN, **who: Any) -> SimulatedMessage:
        """The same, as a message."""
        telegram = self.world.telegram
        before = len(telegram.messages)
        telegram.say(chat_id, text, **who)
        return await telegram.wait_for(lambda _: True, PATIENCE, chat_id, before)


async def answering(bot: Bot, status: int) -> Page:
    """What /healthz says, once it answers so."""
    page = await bot.page("/healthz")

    async def answers() -> bool:
        nonlocal page
        page = await bot.page("/healthz")
        return page.status == status

    await until(answers, lambda: f"/healthz answers {status}: {page.text}")
    return page


class HostedBot(Bot):
    """The bot's parts in the test's own event loop, by the world's clock."""

    def __init__(self, world: "World", settings: dict[str, str], refusals: RefusalSchedule) -> None:
        self.world = world
        self.settings = load_settings(environ=settings)
        self._refusals = refusals
        self._app: App
        self.listens = self.settings.http_listen is not None
        self._stop = asyncio.Event()
        self._written = StringIO()
        self._handler = logging.StreamHandler(self._written)
        self.ended: asyncio.Task[None] | None = None

    @property
    def log(self) -> str:
        """All it has logged."""
        return self._written.getvalue()

    async def begin(self) -> None:
        """Start it, and wait until it works. Raises what it raises."""
        logger = logging.getLogger("bot")
        logger.addHandler(self._handler)
        logger.setLevel(logging.DEBUG)
        self.ended = asyncio.create_task(self._live())
        await until(self._begun, "the bot has started")
        if self.ended.done():
            await self.ended

    def _begun(self) -> bool:
        assert self.ended
        return self.ended.done() or "Talking as" in self.log or "trying again" in self.log

    async def _live(self) -> None:
        async with App(self.settings, self.world.clock, TICK, refusals=self._refusals) as app:
            self._app = app
            await app.run(self._stop)

    async def status(self) -> Status:
        """What /status would say, without a chat."""
        return await self._app.service.status()

    async def looks(self) -> int:
        """How many looks it has saved, by what /metrics would say: this is asked many times a second."""
        counted = (sample for metric in self._app._metrics.looks.collect() for sample in metric.samples)
        return int(sum(sample.value for sample in counted if sample.name.endswith("_total")))

    async def round(self, looks: int | None = None) -> None:
        """Let an interval pass, and wait until everyone was looked at (or so many were) and that is saved."""
        before = await self.looks()
        self.world.clock.advance(EVERY)
        await self.saved(before + (len(self.world.pixverse.accounts) if looks is None else looks))

    async def stop(self) -> None:
        """Stop it as a signal would."""
        assert self.ended
        self._stop.set()
        try:
            await self.ended
        finally:
            logging.getLogger("bot").removeHandler(self._handler)
            logging.getLogger("bot").setLevel(logging.NOTSET)

    async def end(self) -> None:
        """End it, if it has not ended yet."""
        if self.ended and not self.ended.done():
            await self.stop()
        logging.getLogger("bot").removeHandler(self._handler)
        logging.getLogger("bot").setLevel(logging.NOTSET)


class ProcessBot(Bot):
    """The bot as a process."""

    def __init__(self, world: "World", process: asyncio.subprocess.Process, written: Path) -> None:
        self.world = world
        self.process = process
        self._written = written

    @property
    def log(self) -> str:
        """All it has logged."""
        return self._written.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    async def ready(self) -> None:
        """Wait until it talks to Telegram."""
        await until(lambda: self.process.returncode is not None or "Talking as" in self.log, "the bot has started")
        assert self.process.returncode is None, self.log

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it by a signal, and return its exit code."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.kill_now()
        await self.process.wait()

    def kill_now(self) -> None:
        """The same at this very moment, in the middle of whatever it does."""
        os.kill(self.pid, signal.SIGKILL)

    async def end(self) -> None:
        """End it, if it has not ended yet."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            await self.kill()


class World:
    """Both simulators, a folder with a database, and the settings that belong to them."""

    def __init__(self, folder: Path, template: Path, *, limits: bool = False) -> None:
        """``template`` is a database at the present schema, which spares each test the migration."""
        self.folder = folder
        self.template = template
        self.clock = Clock()
        self.pixverse = SimulatedPixVerse(USEAPI_TOKEN, self.clock)
        self.telegram = SimulatedTelegram(TELEGRAM_TOKEN, limits=limits)
        self.telegram.add_chat(SimulatedChat(ANN, title="Ann"))
        self.telegram.add_chat(SimulatedChat(BOB, title="Bob"))
        people = {"members": {MEMBER}, "admins": {ADMIN}, "creator": CREATOR}
        self.telegram.add_chat(SimulatedChat(GROUP, "supergroup", "Team", is_forum=True, **people))  # type: ignore[arg-type]
        for user, name in ((ANN, "Ann"), (BOB, "Bob"), (CREATOR, "Cleo"), (ADMIN, "Ada"), (MEMBER, "Max")):
            self.telegram.name(user, name)
        self.database = folder / "credit-bot.db"
        self._bots: list[Bot] = []
        self.refusals = SHORT_REFUSALS
        """When a hosted bot tries a chat again that refuses."""

    def accounts(self, *names: str, **values: Any) -> list[SimulatedAccount]:
        """Configure accounts of these names at example.com, alike."""
        return [self.pixverse.add(SimulatedAccount(f"{name}@example.com", **values)) for name in names]

    def environment(self, settings: dict[str, object]) -> dict[str, str]:
        """The settings for this world, with some of a test's own."""
        ours = {
            "USEAPI_TOKEN": USEAPI_TOKEN,
            "TELEGRAM_BOT_TOKEN": TELEGRAM_TOKEN,
            "USEAPI_URL": self.pixverse.url,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_CHAT_IDS": ANN,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "HTTP_LISTEN": "127.0.0.1:0",
        }
        return {name: str(value) for name, value in (ours | settings).items()}

    def greeted(self, *chats: int) -> None:
        """Lay down the database, with these chats greeted before: no greeting stands in a test's way."""
        shutil.copy(self.template, self.database)
        connection = sqlite3.connect(self.database)
        with connection:
            rows = [(chat, 0, "2026-01-01 00:00:00.000000") for chat in chats]
            connection.executemany("INSERT INTO chats (chat_id, thread_id, greeted_at) VALUES (?, ?, ?)", rows)
        connection.close()

    async def host(self, **settings: object) -> HostedBot:
        """Start the bot inside the test, by the world's clock, with looks every quarter of an hour."""
        bot = HostedBot(self, self.environment(settings), self.refusals)
        self._bots.append(bot)
        await bot.begin()
        if self.pixverse.accounts and bot.listens:
            await self.first_round(bot)
        return bot

    async def first_round(self, bot: HostedBot) -> None:
        """Wait until everybody was looked at once, or the list could not be read."""

        async def over() -> bool:
            return "cannot be read" in bot.log or await bot.looks() >= len(self.pixverse.accounts)

        await until(over, "a first round")

    async def start(self, *, ready: bool = True, script: str | None = None, **settings: object) -> ProcessBot:
        """Start the bot as a process, with looks every second; ``script`` is Python that runs it, with a defect."""
        wanted = {"CHECK_EVERY": "1s", **settings}
        written = self.folder / f"bot-{len(self._bots)}.log"
        how = ("run",) if script is None else ("-c", script)
        with written.open("wb") as log:
            process = await self._program(*how, settings=wanted, stdout=log, stderr=log)
        bot = ProcessBot(self, process, written)
        self._bots.append(bot)
        if ready:
            await bot.ready()
        return bot

    async def check(self, *names: str, as_json: bool = False, **settings: object) -> Ended:
        """What ``credit-bot check`` says, without its process; test_check_command.py starts the real one."""
        loaded = load_settings(environ=self.environment(settings))
        text, code = await check_accounts(loaded, names, as_json=as_json)
        return Ended(code, f"{text}\n", "")

    async def doctor(self, **settings: object) -> Ended:
        """What ``credit-bot doctor`` says, without its process; test_accounts_file.py starts the real one."""
        lines = list[str]()
        code = await examine(load_settings(environ=self.environment(settings)), lines.append)
        return Ended(code, "\n".join(lines), "")

    async def run(self, *arguments: str, **settings: object) -> Ended:
        """Run a command as a process to its end."""
        pipe = asyncio.subprocess.PIPE
        process = await self._program(*arguments, settings=settings, stdout=pipe, stderr=pipe)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def _program(
        self, *arguments: str, settings: dict[str, object], stdout: Any, stderr: Any
    ) -> asyncio.subprocess.Process:
        environment = {**os.environ, **self.environment(settings)}
        how = arguments if arguments[0] == "-c" else ("-m", "bot", *arguments)
        return await asyncio.create_subprocess_exec(
            sys.executable, *how, cwd=self.folder, env=environment, stdout=stdout, stderr=stderr
        )

    async def told(self, text: str, chat_id: int = ANN, after: int = 0) -> SimulatedMessage:
        """Wait for a message that contains a text."""
        return await self.telegram.wait_for(text, PATIENCE, chat_id, after)

    def count(self, text: str, chat_id: int = ANN) -> int:
        """How many messages of a chat contain a text."""
        return sum(text in said for said in self.telegram.texts(chat_id))

    async def end(self) -> None:
        """End everything that was started."""
        for bot in self._bots:
            await bot.end()
        await self.pixverse.stop()
        await self.telegram.stop()
