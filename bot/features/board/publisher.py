"""Posts boards, and keeps them current by editing: silently, at most once a minute, over restarts.

No answer of Telegram ends a board. One that cannot be edited, posted or pinned is tried again as an alert is, and a new
message replaces one that can no longer be edited.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.boards import (
    Board,
    BoardDelayed,
    BoardEdited,
    BoardLost,
    BoardMoved,
    BoardPosted,
    BoardRefused,
    BoardStatus,
    BoardTrouble,
    EditResult,
    PostResult,
)
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.features.board.rules import EVERY, board_due, is_replaced
from bot.outbox.results import REFUSALS, RefusalSchedule
from bot.storage import boards, chats
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.support.aside import aside
from bot.support.errors import BotError, DatabaseBusyError

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0


class BoardMessenger(Protocol):
    """The text of boards and their way to Telegram. Every trouble is a result; it raises nothing."""

    def write(self, watched: Sequence[Watched]) -> Any:
        """The present message of a board; it has a ``text``."""

    async def post(self, message: Any, chat: Chat) -> PostResult: ...

    async def edit(self, message: Any, board: Board) -> EditResult: ...

    async def pin(self, chat: Chat, message_id: int) -> str | None:
        """Pins a message silently; returns why not, None if it worked."""

    async def take_down(self, chat: Chat, message_id: int) -> bool:
        """Deletes a message, or marks it as no longer current; False if that is worth another attempt."""


@dataclass(frozen=True, slots=True)
class Wait:
    """No attempt for a while after ``since``; ``refused_since`` is the first refusal."""

    since: datetime
    length: timedelta
    refused_since: datetime | None

    def lasts(self, now: datetime) -> bool:
        return lasts(self.since, self.length, now)


class BoardPublisher:
    def __init__(
        self,
        store: Store,
        publisher: BoardMessenger,
        watched: Callable[[Chat], Awaitable[Sequence[Watched]]],
        allowed: Callable[[Chat], bool],
        move: Callable[[Connection, int, int], Awaitable[None]],
        clock: Callable[[], datetime],
        refusals: RefusalSchedule = REFUSALS,
    ) -> None:
        """``watched`` returns what a chat sees, ``allowed`` whether it still sees anything.

        ``move`` follows a group that migrated, with its board. ``on_life`` is called with a chat that accepts its board
        again.
        """
        self._store = store
        self._publisher = publisher
        self._watched = watched
        self._allowed = allowed
        self._move = move
        self._clock = clock
        self._refusals = refusals
        self._looked_at: datetime | None = None
        self._waits: dict[Chat, Wait] = {}
        self._pin_waits: dict[Chat, Wait] = {}
        self._peace: dict[int, tuple[datetime, timedelta]] = {}
        self._replaced_at: dict[Chat, datetime] = {}
        self._locks: dict[Chat, asyncio.Lock] = {}
        self._woken = asyncio.Event()
        self.on_life: Callable[[int], None] = lambda _: None

    async def run(self) -> None:
        """Keeps the boards current until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except DatabaseBusyError as error:
                log.debug("The boards wait: %s", error)  # it is logged already
            except BotError as error:
                log.error("The boards could not be brought up to date: %s", error)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def show(self, chat: Chat) -> BoardStatus:
        """Posts a chat's board below all else, in place of an older one. Retries one that is refused."""
        async with self._lock(chat):
            message, now = await self._message(chat), self._clock()
            old = await self._board_of(chat)
            result = await self._publisher.post(message, chat)
            if isinstance(result, BoardPosted):
                board = await self._replace(old or Board(chat, 0, "", now), result.message_id, message, now)
                return BoardStatus(pinned=board.pinned, before=old.trouble if old else None)
            board = old or Board(chat, 0, "", now)
            await self._put(board)
            await self._keep_trying(board, result, now)
            return BoardStatus(refused=words_of(result))

    async def remove(self, chat: Chat) -> bool:
        """Deletes a chat's board; False if there is none."""
        async with self._lock(chat):
            board = await self._board_of(chat)
            if board is None:
                return False
            await self._take_down(board)
            await self._forget(board)
            return True

    async def troubled(self) -> dict[Chat, BoardTrouble]:
        async with self._store.read() as connection:
            return {board.chat: board.trouble for board in await boards.every(connection) if board.trouble}

    def alive(self, chat_id: int) -> None:
        """Retries at once in a chat that gave a sign of life, except after many signs."""
        pause = timedelta(seconds=self._refusals.sign_pause)
        for chat, tried in (*self._waits.items(), *self._pin_waits.items()):
            if chat.chat_id == chat_id:
                self._waits[chat] = Wait(tried.since, min(tried.length, pause), tried.refused_since)
                self._woken.set()

    async def look(self) -> None:
        """Updates boards that are out of date; all are checked once a minute, those in trouble when due."""
        now = self._clock()
        every = self._looked_at is None or not lasts(self._looked_at, EVERY, now)
        due = {chat for chat, wait in self._waits.items() if not wait.lasts(now)}
        if every:
            self._looked_at = now
            async with self._store.read() as connection:
                due |= {board.chat for board in await boards.every(connection)} - self._waits.keys()
        for chat in due:
            if not self._wants_peace(chat, now):
                try:
                    async with self._lock(chat):
                        await self._attend(chat, now)
                except BotError:
                    raise
                except Exception:
                    log.exception("The board of chat %s could not be brought up to date", chat)

    async def _attend(self, chat: Chat, now: datetime) -> None:
        """Does what is due for one chat's board."""
        wait = self._waits.pop(chat, None)
        board = await self._board_of(chat)
        if board is None:
            return
        if not self._allowed(chat):
            if await self._take_down(board):
                log.info("The board of chat %s is taken down: the chat gets no messages any longer", chat)
                await self._forget(board)
            return
        if board.leftover and await self._publisher.take_down(chat, board.leftover):
            board = replace(board, leftover=None)
            await self._keep(board)
        message = await self._message(chat)
        if board_due(board, boards.hash_of(message.text), now):
            await self._bring_up_to_date(board, message, wait.refused_since if wait else None, now)
        elif not board.pinned:
            await self._pin(board, now, woken=wait is not None)

    async def _message(self, chat: Chat) -> Any:
        """The present message of a chat's board."""
        watched = await self._watched(chat)
        return await aside(len(watched), self._publisher.write, watched)

    async def _bring_up_to_date(
        self, board: Board, message: Any, refused_since: datetime | None, now: datetime
    ) -> None:
        """Edits a board, or posts a new one if it can no longer be edited."""
        result: EditResult | PostResult = await self._publisher.edit(message, board)
        if isinstance(result, BoardRefused | BoardLost):
            refused_since = refused_since or now
        if is_replaced(result, refused_since, self._replaced_at.get(board.chat), now):
            result = await self._publisher.post(message, board.chat)
        match result:
            case BoardPosted(message_id):
                if board.message_id:
                    self._replaced_at[board.chat] = now
                await self._replace(board, message_id, message, now)
            case BoardEdited():
                self._note_success(board)
                board = replace(board, text=boards.hash_of(message.text), edited_at=now, trouble=None)
                await self._keep(board)
                if not board.pinned:
                    await self._pin(board, now)
            case _:
                await self._keep_trying(board, result, now, refused_since)

    async def _replace(self, board: Board, message_id: int, message: Any, now: datetime) -> Board:
        """Makes a new message the board, and deletes the old one."""
        old = board.message_id or board.leftover
        fresh = Board(board.chat, message_id, boards.hash_of(message.text), now, pinned=False, leftover=old)
        await self._put(fresh)
        self._note_success(board)
        self._waits.pop(board.chat, None)
        self._pin_waits.pop(board.chat, None)
        fresh = await self._pin(fresh, now)
        if old and await self._publisher.take_down(board.chat, old):
            fresh = replace(fresh, leftover=None)
            await self._keep(fresh)
        return fresh

    async def _pin(self, board: Board, now: datetime, *, woken: bool = False) -> Board:
        """Pins a board; retries a refusal."""
        wait = self._pin_waits.get(board.chat)
        if wait and wait.lasts(now) and not woken:
            return board
        why = await self._publisher.pin(board.chat, board.message_id)
        if why is None:
            self._pin_waits.pop(board.chat, None)
            board = replace(board, pinned=True)
            await self._keep(board)
            return board
        if wait is None:
            log.info("The board of chat %s is not pinned: %s; the bot tries again", board.chat, why)
        self._pin_waits[board.chat] = self._wait(now, wait.refused_since if wait else None)
        return board

    async def _keep_trying(
        self, board: Board, result: EditResult | PostResult, now: datetime, refused_since: datetime | None = None
    ) -> None:
        """Stores the trouble of a board, for people to read, and when it is tried again."""
        chat, why, before = board.chat, words_of(result), board.trouble
        match result:
            case BoardMoved(new):
                log.info("The board of chat %s follows it to chat %d", chat, new)
                await self._store.write_patiently(lambda connection: self._move(connection, chat.chat_id, new))
                self._waits[Chat(new)] = Wait(now, timedelta(0), None)
                self._woken.set()
                return
            case BoardDelayed(_, retry_after):
                self._peace[chat.chat_id] = now, timedelta(seconds=retry_after)
                self._waits[chat] = Wait(now, EVERY, refused_since)
            case _:
                self._waits[chat] = self._wait(now, refused_since)
        if before is None or before.why != why:
            log.warning("The board of chat %s is not current: %s; the bot tries again", chat, why)
            await self._keep(replace(board, trouble=BoardTrouble(why, before.since if before else now)))

    def _wait(self, now: datetime, refused_since: datetime | None) -> "Wait":
        """How long no attempt follows a refusal; the first of them came at ``refused_since``."""
        since = refused_since or now
        return Wait(now, timedelta(seconds=self._refusals.wait(abs(now - since).total_seconds())), since)

    def _note_success(self, board: Board) -> None:
        """Clears the trouble of a board."""
        if board.trouble:
            log.info("The board of chat %s is current again", board.chat)
            self.on_life(board.chat.chat_id)

    def _wants_peace(self, chat: Chat, now: datetime) -> bool:
        """True if Telegram rate limits a chat now."""
        asked = self._peace.get(chat.chat_id)
        return asked is not None and lasts(*asked, now)

    async def _take_down(self, board: Board) -> bool:
        """Deletes a board's messages; False if that is worth another attempt."""
        messages = [number for number in (board.leftover, board.message_id) if number]
        return all([await self._publisher.take_down(board.chat, number) for number in messages])

    def _lock(self, chat: Chat) -> asyncio.Lock:
        """Prevents two changes of one board at a time."""
        return self._locks.setdefault(chat, asyncio.Lock())

    async def _board_of(self, chat: Chat) -> Board | None:
        async with self._store.read() as connection:
            return await boards.of(connection, chat)

    async def _put(self, board: Board) -> None:
        """Stores a board in place of its chat's last one. Otherwise another would be posted, again and again.

        A group that became another chat while Telegram was asked gets it there.
        """

        async def work(connection: Connection) -> None:
            await boards.put(connection, board)
            present = await chats.at_present(connection, board.chat)
            if present != board.chat:
                await boards.move(connection, board.chat.chat_id, present.chat_id)

        await self._store.write_patiently(work)

    async def _keep(self, board: Board) -> None:
        """Stores a board as it is now, if its chat still has it."""
        async with self._store.write() as connection:
            await boards.keep(connection, board)

    async def _forget(self, board: Board) -> None:
        async with self._store.write() as connection:
            await boards.forget(connection, board)


def words_of(result: EditResult | PostResult) -> str:
    """Why a board is not current."""
    return (
        result.why if isinstance(result, BoardLost | BoardRefused | BoardDelayed) else "the group became another chat"
    )


def lasts(since: datetime, wait: timedelta, now: datetime) -> bool:
    """True if a wait is not over yet; a clock that was set back ends it, so that it cannot grow."""
    return timedelta(0) <= now - since < wait
