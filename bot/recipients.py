"""Whom notifications are addressed to: the chats of the settings, each at the place where it is now."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.model import Chat
from bot.store import chats


class Recipients:
    """The allowed chats. A group that moved is followed."""

    def __init__(self, configured: tuple[Chat, ...]) -> None:
        """``configured`` are the chats as the settings name them."""
        self._configured = configured
        self.present = configured

    async def refresh(self, connection: AsyncConnection) -> tuple[Chat, ...]:
        """Reads where the chats are now, and gives them."""
        moved = await chats.moved(connection)
        self.present = tuple(
            dict.fromkeys(Chat(moved[chat.chat_id]) if chat.chat_id in moved else chat for chat in self._configured)
        )
        return self.present

    async def move(self, connection: AsyncConnection, old: int, new: int) -> None:
        """Remembers that a group has become another chat, and goes there from now on."""
        await chats.move(connection, old, new)
        await self.refresh(connection)
