"""Who is let in and out by a link, with the recipients kept in step."""

from bot.domain.chats import Chat
from bot.features.pairing.service import Pairing
from bot.storage.database import Store
from bot.targets.recipients import Recipients


class Door:
    """Pairing as the chats know it: what it changes holds at once."""

    def __init__(self, store: Store, pairing: Pairing, recipients: Recipients) -> None:
        """Holds nothing but what it is handed."""
        self._store = store
        self._pairing = pairing
        self._recipients = recipients

    async def enter(self, code: str, chat: Chat, by: str) -> bool:
        """Lets a chat in that shows an open code."""
        if await self._pairing.open(code, chat, by) is None:
            return False
        await self._refresh()
        return True

    async def invite(self, by: str) -> str:
        """A new code for another chat."""
        return await self._pairing.invite(by)

    async def leave(self, chat: Chat) -> bool:
        """Lets a chat go; False if no link let it in."""
        left = await self._pairing.leave(chat)
        await self._refresh()
        return left

    @property
    def anybody(self) -> bool:
        """Whether any chat is told anything."""
        return bool(self._recipients.present)

    async def _refresh(self) -> None:
        """Reads anew who is allowed."""
        async with self._store.read() as connection:
            await self._recipients.refresh(connection)
