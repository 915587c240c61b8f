"""The menu of commands, in allowed chats only."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import RetryAfter, TelegramError

from bot.domain.chats import Chat
from bot.outbox.results import REFUSALS
from bot.telegram.calls import answered
from bot.telegram.sender import reason_of, seconds_of

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tries:
    """A chat that refuses its menu: since when, its last sign of life, and its next try; seconds of the timer."""

    since: float
    next_at: float
    sign_at: float | None = None


class Menus:
    """Sets the menus. A chat that refuses its menu is tried again by the schedule of refusals."""

    def __init__(
        self,
        bot: Bot,
        chats: Callable[[], tuple[Chat, ...]],
        commands: Sequence[tuple[str, str]],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """``chats`` returns the allowed chats as they are now, ``commands`` are names with their lines."""
        self._bot = bot
        self._chats = chats
        self._menu = [BotCommand(name, line) for name, line in commands]
        self._timer = timer
        self._shown: set[int] = set()
        self._tries: dict[int, Tries] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Sets menus until cancelled."""
        while True:
            self._wake.clear()
            nap = await self.show()
            try:
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def wake(self, alive: int | None = None) -> None:
        """Looks for missing menus at once: the chats changed, or one gave a sign of life."""
        if alive in self._shown:
            return
        if alive in self._tries:
            due = REFUSALS.woken_at(self._tries[alive].sign_at, self._timer())
            self._tries[alive] = Tries(due, due, due)
        self._wake.set()

    async def show(self) -> float | None:
        """Sets the menus that are missing and due; returns the seconds until more are due, None if none is missing."""
        wanted = {chat.chat_id for chat in self._chats()}
        for chat_id in sorted(wanted - self._shown):
            tries = self._tries.get(chat_id)
            if tries is None or tries.next_at <= self._timer():
                await self._show_in(chat_id)
        self._tries = {chat_id: tries for chat_id, tries in self._tries.items() if chat_id in wanted}
        now = self._timer()
        return min((max(tries.next_at - now, 0.0) for tries in self._tries.values()), default=None)

    async def _show_in(self, chat_id: int) -> None:
        try:
            await answered(self._bot.set_my_commands(self._menu, scope=BotCommandScopeChat(chat_id)))
        except TelegramError as error:
            now, known = self._timer(), self._tries.get(chat_id)
            level = logging.DEBUG if known else logging.WARNING
            tries = known or Tries(now, now)
            wait = seconds_of(error) if isinstance(error, RetryAfter) else REFUSALS.wait(now - tries.since)
            self._tries[chat_id] = replace(tries, next_at=now + wait)
            log.log(level, "The command menu of chat %d could not be set: %s", chat_id, reason_of(error))
        else:
            self._shown.add(chat_id)
            self._tries.pop(chat_id, None)

    async def hide(self, chat_id: int) -> None:
        """Deletes the menu in a chat that is no longer allowed. Raises Telegram's errors."""
        self._shown.discard(chat_id)
        await answered(self._bot.delete_my_commands(scope=BotCommandScopeChat(chat_id)))
