"""Sends what the outbox holds: at least once, in order within a chat, each chat at its own pace.

A message goes out, and then its result is recorded: a crash between the two can repeat it, and never lose it.
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
from bot.domain.notifications import Delivery
from bot.domain.pending import Backlog, of_no_use
from bot.outbox.batching import Batch, batches
from bot.outbox.pacing import (
    GROUP_LIMIT,
    GROUP_WAIT_S,
    SLOW_SEND_S,
    GroupWait,
    SentMessage,
    group_wait_until,
    held_back,
    next_send_at,
)
from bot.outbox.results import REFUSALS, Migrated, Rejected, Retry, SendResult, Sent
from bot.storage import chats, endings, fallback, outbox
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.support.backoff import USUAL
from bot.support.errors import BotError, DatabaseBusyError
from bot.support.metrics import Metrics
from bot.targets.recipients import Recipients

log = logging.getLogger(__name__)

MAX_IDLE_S = 30.0
MAX_RETRY_AFTER = timedelta(hours=1)
NO_LONGER_TOLD = "the chat is no longer told anything"
OVERTAKEN = "overtaken while the chat took no messages"
RESULT_LABELS: dict[type, str] = {Sent: "delivered", Retry: "later", Migrated: "moved", Rejected: "rejected"}
"""Results of a send as labels of /metrics. Dashboards depend on them."""


class Notifier(Protocol):
    """Writes the text of a batch and sends it."""

    def write(self, batch: Batch) -> tuple[Batch, Any]:
        """The part of a batch that one message holds, and that message."""

    async def send(self, message: Any, chat: Chat) -> SendResult:
        """Sends the message. Every trouble is a result; it raises nothing."""


@dataclass(slots=True)
class ChatQueue:
    """The state of one Telegram chat: what it got lately, and when it can get the next message.

    Nothing is sent before ``next_send_at``. Until ``group_wait_until`` every delivery waits for more of its group; a
    new one is checked at once, because it can be of another group. ``refused_at`` is when the chat began to refuse, or
    its last sign of life since, from which the schedule of tries counts; ``refusal`` is Telegram's text. ``newest`` is
    the highest delivery id that waited when the last message was chosen. Moments are seconds of the dispatcher's timer.
    """

    sent: deque[SentMessage] = field(default_factory=lambda: deque(maxlen=10 * GROUP_LIMIT))
    next_send_at: float = 0.0
    group_wait_until: float = 0.0
    failures: int = 0
    rate_limited: bool = False
    refused_at: float | None = None
    refusal: str = ""
    sign_at: float | None = None
    missed_something: bool = False
    newest: int = 0
    backlog: Backlog | None = None
    task: asyncio.Task[None] | None = None


class Dispatcher:
    """One worker for each chat with deliveries; a chat that hangs or is rate limited delays no other."""

    def __init__(
        self,
        store: Store,
        post: Notifier,
        recipients: Recipients,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        metrics: Metrics,
        second_channel: bool = False,
    ) -> None:
        """``timer`` counts seconds and never jumps; ``clock`` returns aware UTC.

        With a ``second_channel`` messages say what it sent meanwhile. Tests with a fast clock replace ``refusals`` and
        ``backoff``. ``on_life`` is called with a chat that takes messages again, ``on_told`` after each message that
        was taken. ``group_wait`` is how many seconds a delivery waits at most for others of its source.
        """
        self._store = store
        self._post = post
        self._recipients = recipients
        self._clock = clock
        self._timer = timer
        self._metrics = metrics
        self._second_channel = second_channel
        self.refusals = REFUSALS
        self.backoff = USUAL
        self.group_wait = GROUP_WAIT_S
        self.on_life: Callable[[int], None] = lambda _: None
        self.on_told: Callable[[], None] = lambda: None
        self._signs: set[int] = set()
        self._group_waits: dict[str, GroupWait] = {}
        self._queues: dict[int, ChatQueue] = {}
        self._wake = asyncio.Event()
        self._something_new = True

    def wake(self) -> None:
        """Looks for new deliveries at once."""
        self._something_new = True
        self._wake.set()

    def hold_back(self, source: str, after: int) -> None:
        """Delays deliveries of a source with ids above ``after`` while its other accounts are checked.

        It lasts ``group_wait`` at most. The delay is in memory only: a start sends them at once.
        """
        self._group_waits[source] = GroupWait(after, self._timer() + self.group_wait)

    def let_go(self, source: str) -> None:
        """Ends the delay of ``hold_back``."""
        self._group_waits.pop(source, None)
        self.wake()

    async def resume(self) -> None:
        """Requeues deliveries that a crash interrupted and restores Telegram cooldowns.

        A chat that refused is tried at once, because a start can have fixed it, and then keeps its place in the
        schedule.
        """
        async with self._store.write() as connection:
            now = self._clock()
            await outbox.release(connection)
            waits = await chats.waits(connection)
            refused = await chats.refused(connection)
        await self.review()
        for chat, until in waits.items():
            peace = min(max(until - now, timedelta(0)), MAX_RETRY_AFTER)
            self._queue(chat.chat_id).next_send_at = self._timer() + peace.total_seconds()
        for chat, refusal in refused.items():
            queue = self._queue(chat.chat_id)
            for_so_long = max(now - (refusal.since or now), timedelta(0))
            queue.refused_at, queue.refusal = self._timer() - for_so_long.total_seconds(), refusal.why

    async def review(self) -> None:
        """Applies changed recipients: drops deliveries for chats that are gone.

        Requeues dropped ones whose alert still fires in a chat that is back.
        """
        now, present = self._clock(), self._recipients.reached
        async with self._store.write() as connection:
            await outbox.leave(connection, present, NO_LONGER_TOLD, now)
            await outbox.revive(connection, present)
        self.wake()

    async def tidy(self) -> None:
        """Drops obsolete deliveries of chats that refuse, so that their queue does not grow without end."""
        now = self._clock()
        async with self._store.read() as connection:
            refused = await chats.refused(connection)
            owed = [await outbox.waiting(connection, chat) for chat in refused]
        useless = [one for waiting in owed for one in of_no_use(waiting, now)]
        if useless:
            async with self._store.write() as connection:
                await outbox.failed(connection, useless, OVERTAKEN, now)

    def alive(self, chat_id: int) -> None:
        """Makes everything due for a chat that gave a sign of life, whatever it refused before."""
        queue = self._queues.get(chat_id)
        if queue is None or not (queue.failures or queue.refused_at is not None):
            return
        now = self._timer()
        queue.sign_at = self.refusals.woken_at(queue.sign_at, now)
        if not queue.rate_limited:
            queue.next_send_at = min(queue.next_send_at, queue.sign_at)
        if queue.refused_at is not None:
            queue.refused_at = now
            self._signs.add(chat_id)
        self.wake()

    def next_try(self, chat_id: int) -> datetime | None:
        """When a chat that refuses is tried again; None for one that does not."""
        queue = self._queues.get(chat_id)
        if queue is None or queue.refused_at is None:
            return None
        return self._clock() + timedelta(seconds=max(queue.next_send_at - self._timer(), 0.0))

    @property
    def backlogs(self) -> dict[int, Backlog]:
        """The backlog of each chat, from before Telegram took messages for it again."""
        return {chat_id: queue.backlog for chat_id, queue in self._queues.items() if queue.backlog}

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            self._wake.clear()
            try:
                nap = await self.pump()
            except DatabaseBusyError:  # it is logged already
                nap = self.backoff.first
            try:
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def pump(self) -> float:
        """Starts the workers of all chats that can get something now; returns the seconds until the next can."""
        async with self._store.read() as connection:
            waiting = await outbox.waiting_chats(connection)
        await self._forget_refusals(self._signs - set(waiting))
        self._signs.clear()
        now, nap = self._timer(), MAX_IDLE_S
        new, self._something_new = self._something_new, False
        for chat_id in waiting:
            queue = self._queue(chat_id)
            if queue.task is not None:
                queue.missed_something |= new
                continue
            if new:  # also where the pace allows a look only later
                queue.group_wait_until = 0.0
            begins_at = max(queue.next_send_at, queue.group_wait_until)
            if begins_at <= now:
                queue.task = asyncio.create_task(self._work(chat_id, queue), name=f"deliver {chat_id}")
            else:
                nap = min(nap, begins_at - now)
        return nap

    async def _forget_refusals(self, chat_ids: set[int]) -> None:
        """Clears the refusals of chats that gave a sign of life and have no deliveries."""
        if chat_ids:
            await self._store.write_patiently(lambda connection: chats.reached(connection, chat_ids))
        for chat_id in chat_ids:
            self._queue(chat_id).refused_at = None

    async def drain(self) -> None:
        """Sends what can be sent at once, and returns when no worker is sending."""
        with suppress(DatabaseBusyError):
            await self.pump()
        tasks = [queue.task for queue in self._queues.values() if queue.task]
        if tasks:
            await asyncio.wait(tasks)

    async def cancel(self) -> None:
        """Stops the workers at once; what was not recorded is sent again after the next start."""
        tasks = [queue.task for queue in self._queues.values() if queue.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _queue(self, chat_id: int) -> ChatQueue:
        return self._queues.setdefault(chat_id, ChatQueue())

    async def _work(self, chat_id: int, queue: ChatQueue) -> None:
        """Sends what waits for one chat, until nothing can be sent now."""
        try:
            while queue.next_send_at <= self._timer() and await self._tell_next(chat_id, queue):
                pass
        except Exception as error:
            if isinstance(error, DatabaseBusyError):
                log.debug("Delivery to chat %d: %s", chat_id, error)  # it is logged already
            elif isinstance(error, BotError):
                log.error("Delivery to chat %d: %s", chat_id, error)
            else:
                log.exception("Delivery to chat %d: unexpected error", chat_id)
            queue.failures += 1
            queue.next_send_at = self._timer() + self.backoff.wait(queue.failures)
            await self._store.write_patiently(lambda connection: outbox.release(connection, chat_id))
        finally:
            self._something_new |= queue.missed_something
            queue.task, queue.missed_something = None, False
            self._wake.set()

    async def _tell_next(self, chat_id: int, queue: ChatQueue) -> bool:
        """Sends one message; False if none can be sent now."""
        async with self._store.write(synced=False) as connection:  # a claim that a power cut undoes is made again
            chosen = await self._choose(connection, chat_id, queue)
            if chosen is None:
                return False
            chat, batch = chosen
            batch = replace(batch, answers=await outbox.answered_by(connection, chat, batch.good_news))
            part, message = self._post.write(batch)
            if not await outbox.claim(connection, ids_of(part)):
                return False
        began = self._timer()
        with self._metrics.send_seconds.time():
            result = await self._post.send(message, chat)
        self._metrics.sends.labels(RESULT_LABELS[type(result)]).inc()
        full = len(part.stories) < len(batch.stories)
        queue.backlog = backlog_after(result, part, queue, self._timer() - began)
        await self._record(result, part, chat, queue, full=full)
        return True

    async def _choose(self, connection: Connection, chat_id: int, queue: ChatQueue) -> tuple[Chat, Batch] | None:
        """The oldest batch that need not wait for its chat's pace, or for more of its group."""
        now = self._timer()
        owed = await outbox.pending(connection, chat_id)
        if queue.backlog and not any(one.id <= queue.backlog.up_to for one in owed):
            queue.backlog = None
        queue.newest = max((one.id for one in owed), default=0)
        pending, held_until = held_back(owed, self._group_waits, now)
        if self._second_channel and pending:
            pending = await with_ways(connection, pending)
        by_chat: dict[Chat, list[Delivery]] = {}
        for delivery in pending:
            by_chat.setdefault(delivery.chat, []).append(delivery)
        waiting = [(chat, batch) for chat, told in by_chat.items() for batch in batches(told)]
        if not waiting:
            queue.group_wait_until = held_until or queue.group_wait_until
            return None
        queue.next_send_at = next_send_at(queue.sent, chat_id < 0, now)
        moments = [group_wait_until(queue.sent, batch, now) for _, batch in waiting]
        soonest = min(range(len(waiting)), key=moments.__getitem__)
        queue.group_wait_until = min(moments[soonest], held_until or moments[soonest])
        return waiting[soonest] if max(queue.next_send_at, moments[soonest]) <= now else None

    async def _record(self, result: SendResult, part: Batch, chat: Chat, queue: ChatQueue, *, full: bool) -> None:
        """Records the result of a send; waits for a database that cannot be written."""
        match result:
            case Sent():
                await self._delivered(result, part, chat, queue)
                queue.sent.append(SentMessage(self._timer(), part.cause, part.subjects, full))
            case Migrated(new):
                log.warning("Chat %d has become chat %d; it is followed", chat.chat_id, new)
                self._queues.setdefault(new, ChatQueue(sent=queue.sent))
                await self._moved(chat.chat_id, new, part)
            case Retry():
                await self._put_off(result, part, chat, queue)
            case Rejected():
                await self._refused(result, part, chat, queue)

    async def _moved(self, old: int, new: int, part: Batch) -> None:
        """Follows a migrated chat. Claimed deliveries can have its new id already, if the move was announced too."""

        async def follow(connection: Connection) -> None:
            await self._recipients.move(connection, old, new)
            await outbox.put_back(connection, ids_of(part))

        await self._store.write_patiently(follow)

    async def _delivered(self, result: Sent, part: Batch, chat: Chat, queue: ChatQueue) -> None:
        """Records a delivery. After a failure it retries the other chats at once, too."""
        now = self._clock()

        async def note(connection: Connection) -> None:
            await outbox.delivered(connection, ids_of(part), result.message_id, now)
            if result.message_id is not None:
                await endings.await_end(connection, [one.id for one in part.awaiting_end])
            await chats.reached(connection, [chat.chat_id])

        await self._store.write_patiently(note)
        self.on_told()
        if queue.failures or queue.refused_at is not None:
            log.info("Chat %s takes messages again", chat)
            self.on_life(chat.chat_id)
        if queue.failures:
            for other in self._queues.values():
                if other.failures and not other.rate_limited:
                    other.failures, other.next_send_at = 0, 0.0
        queue.failures, queue.rate_limited, queue.refused_at, queue.refusal, queue.sign_at = 0, False, None, "", None

    async def _put_off(self, result: Retry, part: Batch, chat: Chat, queue: ChatQueue) -> None:
        """Requeues a message until its chat can be tried again."""
        queue.failures += 1
        queue.rate_limited = result.retry_after is not None
        wait = self.backoff.wait(queue.failures) if result.retry_after is None else result.retry_after
        queue.next_send_at = self._timer() + wait

        async def note(connection: Connection) -> None:
            now = self._clock()
            await outbox.postponed(connection, ids_of(part), result.failure, now)
            if queue.rate_limited:
                await chats.note(connection, chat, not_before=now + timedelta(seconds=wait))

        await self._store.write_patiently(note)
        log.warning("Chat %s was not told (%s); trying again in %.0f s", chat, result.failure, wait)

    async def _refused(self, result: Rejected, part: Batch, chat: Chat, queue: ChatQueue) -> None:
        """Requeues a message for a chat that refuses, until its next try; each refusal can pass."""
        now = self._timer()
        queue.failures, queue.rate_limited = 0, False
        queue.refused_at = now if queue.refused_at is None else queue.refused_at
        wait = self.refusals.wait(now - queue.refused_at)
        queue.next_send_at = now + wait
        known, queue.refusal = queue.refusal, result.failure

        async def note(connection: Connection) -> None:
            moment = self._clock()
            await outbox.postponed(connection, ids_of(part), result.failure, moment)
            await chats.refuses(connection, chat, result.failure, moment)

        await self._store.write_patiently(note)
        level = logging.DEBUG if known == result.failure else logging.WARNING
        log.log(level, "Chat %s refuses messages: %s; trying again in %.0f s", chat, result.failure, wait)


def backlog_after(result: SendResult, part: Batch, queue: ChatQueue, seconds: float) -> Backlog | None:
    """The backlog after a send of ``seconds``; None without one.

    A failed send itself leaves none, because attempts count it. The first message that is taken after it leaves one.
    """
    if not isinstance(result, Sent):
        return None
    if part.attempts:
        return Backlog(queue.newest, refused=queue.refused_at is not None)
    slow = seconds > SLOW_SEND_S
    return queue.backlog or (Backlog(queue.newest) if slow else None)


async def with_ways(connection: Connection, pending: Sequence[Delivery]) -> list[Delivery]:
    """The deliveries, each with its send by the second channel, if there was one."""
    sent = await fallback.sent(connection, {part.notification.key for part in pending})
    told = {key: (one.at, one.ways) for key, one in sent.items()}
    return [replace(part, sent_ways=told.get(part.notification.key)) for part in pending]


def ids_of(part: Batch) -> list[int]:
    """The ids of the deliveries in a message."""
    return [delivery.id for delivery in part.deliveries]
