"""Edits each message when one of its alerts is over: it says so, and its buttons go.

This can fail harmlessly: alerts go first, a chat is edited slowly, and a message that Telegram refuses to edit stays as
it is.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.domain.alerts import Silence
from bot.domain.boards import BoardDelayed, BoardEdited, BoardLost, BoardMoved, BoardRefused, EditResult
from bot.domain.chats import Chat
from bot.domain.told_messages import EndedMessage
from bot.features.endings.rules import EDIT_PAUSE, held
from bot.outbox.results import REFUSALS, RefusalSchedule
from bot.storage import alerts, endings, outbox
from bot.storage.database import Store
from bot.storage.endings import Due
from bot.support.errors import BotError, DatabaseBusyError

log = logging.getLogger(__name__)

LOOK_EVERY = 30.0
SOON = 1.0


class Editor(Protocol):
    """Writes and edits an ended message."""

    def write(self, message: EndedMessage, held: Silence | None) -> Any:
        """The new text; ``held`` is the silence that covers its firing alerts."""

    async def edit(self, message: Any, chat: Chat, message_id: int) -> EditResult:
        """Edits the chat's message. Every trouble is a result; it raises nothing."""


@dataclass(slots=True)
class EditQueue:
    """When a chat can be edited again, and since when it refuses, both in seconds of a clock that never jumps."""

    next_send_at: float = 0.0
    refused_since: float | None = None


class EndingEditor:
    """Finds messages that do not say yet what is over, and edits them, at most one at a time in each chat."""

    def __init__(
        self,
        store: Store,
        editor: Editor,
        present: Callable[[], Collection[Chat]],
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        refusals: RefusalSchedule = REFUSALS,
    ) -> None:
        """``present`` returns the chats in use; ``clock`` returns aware UTC, ``timer`` never jumps."""
        self._store = store
        self._editor = editor
        self._present = present
        self._clock = clock
        self._timer = timer
        self._refusals = refusals
        self._queues: dict[int, EditQueue] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Looks for ended alerts at once."""
        self._woken.set()

    def alive(self, chat_id: int) -> None:
        """Retries refused edits in a chat that gave a sign of life."""
        queue = self._queues.get(chat_id)
        if queue is not None and queue.refused_since is not None:
            queue.next_send_at = min(queue.next_send_at, self._timer() + self._refusals.sign_pause)

    async def run(self) -> None:
        """Edits until cancelled."""
        while True:
            self._woken.clear()
            nap = LOOK_EVERY
            try:
                nap = await self.look()
            except DatabaseBusyError as error:
                log.debug("Messages whose alerts are over wait: %s", error)  # it is logged already
            except BotError as error:
                log.error("Messages whose alerts are over could not be marked: %s", error)
            except Exception:
                log.exception("Messages whose alerts are over could not be marked")
            try:
                async with asyncio.timeout(nap):
                    await self._woken.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(SOON)  # what ends together comes from one batch of checks, and its recovery goes first

    async def look(self) -> float:
        """Edits one message in each chat where one is due; returns the seconds until the next can be.

        A chat with waiting deliveries is skipped: the dispatcher wakes this part after them.
        """
        async with self._store.read() as connection:
            busy = await outbox.waiting_chats(connection)
            due = await endings.due(connection)
        strangers = {one.chat_id for one in due} - {chat.chat_id for chat in self._present()}
        if strangers:
            await self._forget(strangers)
        now, first = self._timer(), dict[int, Due]()
        waiting = [one for one in due if one.chat_id not in strangers]
        for one in waiting:
            if one.chat_id not in busy and self._queue(one.chat_id).next_send_at <= now:
                first.setdefault(one.chat_id, one)
        await asyncio.gather(*(self._mark(one) for one in first.values()))
        ready = (self._queue(one.chat_id).next_send_at - self._timer() for one in waiting if one.chat_id not in busy)
        return min(max(min(ready, default=LOOK_EVERY), 0.0), LOOK_EVERY)

    async def _mark(self, one: Due) -> None:
        """Edits one message."""
        async with self._store.read() as connection:
            now = self._clock()
            message = await endings.message(connection, one, now)
            silences = await alerts.active_silences(connection, now)
        if message is None or not message.over:
            return
        words = self._editor.write(message, held(message, silences, now))
        result = await self._editor.edit(words, message.chat, message.message_id)
        await self._record(result, message)

    async def _record(self, result: EditResult, message: EndedMessage) -> None:
        chat_id, now = message.chat.chat_id, self._timer()
        queue = self._queue(chat_id)
        queue.next_send_at = now + EDIT_PAUSE
        match result:
            case BoardEdited() | BoardLost():
                if isinstance(result, BoardLost):
                    log.debug("Chat %s: a message cannot say that its alert is over: %s", message.chat, result.why)
                queue.refused_since = None
                async with self._store.write() as connection:
                    await endings.said(connection, message)
            case BoardMoved():
                await self._forget({chat_id})
            case BoardDelayed(_, retry_after):
                queue.next_send_at = now + max(retry_after, LOOK_EVERY)
            case BoardRefused(why):
                queue.refused_since = now if queue.refused_since is None else queue.refused_since
                queue.next_send_at = now + self._refusals.wait(now - queue.refused_since)
                log.debug("Chat %s: a message cannot say just now that its alert is over: %s", message.chat, why)

    async def _forget(self, chat_ids: Collection[int]) -> None:
        """Drops the messages of these chats."""
        async with self._store.write() as connection:
            await endings.forget(connection, chat_ids)

    def _queue(self, chat_id: int) -> EditQueue:
        return self._queues.setdefault(chat_id, EditQueue())
