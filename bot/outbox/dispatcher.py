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

from bot.domain.chats import Chat
from bot.domain.notifications import Notification
from bot.domain.pending import Backlog, of_no_use
from bot.outbox.batching import Parcel, parcels
from bot.outbox.pacing import (
    FIRST_WAIT,
    GROUP_LIMIT,
    GROUP_WAIT,
    SLOW_SEND_S,
    GroupWait,
    Sent,
    gather_until,
    held_back,
    pace,
    wait_after,
)
from bot.outbox.results import REFUSALS, Delivered, Later, Moved, Rejected, SendResult
from bot.storage import chats, endings, fallback, outbox
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.support.errors import BotError, DatabaseTrouble
from bot.support.metrics import Metrics
from bot.targets.recipients import Recipients

log = logging.getLogger(__name__)

LONGEST_NAP = 30.0
LONGEST_PEACE = timedelta(hours=1)
NO_LONGER_TOLD = "the chat is no longer told anything"
OVERTAKEN = "overtaken while the chat took no messages"


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
    new is looked at all the same, for it may be of another cause. ``refused_at`` is when the chat began to refuse, or
    last gave a sign of life since, from which the schedule of tries counts; ``refusal`` is Telegram's words. ``newest``
    is the youngest notification that waited when the last message was chosen.
    """

    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=10 * GROUP_LIMIT))
    ready_at: float = 0.0
    gathers_until: float = 0.0
    failures: int = 0
    asked_for_peace: bool = False
    refused_at: float | None = None
    refusal: str = ""
    sign_at: float | None = None
    missed_something: bool = False
    newest: int = 0
    backlog: Backlog | None = None
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

        With a ``second_channel`` messages say what went out by it meanwhile. ``refusals`` differ where time runs fast;
        ``on_life`` is called with a chat that takes messages again, ``on_told`` after each message that was taken.
        ``group_wait`` is how many seconds a notification may wait for others of its source.
        """
        self._store = store
        self._post = post
        self._recipients = recipients
        self._clock = clock
        self._timer = timer
        self._metrics = metrics
        self._second_channel = second_channel
        self.refusals = REFUSALS
        self.group_wait = GROUP_WAIT
        self.on_life: Callable[[int], None] = lambda _: None
        self.on_told: Callable[[], None] = lambda: None
        self._signs: set[int] = set()
        self._group_waits: dict[str, GroupWait] = {}
        self._lanes: dict[int, Lane] = {}
        self._wake = asyncio.Event()
        self._something_new = True

    def wake(self) -> None:
        """Something new may wait."""
        self._something_new = True
        self._wake.set()

    def hold_back(self, source: str, after: int) -> None:
        """The others of a source are being checked: what comes of it after this notification waits, but not for long.

        It waits in the database like all else, so a start sends it at once.
        """
        self._group_waits[source] = GroupWait(after, self._timer() + self.group_wait)

    def let_go(self, source: str) -> None:
        """They have been checked."""
        self._group_waits.pop(source, None)
        self.wake()

    async def resume(self) -> None:
        """Takes up what a crash left. A chat that Telegram asked to leave in peace is left so.

        A chat that refused is tried at once, for a start may have mended it, and then keeps its place in the schedule.
        """
        async with self._store.write() as connection:
            now = self._clock()
            await outbox.release(connection)
            waits = await chats.waits(connection)
            refused = await chats.refused(connection)
        await self.review()
        for chat, until in waits.items():
            peace = min(max(until - now, timedelta(0)), LONGEST_PEACE)
            self._lane(chat.chat_id).ready_at = self._timer() + peace.total_seconds()
        for chat, refusal in refused.items():
            lane = self._lane(chat.chat_id)
            for_so_long = max(now - (refusal.since or now), timedelta(0))
            lane.refused_at, lane.refusal = self._timer() - for_so_long.total_seconds(), refusal.why

    async def review(self) -> None:
        """After the recipients have changed: gives up what waits for chats that are no longer told.

        What was given up before, and whose alert still fires in a chat that is told, waits again.
        """
        now, present = self._clock(), self._recipients.present
        async with self._store.write() as connection:
            await outbox.leave(connection, present, NO_LONGER_TOLD, now)
            await outbox.revive(connection, present)
        self.wake()

    async def tidy(self) -> None:
        """Gives up what chats that refuse are owed and nobody needs any more, so that it does not grow without end."""
        now = self._clock()
        async with self._store.read() as connection:
            refused = await chats.refused(connection)
            owed = [await outbox.waiting(connection, chat) for chat in refused]
        useless = [one for waiting in owed for one in of_no_use(waiting, now)]
        if useless:
            async with self._store.write() as connection:
                await outbox.failed(connection, useless, OVERTAKEN, now)

    def alive(self, chat_id: int) -> None:
        """A chat gave a sign of life: what it is owed is due at once, whatever was refused before."""
        lane = self._lanes.get(chat_id)
        if lane is None or not (lane.failures or lane.refused_at is not None):
            return
        now = self._timer()
        lane.sign_at = self.refusals.woken_at(lane.sign_at, now)
        if not lane.asked_for_peace:
            lane.ready_at = min(lane.ready_at, lane.sign_at)
        if lane.refused_at is not None:
            lane.refused_at = now
            self._signs.add(chat_id)
        self.wake()

    def next_try(self, chat_id: int) -> datetime | None:
        """When a chat that refuses is tried again; None for one that does not."""
        lane = self._lanes.get(chat_id)
        if lane is None or lane.refused_at is None:
            return None
        return self._clock() + timedelta(seconds=max(lane.ready_at - self._timer(), 0.0))

    @property
    def backlogs(self) -> dict[int, Backlog]:
        """What chats are still owed from before Telegram took messages for them again."""
        return {chat_id: lane.backlog for chat_id, lane in self._lanes.items() if lane.backlog}

    async def run(self) -> None:
        """Delivers until cancelled."""
        while True:
            self._wake.clear()
            try:
                nap = await self.pump()
            except DatabaseTrouble:  # the log has it already
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
        await self._forget_refusals(self._signs - set(waiting))
        self._signs.clear()
        now, nap = self._timer(), LONGEST_NAP
        new, self._something_new = self._something_new, False
        for chat_id in waiting:
            lane = self._lane(chat_id)
            if lane.task is not None:
                lane.missed_something |= new
                continue
            if new:  # also where the pace lets it be looked at only later
                lane.gathers_until = 0.0
            begins_at = max(lane.ready_at, lane.gathers_until)
            if begins_at <= now:
                lane.task = asyncio.create_task(self._work(chat_id, lane), name=f"deliver {chat_id}")
            else:
                nap = min(nap, begins_at - now)
        return nap

    async def _forget_refusals(self, chat_ids: set[int]) -> None:
        """Of chats that gave a sign of life and are owed nothing, nobody knows any more whether they refuse."""
        if chat_ids:
            await self._store.write_patiently(lambda connection: chats.reached(connection, chat_ids))
        for chat_id in chat_ids:
            self._lane(chat_id).refused_at = None

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
            if isinstance(error, DatabaseTrouble):
                log.debug("Delivery to chat %d: %s", chat_id, error)  # the log has it already
            elif isinstance(error, BotError):
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
            parcel = replace(parcel, answers=await outbox.answered_by(connection, chat, parcel.good_news))
            part, message = self._post.write(parcel)
            if not await outbox.claim(connection, ids_of(part)):
                return False
        began = self._timer()
        with self._metrics.send_seconds.time():
            result = await self._post.send(message, chat)
        self._metrics.sends.labels(type(result).__name__.lower()).inc()
        full = len(part.stories) < len(parcel.stories)
        lane.backlog = backlog_after(result, part, lane, self._timer() - began)
        await self._record(result, part, chat, lane, full=full)
        return True

    async def _choose(self, connection: Connection, chat_id: int, lane: Lane) -> tuple[Chat, Parcel] | None:
        """The oldest parcel that need not wait for its chat's pace, or for more of its cause."""
        now = self._timer()
        owed = await outbox.pending(connection, chat_id)
        if lane.backlog and not any(one.id <= lane.backlog.up_to for one in owed):
            lane.backlog = None
        lane.newest = max((one.id for one in owed), default=0)
        pending, held_until = held_back(owed, self._group_waits, now)
        if self._second_channel and pending:
            pending = await with_ways(connection, pending)
        by_chat: dict[Chat, list[Notification]] = {}
        for notification in pending:
            by_chat.setdefault(notification.chat, []).append(notification)
        waiting = [(chat, parcel) for chat, told in by_chat.items() for parcel in parcels(told)]
        if not waiting:
            lane.gathers_until = held_until or lane.gathers_until
            return None
        lane.ready_at = pace(lane.sent, chat_id < 0, now)
        moments = [gather_until(lane.sent, parcel, now) for _, parcel in waiting]
        soonest = min(range(len(waiting)), key=moments.__getitem__)
        lane.gathers_until = min(moments[soonest], held_until or moments[soonest])
        return waiting[soonest] if max(lane.ready_at, moments[soonest]) <= now else None

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
            case Later():
                await self._put_off(result, part, chat, lane)
            case Rejected():
                await self._refused(result, part, chat, lane)

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
            if result.message_id is not None:
                await endings.await_end(connection, [one.id for one in part.awaiting_end])
            await chats.reached(connection, [chat.chat_id])

        await self._store.write_patiently(note)
        self.on_told()
        if lane.failures or lane.refused_at is not None:
            log.info("Chat %s takes messages again", chat)
            self.on_life(chat.chat_id)
        if lane.failures:
            for other in self._lanes.values():
                if other.failures and not other.asked_for_peace:
                    other.failures, other.ready_at = 0, 0.0
        lane.failures, lane.asked_for_peace, lane.refused_at, lane.refusal, lane.sign_at = 0, False, None, "", None

    async def _put_off(self, result: Later, part: Parcel, chat: Chat, lane: Lane) -> None:
        """Puts a message back until its chat may be tried again."""
        lane.failures += 1
        lane.asked_for_peace = result.retry_after is not None
        wait = wait_after(lane.failures, result.retry_after)
        lane.ready_at = self._timer() + wait

        async def note(connection: Connection) -> None:
            now = self._clock()
            await outbox.postponed(connection, ids_of(part), result.failure, now)
            if lane.asked_for_peace:
                await chats.note(connection, chat, not_before=now + timedelta(seconds=wait))

        await self._store.write_patiently(note)
        log.warning("Chat %s was not told (%s); trying again in %.0f s", chat, result.failure, wait)

    async def _refused(self, result: Rejected, part: Parcel, chat: Chat, lane: Lane) -> None:
        """Puts a message back until its chat, which refuses, is tried again; each refusal may pass."""
        now = self._timer()
        lane.failures, lane.asked_for_peace = 0, False
        lane.refused_at = now if lane.refused_at is None else lane.refused_at
        wait = self.refusals.wait(now - lane.refused_at)
        lane.ready_at = now + wait
        known, lane.refusal = lane.refusal, result.failure

        async def note(connection: Connection) -> None:
            moment = self._clock()
            await outbox.postponed(connection, ids_of(part), result.failure, moment)
            await chats.refuses(connection, chat, result.failure, moment)

        await self._store.write_patiently(note)
        level = logging.DEBUG if known == result.failure else logging.WARNING
        log.log(level, "Chat %s refuses messages: %s; trying again in %.0f s", chat, result.failure, wait)


def backlog_after(result: SendResult, part: Parcel, lane: Lane, seconds: float) -> Backlog | None:
    """What is still owed from a bad time, after a try that took so many seconds.

    A try in vain says that itself, by its attempts. The first message that is taken after it leaves a backlog.
    """
    if not isinstance(result, Delivered):
        return None
    if part.attempts:
        return Backlog(lane.newest, refused=lane.refused_at is not None)
    slow = seconds > SLOW_SEND_S
    return lane.backlog or (Backlog(lane.newest) if slow else None)


async def with_ways(connection: Connection, pending: Sequence[Notification]) -> list[Notification]:
    """The notifications, each with how it went out by the second channel, if it did."""
    sent = await fallback.sent(connection, {part.notice.key for part in pending})
    told = {key: (one.at, one.ways) for key, one in sent.items()}
    return [replace(part, sent_ways=told.get(part.notice.key)) for part in pending]


def ids_of(part: Parcel) -> list[int]:
    """The notifications that a message tells."""
    return [notification.id for notification in part.notifications]
