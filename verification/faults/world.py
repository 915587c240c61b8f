"""One history's world: both services, a folder with a database, and one life of the bot after another."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from math import inf
from pathlib import Path

from bot.simulator.pixverse import Fault
from bot.simulator.telegram.service import SimulatedChat
from tests.support.moved_clock import MovedClock, library
from verification.faults.launch import CLOCK, DATABASE
from verification.faults.process import Life, begin
from verification.faults.services import Door, RecordedPixVerse, RecordedTelegram
from verification.oracle.told import Asked
from verification.oracle.truth import Wish

USEAPI_TOKEN = "user:4711-MARKEDUSEAPI0123456789"
TELEGRAM_TOKEN = "4242424242:AAMARKEDTELEGRAM-abcdefghijklmnopqrs"
ANN, STRANGER = 7, 66
GROUP, NEW_GROUP = -1001, -1001000000002
CREATOR = 21
Span = tuple[float, float]
AFTERMATH = 1.5
"""Seconds after a trouble's end in which it may still be felt: the longest wait between two tries, and a little."""
PATIENCE = 60.0
"""Seconds after which what was to happen counts as not happening; machines are slow at times."""


class World:
    """Everything around the bot, and the bot."""

    def __init__(self, folder: Path, chats: tuple[int, ...], settings: dict[str, str], defect: str | None) -> None:
        """``chats`` are told of everything; a ``defect`` is put into the bot."""
        self.folder = folder
        self.chats = chats
        self.defect = defect
        self.pixverse = RecordedPixVerse(USEAPI_TOKEN)
        self.telegram = RecordedTelegram(TELEGRAM_TOKEN)
        self.pixverse_door, self.telegram_door = Door(self.pixverse), Door(self.telegram)
        self.telegram.add_chat(SimulatedChat(ANN, title="Ann"))
        self.telegram.add_chat(SimulatedChat(STRANGER, title="Eve"))
        self.telegram.add_chat(SimulatedChat(GROUP, "group", "Team", members={STRANGER}, creator=CREATOR))
        self.lives: list[Life] = []
        self.moved: dict[int, int] = {}
        self.jumps: list[tuple[float, float]] = []
        """When the bot's clock was set on or back, and by how many seconds."""
        self.troubles: list[Span] = []
        """When the database could not be used."""
        self.freezes: list[Span] = []
        self.hurdles: list[tuple[Span, str | None, bool]] = []
        """When Telegram was in trouble, in which chat (None: in all), and whether that refused."""
        self.unwritable: list[Span] = []
        """When the bot had met a database that cannot be written."""
        self.webhooks: set[int] = set()
        """The lives that have met a webhook."""
        self.healths: list[Asked] = []
        """What the bot's page said of it."""
        self.asked: list[tuple[float, int, str]] = []
        """Who asked what, and when."""
        self.wishes: list[Wish] = []
        """What people wished to hear nothing of."""
        self.complaints: list[str] = []
        """What went wrong apart from the chat, in words."""
        self.offset = 0.0
        self.clock = MovedClock(folder / CLOCK)
        self.began = time.monotonic()
        self.settings = settings
        self._absent = False
        self.database = folder / "credit-bot.db"

    async def open(self, template: Path) -> None:
        """Start both services, and lay down an empty database whose chats were greeted before."""
        await self.pixverse.start()
        await self.telegram.start()
        self.list_truly()
        self.set_clock(0)
        self.spoil_database("")
        shutil.copy(template, self.database)
        with closing(sqlite3.connect(self.database)) as connection, connection:
            rows = [(chat, 0, "2026-01-01 00:00:00.000000") for chat in self.chats]
            connection.executemany("INSERT INTO chats (chat_id, thread_id, greeted_at) VALUES (?, ?, ?)", rows)

    def list_truly(self) -> None:
        """Keep the list of accounts out of the troubles: the history is about the accounts' own pages."""
        self.pixverse.fail(Fault(), accounts_page=True)

    async def close(self) -> None:
        """End everything."""
        for life in self.lives:
            if life.runs:
                life.kill_now()
                await life.end(PATIENCE)
        await self.pixverse.stop()
        await self.telegram.stop()

    @property
    def life(self) -> Life:
        """The present life of the bot, or its last."""
        return self.lives[-1]

    def set_clock(self, offset: float) -> None:
        """Set the bot's clock so many seconds ahead of the true one, at once and whole."""
        if offset != self.offset:
            self.jumps.append((time.monotonic(), offset - self.offset))
        self.offset = offset
        self.clock.set(offset)

    def spoil_database(self, state: str) -> None:
        """Let the database be full or read-only; "" heals it."""
        self._put(DATABASE, state)

    def _put(self, name: str, text: str) -> None:
        new = self.folder / f"{name}.new"
        new.write_text(text)
        new.replace(self.folder / name)

    async def start(self) -> Life:
        """Begin the bot's next life."""
        number = len(self.lives) + 1
        life = await begin(number, self.folder, self._environment(), self.defect)
        self.lives.append(life)
        self.pixverse.life = self.telegram.life = number
        return life

    def _environment(self) -> dict[str, str]:
        return {
            "USEAPI_TOKEN": USEAPI_TOKEN,
            "TELEGRAM_BOT_TOKEN": TELEGRAM_TOKEN,
            "USEAPI_URL": self.pixverse.url,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_CHAT_IDS": ",".join(map(str, self.chats)),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "HTTP_LISTEN": "127.0.0.1:0",
            "CHECK_EVERY": "1s",
            "RUNS_OUT_WITHIN": "",
            **(self.clock.environment if library() else {}),
            **self.settings,
        }

    def ask(self, chat: int, text: str) -> None:
        """Somebody asks in a chat, wherever it is now."""
        chat = self.moved.get(chat, chat)
        self.asked.append((time.monotonic(), chat, text))
        self.telegram.say(chat, text)

    @contextmanager
    def noted(self, spans: list[Span], after: float = AFTERMATH) -> Iterator[None]:
        """A time of trouble, with its aftermath, put down in a list."""
        begun = time.monotonic()
        spans.append((begun, inf))
        place = len(spans) - 1
        try:
            yield
        finally:
            spans[place] = (begun, time.monotonic() + after)

    @contextmanager
    def hurdle(self, chat: int | None = None, *, refuses: bool = False) -> Iterator[None]:
        """A time in which messages do not get through; ``refuses``: for the chat refuses them, in Telegram's words."""
        begun, place = time.monotonic(), len(self.hurdles)
        whose = None if chat is None else str(chat)
        self.hurdles.append(((begun, inf), whose, refuses))
        try:
            yield
        finally:
            self.hurdles[place] = ((begun, time.monotonic() + 2 * AFTERMATH), whose, refuses)

    @asynccontextmanager
    async def absence(self) -> AsyncIterator[None]:
        """A time in which the bot is ended and started on purpose."""
        self._absent = True
        try:
            yield
        finally:
            self._absent = False

    async def keep(self) -> None:
        """Start the bot again wherever it ended by itself, as a service manager does, until cancelled.

        With a database that cannot be used it may end at its start, by 69, and by nothing else.
        """
        while True:
            await asyncio.sleep(0.1)
            if self._absent or self.life.runs:
                continue
            life = self.life
            code = await life.end(PATIENCE)
            if code != 69:
                self.complaints.append(f"life {life.number} ended by itself with {code}: {life.lines[-1:]}")
            await self.start()

    def looks_since(self, moment: float, email: str) -> int:
        """How many looks of the present life at an account began after a moment."""
        mine = self.life.number
        return sum(
            one.email == email and one.life == mine and one.asked > moment for one in reversed(self.pixverse.answers)
        )
