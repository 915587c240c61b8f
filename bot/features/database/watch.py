"""Watches the database: tests whether it can be used again, restores a deleted file, and alerts the owner.

Its messages go straight to Telegram and to the second channel, because the outbox is in the database.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bot.domain.chats import Chat
from bot.domain.database_trouble import DatabaseTrouble, Failing
from bot.features.fallback.sender import Channel, PlainMessage
from bot.outbox.results import Migrated, SendResult, Sent
from bot.storage import chats
from bot.storage.database import Store
from bot.support.backoff import USUAL
from bot.support.errors import DatabaseBusyError, DatabaseUnusableError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
TRY_EVERY_S = 5.0
AGAIN_AFTER_S = 600.0
"""The shortest time between two alerts of a trouble that comes and goes; a worse one is sent at once."""

LAST_WORDS_S = 5.0
"""Seconds for the last message of a bot that has to end."""

WRITTEN = "written"
"""The mark that proves a successful write."""


@dataclass(frozen=True, slots=True)
class Words:
    """Texts about the state of the database; each message has a ``text``."""

    trouble: Callable[[Failing], Any]
    restored: Callable[[], Any]
    usable: Callable[[timedelta], Any]


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways to the owner: ``send`` posts to a chat and raises nothing, ``courier`` is the second channel."""

    chats: Callable[[], Iterable[Chat]]
    send: Callable[[Any, Chat], Awaitable[SendResult]]
    courier: Channel | None = None


class DatabaseWatch:
    """Checks the database each second, and whether its file still stands in its place."""

    def __init__(
        self,
        store: Store,
        words: Words,
        ways: Ways,
        clock: Callable[[], datetime],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """``timer`` counts seconds and never jumps; ``clock`` returns aware UTC."""
        self._store = store
        self._words = words
        self._ways = ways
        self._clock = clock
        self._timer = timer
        self.backoff = USUAL
        self._next_try = 0.0
        self._told: Failing | None = None
        self._told_at: float | None = None
        self._reached: set[Chat] = set()
        self._sending: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Watches until cancelled. Raises DatabaseUnusableError if only another start helps."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            if self._sending:
                self._sending.cancel()

    async def look(self) -> None:
        """Tries to fix a trouble, and reports it once."""
        self._store.look_at_file()
        failing = self._store.standing.failing
        if failing:
            await self._mend(failing)
        now_failing = self._store.standing.failing
        if now_failing:
            await self._tell(now_failing)
        elif failing and failing.trouble is DatabaseTrouble.DELETED and not self._told:
            self._say(self._words.restored(), self._ways.chats())
        elif self._told:
            lasted = timedelta(seconds=self._timer() - self._told.since)
            self._told = None
            self._say(self._words.usable(lasted), self._reached)

    async def _mend(self, failing: Failing) -> None:
        """Restores a deleted file, and tests a write where that can work again."""
        if self._timer() < self._next_try:
            return
        with suppress(DatabaseBusyError):  # it is logged already
            if failing.trouble is DatabaseTrouble.DELETED:
                await self._store.put_back()
                self._store.look_at_file()
            elif failing.trouble is DatabaseTrouble.REPLACED:
                await self._store.let_go()
            elif failing.trouble.passes:
                async with self._store.write() as connection:
                    await chats.mark(connection, WRITTEN, self._clock())
        if self._store.standing.failing:
            self._next_try = self._timer() + TRY_EVERY_S

    async def _tell(self, failing: Failing) -> None:
        """Reports a trouble that people have to know, once."""
        if not self._store.standing.problem or not self._is_news(failing):
            return
        if failing.trouble is not DatabaseTrouble.REPLACED:
            self._say(self._words.trouble(failing), self._ways.chats())
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await self._send(self._words.trouble(failing), self._ways.chats())
            raise DatabaseUnusableError(f"{self._store.standing.path}: {failing.words}.")
        self._told, self._told_at = failing, self._timer()

    def _is_news(self, failing: Failing) -> bool:
        """True if a trouble is unreported: it began, and not just after another one; or it is a worse one."""
        if self._told:
            return failing.trouble > self._told.trouble
        return self._told_at is None or self._timer() - self._told_at >= AGAIN_AFTER_S

    def _say(self, message: Any, to: Iterable[Chat]) -> None:
        """Sends a message in the background, in place of one that is still on its way."""
        if self._sending:
            self._sending.cancel()
        self._sending = asyncio.create_task(self._send(message, tuple(to)), name="tell of the database")

    async def _send(self, message: Any, to: Iterable[Chat]) -> None:
        """Sends a message to each chat until it has it, and once by the second channel."""
        self._reached = set()
        await asyncio.gather(*(self._send_to(message, chat) for chat in to), self._by_courier(message))

    async def _send_to(self, message: Any, chat: Chat) -> None:
        """Sends to one chat, wherever it has migrated."""
        for failures in count(1):
            match await self._ways.send(message, chat):
                case Sent():
                    self._reached.add(chat)
                    return
                case Migrated(new):
                    chat = Chat(new)
                case _:
                    await asyncio.sleep(self.backoff.wait(failures))

    async def _by_courier(self, message: Any) -> None:
        """The same text, plain."""
        if self._ways.courier:
            title, _, body = message.text.partition("\n")
            await self._ways.courier.carry(PlainMessage(title, body))
