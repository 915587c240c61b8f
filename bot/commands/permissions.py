"""Who can ask, and who can change things."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from telegram import Bot
from telegram.constants import ChatType
from telegram.error import TelegramError

from bot.domain.chats import Chat
from bot.telegram.authors import User

RINGS_OF_ONE, RINGS_OF_ALL = 3, 60
"""Answers to /start a minute in one chat that is not allowed, and in all of them together."""

REMEMBERED_FOR = 300.0
"""Seconds for which a group's administrators are cached."""


class Access:
    """The allowed chats, and in each the people who can mute, unmute, acknowledge and snooze.

    In a private chat that is its owner; in a group the users of TELEGRAM_ADMIN_IDS, or if that is empty the group's
    administrators.
    """

    def __init__(self, bot: Bot, chats: Callable[[], tuple[Chat, ...]], admins: frozenset[int]) -> None:
        """``chats`` returns the allowed chats as they are now."""
        self._bot = bot
        self._chats = chats
        self._admins = admins
        self._administrators: dict[int, tuple[float, frozenset[int]]] = {}

    def allowed(self, chat_id: int, thread_id: int | None) -> bool:
        """True if this chat can ask. If a topic is configured, only that topic can."""
        return any(
            chat.chat_id == chat_id and (chat.thread_id is None or chat.thread_id == thread_id)
            for chat in self._chats()
        )

    async def may_change(self, chat_type: str, chat_id: int, person: User) -> bool:
        if chat_type == ChatType.PRIVATE:
            return True
        if person.user_id in self._admins:
            return True
        if self._admins:
            return False
        return person.anonymous or person.user_id in await self._administrators_of(chat_id)

    async def _administrators_of(self, chat_id: int) -> frozenset[int]:
        """A group's administrators; if Telegram does not answer, those of its last answer."""
        asked_at, known = self._administrators.get(chat_id, (float("-inf"), frozenset()))
        if time.monotonic() - asked_at < REMEMBERED_FOR:
            return known
        try:
            members = await self._bot._post("getChatAdministrators", {"chat_id": chat_id})
        except TelegramError:
            return known
        fresh = frozenset(users_of(members))
        self._administrators[chat_id] = (time.monotonic(), fresh)
        return fresh


def users_of(members: Any) -> Iterator[int]:
    """The user ids of a group's members as Telegram lists them. An unreadable one hides no other."""
    for member in members if isinstance(members, list) else ():
        user = member.get("user") if isinstance(member, dict) else None
        if isinstance(user, dict) and isinstance(user.get("id"), int):
            yield user["id"]


class Doorbell:
    """Answers a stranger's /start a few times a minute, so that nobody can keep the bot from its alerts."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        """``timer`` counts seconds and never jumps."""
        self._timer = timer
        self._since = timer()
        self._rung: Counter[int] = Counter()

    def is_answered(self, chat_id: int) -> bool:
        """True if this /start is answered; others leave nothing behind."""
        if self._timer() - self._since >= 60:
            self._since = self._timer()
            self._rung.clear()
        if self._rung[chat_id] >= RINGS_OF_ONE or self._rung.total() >= RINGS_OF_ALL:
            return False
        self._rung[chat_id] += 1
        return True
