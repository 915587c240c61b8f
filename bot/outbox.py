"""Delivers what the outbox holds: at least once, in order within a chat, each chat at its own pace.

A message goes out, and then its outcome is recorded: a crash between the two may repeat it, and can never lose it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.core.delivery import (
    FIRST_WAIT,
    GROUP_LIMIT,
    Delivered,
    Later,
    Moved,
    Never,
    Parcel,
    SendResult,
    Sent,
    gather_until,
    pace,
    parcels,
    wait_after,
)
from bot.core.model import Chat, Notification
from bot.errors import BotError, DatabaseTrouble
from bot.metrics import Metrics
from bot.recipients import Recipients
from bot.store import chats, fallback, outbox
from bot.store.connection import Connection
from bot.store.database import Store

log = logging.getLogger(__name__)

LONGEST_NAP = 30.0
LONGEST_PEACE = timedelta(hours=1)
REFUSALS = 5
"""So often is a message tried that Telegram finds wrong; then it is given up, and those behind it are sent."""


class Post(Protocol):
    """What puts a parcel into words and sends them."""

    def write(self, parcel: Parcel) -> tuple[Parcel, Any]:
        """As much of a parcel as one message holds, and that message."""

    async def send(self, message: Any, chat: Chat) -> SendResult:
        """Sends the message. Every trouble is a result, none is raised."""


@dataclass(slots=True)
class Lane:
    """How far one Telegram chat has come: what it got lately, and when it may get the next message.

    Nothing is sent before ``ready_at``. Until ``gathers_until`` all that waits waits for more of its cause; something
    new is looked at all the same, for it may be of another cause.
    """

    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=10 * GROUP_LIMIT))
    ready_at: float = 0.0
    gathers_until: float = 0.0
    failures: int = 0
    asked_for_peace: bool = False
    missed_something: bool = False
    task: asyncio.Task[None] | None = None


class Outbox:
    """One worker for each chat that something waits for; a chat that hangs or is told to wait delays no other."""

    def __init__(
        self,
        store: Store,
        post: Post,
        recipients: Recipients,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        metrics: Metrics,
        second_channel: bool = False,
    ) -> None:
        """``timer`` counts seconds and never jumps; ``clock`` answers aware UTC.

        With a ``second_channel`` messages say what went out by it meanwhile.
        """
        self._store = store
        self._post = post
        self._recipients = recipients
        self._clock = clock
        self._timer = timer
        self._metrics = metrics
        self._second_channel = second_channel
        self._lanes: dict[int, Lane] = {}
        self._wake = asyncio.Event()
        self._something_new = True

    def wake(self) -> None:
        """Something new may wait."""
        self._something_new = True
        self._wake.set()

    async def resume(self) -> None:
        """Takes up what a crash left; a chat that Telegram asked to leave in peace is left so."""
        async with self._store.write() as connection:
            await outbox.release(connection)
            waits = await chats.waits(connection)
        now = self._clock()
        for chat, until in waits.items():
            peace = min(max(until - now, timedelta(0)), LONGEST_PEACE)
            self._lane(chat.chat_id).ready_at = self._timer() + peace.total_seconds()

    async def run(self) -> None:
        """Delivers until cancelled."""
        while True:
            self._wake.clear()
            try:
                nap = await self.pump()
            except DatabaseTrouble as error:
                log.error("%s", error)
                nap = FIRST_WAIT
            try:
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def pump(self) -> float:
        """Starts the workers of all chats that may be told something now; gives the seconds until the next may."""
        async with self._store.read() as connection:
            waiting = await outbox.waiting_chats(connection)
        now, nap = self._timer(), LONGEST_NAP
        new, self._something_new = self._something_new, False
        for chat_id in waiting:
            lane = self._lane(chat_id)
            if lane.task is not None:
                lane.missed_something |= new
                continue
            begins_at = lane.ready_at if new else max(lane.ready_at, lane.gathers_until)
            if begins_at <= now:
                lane.task = asyncio.create_task(self._work(chat_id, lane), name=f"deliver {chat_id}")
            else:
                nap = min(nap, begins_at - now)
        return nap

    async def drain(self) -> None:
        """Sends what may be sent at once, such as what the last looks found, and returns once no worker is sending."""
        with suppress(DatabaseTrouble):
            await self.pump()
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        if tasks:
            await asyncio.wait(tasks)

    async def cancel(self) -> None:
        """Ends the workers where they are; what was not recorded is sent again after the next start."""
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _lane(self, chat_id: int) -> Lane:
        """The lane of a chat."""
        return self._lanes.setdefault(chat_id, Lane())

    async def _work(self, chat_id: int, lane: Lane) -> None:
        """Tells one chat what waits for it, until nothing may be told now."""
        try:
            while lane.ready_at <= self._timer() and await self._tell_next(chat_id, lane):
                pass
        except Exception as error:
            if isinstance(error, BotError):
                log.error("Delivery to chat %d: %s", chat_id, error)
            else:
                log.exception("Delivery to chat %d failed in a way nobody foresaw", chat_id)
            lane.failures += 1
            lane.ready_at = self._timer() + wait_after(lane.failures)
            await self._store.write_patiently(lambda connection: outbox.release(connection, chat_id))
        finally:
            self._something_new |= lane.missed_something
            lane.task, lane.missed_something = None, False
            self._wake.set()

    async def _tell_next(self, chat_id: int, lane: Lane) -> bool:
        """Sends one message, if one may be sent now; False if there is none."""
        async with self._store.write(synced=False) as connection:  # a claim that a power cut takes is made again
            chosen = await self._choose(connection, chat_id, lane)
            if chosen is None:
                return False
            chat, parcel = chosen
            part, message = self._post.write(parcel)
            if not await outbox.claim(connection, ids_of(part)):
                return False
        with self._metrics.send_seconds.time():
            result = await self._post.send(message, chat)
        self._metrics.sends.labels(type(result).__name__.lower()).inc()
        full = len(part.stories) < len(parcel.stories)
        await self._record(result, part, chat, lane, full=full)
        return True

    async def _choose(self, connection: Connection, chat_id: int, lane: Lane) -> tuple[Chat, Parcel] | None:
        """The oldest parcel that need not wait for its chat's pace, or for more of its cause."""
        now = self._timer()
        pending = await outbox.pending(connection, chat_id)
        if self._second_channel and pending:
            pending = await with_ways(connection, pending)
        by_chat: dict[Chat, list[Notification]] = {}
        for notification in pending:
            by_chat.setdefault(notification.chat, []).append(notification)
        waiting = [(chat, parcel) for chat, told in by_chat.items() for parcel in parcels(told)]
        if not waiting:
            return None
        lane.ready_at = pace(lane.sent, chat_id < 0, now)
        moments = [gather_until(lane.sent, parcel, now) for _, parcel in waiting]
        soonest = min(range(len(waiting)), key=moments.__getitem__)
        lane.gathers_until = moments[soonest]
        return waiting[soonest] if max(lane.ready_at, lane.gathers_until) <= now else None

    async def _record(self, result: SendResult, part: Parcel, chat: Chat, lane: Lane, *, full: bool) -> None:
        """Records what became of a message; a database that cannot be written is waited for."""
        match result:
            case Delivered():
                await self._delivered(result, part, chat, lane)
                lane.sent.append(Sent(self._timer(), part.cause, part.subjects, full))
            case Moved(new):
                log.warning("Chat %d has become chat %d; it is followed", chat.chat_id, new)
                self._lanes.setdefault(new, Lane(sent=lane.sent))
                await self._moved(chat.chat_id, new, part)
            case Later(failure, refused=True) if part.attempts + 1 >= REFUSALS:
                await self._give_up(f"Telegram finds the message wrong: {failure}", part, chat, after=REFUSALS)
            case Later():
                await self._put_off(result, part, chat, lane)
            case Never(failure):
                await self._store.write_patiently(lambda connection: chats.note(connection, chat, gone=failure))
                await self._give_up(failure, part, chat)

    async def _moved(self, old: int, new: int, part: Parcel) -> None:
        """Follows a chat. What was claimed may be addressed to the new one already, if the move was announced too."""

        async def follow(connection: Connection) -> None:
            await self._recipients.move(connection, old, new)
            await outbox.put_back(connection, ids_of(part))

        await self._store.write_patiently(follow)

    async def _delivered(self, result: Delivered, part: Parcel, chat: Chat, lane: Lane) -> None:
        """Notes a delivery. If it ended a drought, the other chats are tried at once too."""
        now = self._clock()

        async def note(connection: Connection) -> None:
            await outbox.delivered(connection, ids_of(part), result.message_id, now)
            await chats.reached(connection, chat)

        await self._store.write_patiently(note)
        if lane.failures:
            log.info("Chat %s can be reached again", chat)
            for other in self._lanes.values():
                if other.failures and not other.asked_for_peace:
                    other.failures, other.ready_at = 0, 0.0
            lane.failures, lane.asked_for_peace = 0, False

    async def _put_off(self, result: Later, part: Parcel, chat: Chat, lane: Lane) -> None:
        """Puts a message back until its chat may be tried again."""
        lane.failures += 1
        lane.asked_for_peace = result.retry_after is not None
        wait, now = wait_after(lane.failures, result.retry_after), self._clock()
        lane.ready_at = self._timer() + wait
        log.warning("Chat %s was not told (%s); trying again in %.0f s", chat, result.failure, wait)

        async def note(connection: Connection) -> None:
            await outbox.postponed(connection, ids_of(part), result.failure, now)
            if lane.asked_for_peace:
                await chats.note(connection, chat, not_before=now + timedelta(seconds=wait))

        await self._store.write_patiently(note)

    async def _give_up(self, failure: str, part: Parcel, chat: Chat, after: int = 1) -> None:
        """Keeps as failed, for /status to tell, what can never be delivered; what joined it lately is tried again."""
        log.error("Chat %s cannot be told: %s", chat, failure)
        now = self._clock()
        over = [one.id for one in part.notifications if one.attempts + 1 >= after]
        rest = [one.id for one in part.notifications if one.attempts + 1 < after]

        async def note(connection: Connection) -> None:
            await outbox.failed(connection, over, failure, now)
            await outbox.postponed(connection, rest, failure, now)

        await self._store.write_patiently(note)


async def with_ways(connection: Connection, pending: Sequence[Notification]) -> list[Notification]:
    """The notifications, each with how it went out by the second channel, if it did."""
    sent = await fallback.sent(connection, {part.notice.key for part in pending})
    told = {key: (one.at, one.ways) for key, one in sent.items()}
    return [replace(part, sent_ways=told.get(part.notice.key)) for part in pending]


def ids_of(part: Parcel) -> list[int]:
    """The notifications that a message tells."""
    return [notification.id for notification in part.notifications]
