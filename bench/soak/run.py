"""One soak: the simulators, the people and the troubles here, the bot in its own process, and a sample a second."""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bench.soak.clock import SPEED, FastClock
from bench.soak.fleet import Owners, settle
from bench.soak.gauges import Sample, sample
from bench.soak.people import People
from bench.soak.trouble import Services, go_wrong
from bot.demo import chats
from bot.simulator.pixverse import SimulatedPixVerse
from bot.simulator.telegram.service import SimulatedTelegram

ROOT = Path(__file__).parents[2]
USEAPI_TOKEN = "user:1-made-up-for-the-soak"
BOT_TOKEN = "1000:made-up-for-the-soak-and-nothing-else"
DATABASE = "soak.db"
CHECK_EVERY = timedelta(minutes=15)
STOP_WAIT = 30.0
LEAST_SAMPLES = 4
SCRAPE_EVERY = 15.0
"""Seconds between two looks at /metrics, as Prometheus does."""


class BotEndedError(Exception):
    """The bot ended before it was told to; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: for how many real seconds, with how many accounts, and how many seconds lie between events."""

    seconds: float
    accounts: int = 1000
    seed: int = 1
    speed: float = SPEED
    trouble_every: float = 15.0
    question_every: float = 10.0
    silence_every: float = 60.0
    trace: bool = False


@dataclass
class Result:
    """What came of it."""

    samples: list[Sample] = field(default_factory=list)
    counted: dict[str, float] = field(default_factory=dict)
    """The bot's own counters, summed over their labels, as /metrics last had them."""
    troubles: dict[str, int] = field(default_factory=dict)
    questions: int = 0
    silences: int = 0
    messages: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    """What the database held at the end, by table."""
    exit_code: int | None = None
    log: str = ""


class Soak:
    """Runs a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock = FastClock(time.monotonic(), plan.speed)
        self._pixverse = SimulatedPixVerse(USEAPI_TOKEN, self._clock)
        self._telegram = SimulatedTelegram(BOT_TOKEN, clock=self._clock)
        self._services = Services(self._pixverse, self._telegram, Random(f"{plan.seed} troubles"))
        self.result = Result(troubles=self._services.happened)

    async def run(self) -> Result:
        """The whole of it. Raises BotEndedError."""
        emails = settle(self._pixverse, Random(f"{self._plan.seed} fleet"), self._plan.accounts)
        chats.settle(self._telegram)
        people = People(self._telegram, emails, Random(f"{self._plan.seed} people"))
        with TemporaryDirectory() as folder:
            async with self._pixverse, self._telegram, self._bot(Path(folder)) as process:
                port = json.loads(await self._line(process, Path(folder)))["port"]
                async with going_on(*self._happenings(people), self._monitor(port)):
                    await self._watch(process, Path(folder))
                    await self._count(port)
            self.result.exit_code = process.returncode
            self.result.log = log_of(Path(folder))
            self.result.rows = rows_of(Path(folder) / DATABASE)
        self.result.questions, self.result.silences = people.asked, people.silenced
        self.result.messages = len(self._telegram.messages)
        return self.result

    def _happenings(self, people: People) -> list[Coroutine[Any, Any, None]]:
        """What goes on beside the bot."""
        plan = self._plan
        owners = Owners(self._pixverse, Random(f"{plan.seed} owners"))
        return [
            go_wrong(self._services, plan.trouble_every),
            people.ask(plan.question_every),
            people.silence(plan.silence_every),
            keep_house(owners, self._clock.real(timedelta(hours=1))),
        ]

    @asynccontextmanager
    async def _bot(self, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
        """The bot, told to stop at the end."""
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bench.soak.bot", repr(self._clock.zero), repr(self._clock.speed)),
                cwd=folder,
                env=self._environment(folder),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        try:
            yield process
        finally:
            await end(process)

    def _environment(self, folder: Path) -> dict[str, str]:
        """The bot's settings, as a user gives them."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "MALLOC_ARENA_MAX": "2",  # as the image and the systemd unit have it
            "USEAPI_TOKEN": USEAPI_TOKEN,
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_CHAT_IDS": ",".join(place.setting for place in chats.PLACES),
            "USEAPI_URL": self._pixverse.url,
            "TELEGRAM_API_URL": self._telegram.url,
            "HTTP_LISTEN": "127.0.0.1:0",
            "LOG_LEVEL": "WARNING",
            "CHECK_EVERY": f"{CHECK_EVERY.total_seconds():.0f}s",
            "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
            "HISTORY_DAYS": "1",
            "QUIET_HOURS": "22:00-08:00",
            "DIGEST_AT": "09:00",
            "TIMEZONE": "Europe/Berlin",
            "SOAK_TRACE_AFTER": str(self._plan.seconds / 2) if self._plan.trace else "",
        }

    async def _watch(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        """A sample for each line of the bot, until the time is over."""
        began = time.monotonic()
        at = 0.0
        while at < self._plan.seconds or len(self.result.samples) < LEAST_SAMPLES:
            line = json.loads(await self._line(process, folder))
            at = time.monotonic() - began
            self.result.samples.append(sample(at, line, process.pid, folder / DATABASE))
            self._forget()

    async def _line(self, process: asyncio.subprocess.Process, folder: Path) -> bytes:
        """The bot's next line."""
        assert process.stdout
        line = await process.stdout.readline()
        if not line:
            raise BotEndedError(log_of(folder)[-3000:])
        return line

    def _forget(self) -> None:
        """The simulators note what they are asked, which a test wants to know; here it would only grow."""
        self._pixverse.requests.clear()
        self._telegram.calls.clear()
        self._telegram.callback_answers.clear()

    async def _monitor(self, port: int) -> None:
        """Looks at both pages now and then. Where nobody answers, the bot has ended, and its missing line says so."""
        while True:
            await asyncio.sleep(SCRAPE_EVERY)
            with suppress(aiohttp.ClientError, TimeoutError):
                await self._count(port)

    async def _count(self, port: int) -> None:
        """Asks the bot for its health and its counters."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/healthz") as response:
                await response.read()
            async with session.get("/metrics") as response:
                self.result.counted = counters(await response.text())


def counters(text: str) -> dict[str, float]:
    """The counters of a /metrics page, each summed over its labels; those of looks also by their result."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        bare = name.partition("{")[0]
        if line.startswith("#") or not bare.endswith("_total"):
            continue
        found[bare] = found.get(bare, 0) + float(value)
        if bare != name:
            found[name] = float(value)
    return found


async def keep_house(owners: Owners, every: float) -> None:
    """Lets the owners act."""
    while True:
        await asyncio.sleep(every)
        owners.act()


@asynccontextmanager
async def going_on(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Lets these go on for as long as the body does. What fails among them is raised at the end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def end(process: asyncio.subprocess.Process) -> None:
    """Stops the bot as systemd does, and takes what it still says."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_WAIT):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()


def rows_of(database: Path) -> dict[str, int]:
    """How many rows each table has, those without any left out."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}
    return {name: count for name, count in counts.items() if count}


def log_of(folder: Path) -> str:
    """What the bot logged."""
    return (folder / "log").read_text("utf-8", "replace")
