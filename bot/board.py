"""Posts boards, and keeps them current by editing: silently, at most once a minute, over restarts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.core.board import EVERY, Board, EditResult, Gone, NotNow, Shown, board_due
from bot.core.model import Chat, Watched
from bot.errors import BotError, DatabaseTrouble
from bot.store import boards
from bot.store.database import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0


class Wall(Protocol):
    """Where boards hang: Telegram, and the words."""

    def write(self, watched: Sequence[Watched]) -> Any:
        """The message that a board is now; it has a ``text``."""

    async def post(self, message: Any, chat: Chat) -> int:
        """Posts a board and gives its message's id. Raises Telegram's errors."""

    async def edit(self, message: Any, board: Board) -> EditResult:
        """Lets a board say what it should. Every trouble is a result, none is raised."""

    async def pin(self, chat: Chat, message_id: int) -> bool:
        """Pins a message without a sound; False if the bot may not."""

    async def take_down(self, chat: Chat, message_id: int) -> None:
        """Removes a message that a newer board replaces, or at least its pin."""


class Boards:
    """The boards of all chats."""

    def __init__(
        self,
        store: Store,
        wall: Wall,
        watched: Callable[[Chat], Awaitable[Sequence[Watched]]],
        allowed: Callable[[Chat], bool],
        clock: Callable[[], datetime],
    ) -> None:
        """``watched`` gives what a chat may see, ``allowed`` whether it may still see anything."""
        self._store = store
        self._wall = wall
        self._watched = watched
        self._allowed = allowed
        self._clock = clock
        self._looked_at: datetime | None = None
        self._peace: dict[int, tuple[datetime, timedelta]] = {}

    async def run(self) -> None:
        """Keeps the boards current until cancelled."""
        while True:
            try:
                await self.look()
            except DatabaseTrouble as error:
                log.debug("The boards wait: %s", error)  # the log has it already
            except BotError as error:
                log.error("The boards could not be brought up to date: %s", error)
            except Exception:
                log.exception("The boards could not be brought up to date")
            await asyncio.sleep(LOOK_EVERY)

    async def show(self, chat: Chat) -> bool:
        """Posts a chat's board below all else, in place of an older one; False if it could not be pinned."""
        message, now = self._wall.write(await self._watched(chat)), self._clock()
        board = Board(chat, await self._wall.post(message, chat), boards.hash_of(message.text), now)
        async with self._store.write() as connection:
            old = await boards.put(connection, board)
        pinned = await self._wall.pin(chat, board.message_id)
        if old is not None:
            await self._wall.take_down(chat, old)
        return pinned

    async def look(self) -> None:
        """Edits the boards that say something old; looks at them once a minute, for that is how often they change."""
        now = self._clock()
        if self._looked_at is not None and lasts(self._looked_at, EVERY, now):
            return
        self._looked_at = now
        async with self._store.read() as connection:
            hanging = await boards.every(connection)
        for board in hanging:
            if not self._allowed(board.chat):
                await self._forget(board, "the chat is no longer allowed")
            elif not self._wants_peace(board.chat, now):
                await self._refresh(board, now)

    async def _refresh(self, board: Board, now: datetime) -> None:
        """Edits one board if it is due."""
        message = self._wall.write(await self._watched(board.chat))
        fresh = replace(board, text=boards.hash_of(message.text), edited_at=now)
        if not board_due(board.edited_at, board.text, fresh.text, now):
            return
        match await self._wall.edit(message, board):
            case Shown():
                async with self._store.write() as connection:
                    await boards.edited(connection, fresh)
            case Gone(why):
                await self._forget(board, why)
            case NotNow(why, retry_after):
                log.info("The board of chat %s stays as it is for now: %s", board.chat, why)
                self._peace[board.chat.chat_id] = now, timedelta(seconds=retry_after)

    def _wants_peace(self, chat: Chat, now: datetime) -> bool:
        """Whether Telegram asked to leave a chat alone for now."""
        asked = self._peace.get(chat.chat_id)
        return asked is not None and lasts(*asked, now)

    async def _forget(self, board: Board, why: str) -> None:
        """Keeps a board current no longer."""
        log.info("The board of chat %s is gone: %s", board.chat, why)
        async with self._store.write() as connection:
            await boards.forget(connection, board)


def lasts(since: datetime, wait: timedelta, now: datetime) -> bool:
    """Whether a wait is not over yet; a clock that was set back ends it, so that it cannot grow."""
    return timedelta(0) <= now - since < wait
