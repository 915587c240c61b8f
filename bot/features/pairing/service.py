"""Allows chats by links that work once and for ten minutes, and removes them."""

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from bot.config.targets import Targets
from bot.domain.chats import Chat
from bot.domain.invitations import Invitation
from bot.features.pairing.rules import CODE_BYTES, OF_EVERYBODY, OF_ONE_CHAT, after_wrong, is_code, is_noted, link_due
from bot.features.pairing.text import log_line
from bot.storage import chats, pairing
from bot.storage.connection import Connection
from bot.storage.database import Store

log = logging.getLogger(__name__)

draw_code = partial(secrets.token_urlsafe, CODE_BYTES)


class Pairing:
    """Creates invitations, and takes one in exchange for a place among the allowed chats."""

    def __init__(self, store: Store, clock: Callable[[], datetime], draw: Callable[[], str] = draw_code) -> None:
        """``draw`` returns a new code that nobody can guess."""
        self._store = store
        self._clock = clock
        self._draw = draw
        self._shown: Invitation | None = None

    async def first_code(self, configured: Sequence[Chat]) -> str | None:
        """A new code for the log while no chat is allowed and the last code no longer works; else None."""
        now = self._clock()
        async with self._store.read() as connection:
            anybody = bool(configured) or bool(await pairing.paired(connection))
        if not link_due(self._shown, now, anybody_allowed=anybody):
            return None
        code, self._shown = await self._give_out(first=True)
        return code

    async def log_link(self, username: str | None, home: Sequence[Chat], targets: Targets) -> None:
        """Logs a link for the first chat, while no chat sees everything."""
        named = all(not source.at_home for source in targets.sources.values())
        code = None if username is None or home or named else await self.first_code(targets.home)
        if username and code:
            log.warning("%s", log_line(username, code))

    async def invite(self, by: str) -> str:
        """A new code for another chat."""
        code, _ = await self._give_out(by)
        return code

    async def _give_out(self, by: str = "", *, first: bool = False) -> tuple[str, Invitation]:
        """Draws a code and stores its hash."""
        code = self._draw()
        async with self._store.write() as connection:
            invitation = Invitation(self._clock(), by, first)
            await pairing.invite(connection, code, invitation)
        return code, invitation

    async def open(self, code: str, chat: Chat, by: str) -> Invitation | None:
        """Allows a chat that has an open code, and returns the invitation; None for a wrong or old code.

        A flood of wrong codes can neither delay the right one nor keep the disk busy.
        """
        now = self._clock()
        async with self._store.read() as connection:
            right = is_code(code) and await pairing.is_open(connection, code, now)
            noted = not right and await is_to_be_noted(connection, chat, now)
        if noted:
            async with self._store.write() as connection:
                await note_wrong(connection, chat, self._clock())
        if not right:
            return None
        async with self._store.write() as connection:
            now = self._clock()
            invitation = await pairing.take_invitation(connection, code, now)
            if invitation is None:  # another chat was faster
                return None
            await pairing.withdraw_first(connection)
            await pairing.pair(connection, chat, by, now)
            await pairing.forgive(connection, chat.chat_id)
            await chats.note(connection, chat, greeted_at=None)  # it gets a greeting again
        self._shown = None
        return invitation

    async def leave(self, here: Chat) -> bool:
        """Ends the pairing that allows this place; False if it was not paired."""
        async with self._store.write() as connection:
            return bool(await pairing.leave(connection, here))


async def is_to_be_noted(connection: Connection, chat: Chat, now: datetime) -> bool:
    """True if a wrong code of this chat is recorded now."""
    own = await pairing.guesses_of(connection, chat.chat_id)
    total = await pairing.guesses_of(connection, pairing.EVERYBODY)
    return is_noted(own, OF_ONE_CHAT, now) and is_noted(total, OF_EVERYBODY, now)


async def note_wrong(connection: Connection, chat: Chat, now: datetime) -> None:
    """Counts a wrong code, for its chat and for all. Logs a row of them once."""
    for who in (chat.chat_id, pairing.EVERYBODY):
        known = after_wrong(await pairing.guesses_of(connection, who), now)
        await pairing.note_guesses(connection, who, known, now)
        if who == pairing.EVERYBODY and known.wrong == OF_EVERYBODY.free:
            log.warning(
                "%d wrong pairing codes in a row, the last in chat %s; the right one still works", known.wrong, chat
            )
