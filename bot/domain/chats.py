"""Chats: where messages go, and who can ask."""

from dataclasses import dataclass

GENERAL = 1
"""The id of a forum's topic "General". Telegram refuses it, so messages to it name no topic."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A Telegram chat, or one topic of it."""

    chat_id: int
    thread_id: int | None = None

    @property
    def group(self) -> bool:
        """Telegram gives groups and channels negative ids."""
        return self.chat_id < 0

    def __str__(self) -> str:
        return f"{self.chat_id}/{self.thread_id}" if self.thread_id else str(self.chat_id)


SECOND_CHANNEL = Chat(0)
"""Stands for the addresses of FALLBACK_URLS among the chats that get escalated alerts. No chat has the id 0."""
