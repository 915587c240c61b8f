"""The menu of commands, in each chat that may ask and nowhere else."""

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
    """Since when a chat refuses its menu, or gave its last sign of life, and when it is tried again; timer seconds."""

    since: float
    next_at: float
    sign_at: float | None = None


class Menus:
    """Shows the menus. A chat that refuses its menu is tried again by the schedule of refusals."""

    def __init__(
        self,
        bot: Bot,
        chats: Callable[[], tuple[Chat, ...]],
        commands: Sequence[tuple[str, str]],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """``chats`` gives the allowed chats as they are now, ``commands`` are names with their lines."""
        self._bot = bot
        self._chats = chats
        self._menu = [BotCommand(name, line) for name, line in commands]
        self._timer = timer
        self._shown: set[int] = set()
        self._tries: dict[int, Tries] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Shows menus until cancelled."""
        while True:
            self._wake.clear()
            nap = await self.show()
            try:
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def wake(self, alive: int | None = None) -> None:
        """The chats may have changed, or one gave a sign of life: what is missing there is due at once."""
        if alive in self._shown:
            return
        if alive in self._tries:
            due = REFUSALS.woken_at(self._tries[alive].sign_at, self._timer())
            self._tries[alive] = Tries(due, due, due)
        self._wake.set()

    async def show(self) -> float | None:
        """Shows what is missing and due; gives the seconds until more is due, None where all is shown."""
        wanted = {chat.chat_id for chat in self._chats()}
        for chat_id in sorted(wanted - self._shown):
            tries = self._tries.get(chat_id)
            if tries is None or tries.next_at <= self._timer():
                await self._show_in(chat_id)
        self._tries = {chat_id: tries for chat_id, tries in self._tries.items() if chat_id in wanted}
        now = self._timer()
        return min((max(tries.next_at - now, 0.0) for tries in self._tries.values()), default=None)

    async def _show_in(self, chat_id: int) -> None:
        """Shows the menu in one chat."""
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
        """Takes the menu away from a chat that may no longer ask. Raises Telegram's errors."""
        self._shown.discard(chat_id)
        await answered(self._bot.delete_my_commands(scope=BotCommandScopeChat(chat_id)))
