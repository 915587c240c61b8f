"""Sends the events to the webhook's receiver: in order, at least once, each until it is taken or too old.

It shares nothing with the chats: a receiver that is away delays no message, and no silence concerns it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from prometheus_client import Counter, Gauge

from bot.domain.events import ReceiverState, WaitingEvent
from bot.features.webhook.receiver import NotTaken
from bot.storage import events
from bot.storage.database import Store
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseBusyError
from bot.support.metrics import Metrics

log = logging.getLogger(__name__)

MAX_IDLE_S = 5.0
"""An event that no chat gets a message of wakes nobody: so often the sender looks for itself."""

PATIENCE = Backoff(first=1.0, longest=300.0)


class Post(Protocol):
    """An open connection to the receiver."""

    async def take(self, webhook_id: str, body: str) -> NotTaken | None:
        """Sends an event; None if the receiver took it. Raises nothing."""


class EventSender:
    """Sends the oldest event until the receiver takes it, and then the next."""

    def __init__(
        self,
        store: Store,
        connected: Callable[[], AbstractAsyncContextManager[Post]],
        write: Callable[[WaitingEvent], str],
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        """``timer`` counts seconds and never jumps; ``clock`` returns aware UTC; ``write`` makes a body."""
        self._store = store
        self._connected = connected
        self._write = write
        self._clock = clock
        self._timer = timer
        self.backoff = PATIENCE
        self._failures = 0
        self._next_send_at = 0.0
        self._failure = ""
        self._failing_since: datetime | None = None
        self._wake = asyncio.Event()
        registry = metrics.registry
        self._sends = Counter("credit_bot_webhook_sends", "Events by their result", ["result"], registry=registry)
        self._dropped = Counter("credit_bot_webhook_dropped", "Events dropped after seven days", registry=registry)
        self._depth = Gauge("credit_bot_webhook_waiting", "Events not taken yet", registry=registry)
        self._age = Gauge("credit_bot_webhook_age_seconds", "Age of the oldest that waits", registry=registry)

    def wake(self) -> None:
        """Looks for new events at once, unless the receiver failed lately."""
        self._wake.set()

    async def state(self) -> ReceiverState:
        """The waiting events, and the last failure. Raises DatabaseBusyError."""
        async with self._store.read() as connection:
            found = await events.depth(connection)
        return replace(found, failure=self._failure, failing_since=self._failing_since)

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            self._wake.clear()
            try:
                nap = await self.look()
            except DatabaseBusyError:  # it is logged already
                nap = self.backoff.first
            except Exception:
                log.exception("The webhook: unexpected error")
                nap = self._put_off(NotTaken("unexpected error of the bot, see its log"))
            try:
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def look(self) -> float:
        """Sends what waits, until the receiver fails; returns the seconds until the next look."""
        await self._drop_old()
        wait = self._next_send_at - self._timer()
        if wait <= 0:
            wait = await self._send() or MAX_IDLE_S
        await self._measure()
        return min(wait, MAX_IDLE_S)

    async def _drop_old(self) -> None:
        """Drops what nobody took for seven days. The receiver gets a notice in its place."""
        now = self._clock()
        async with self._store.read() as connection:
            oldest = (await events.depth(connection)).oldest_at
        if oldest is None or now - oldest <= events.KEPT_FOR:
            return
        count = await self._store.write_patiently(
            lambda connection: events.drop(connection, now - events.KEPT_FOR, now)
        )
        self._dropped.inc(count)
        why = self._failure or "took nothing"
        log.warning("WEBHOOK_URL: events older than 7 days were dropped: %d (the receiver %s)", count, why)

    async def _send(self) -> float | None:
        """Sends all that waits; returns the seconds until the next attempt, None if nothing is left."""
        async with self._store.read() as connection:
            waiting = await events.waiting(connection)
        if not waiting:
            return None
        async with self._connected() as post:
            while waiting:
                for one in waiting:
                    failed = await post.take(one.webhook_id, self._write(one))
                    if failed:
                        self._sends.labels("failed").inc()
                        return self._put_off(failed)
                    await self._taken(one)
                async with self._store.read() as connection:
                    waiting = await events.waiting(connection)
        return None

    async def _taken(self, one: WaitingEvent) -> None:
        """Records that the receiver has an event."""
        self._sends.labels("taken").inc()
        was_failing, self._failing_since = self._failing_since is not None, None
        self._failures, self._failure = 0, ""
        await self._store.write_patiently(lambda connection: events.taken(connection, one.id))
        if was_failing:
            log.info("WEBHOOK_URL takes events again")

    def _put_off(self, failed: NotTaken) -> float:
        """Notes a failure; returns the seconds until the next attempt."""
        self._failures += 1
        asked = min(failed.retry_after, self.backoff.longest)
        wait = max(self.backoff.wait(self._failures), asked)
        level = logging.DEBUG if failed.why == self._failure else logging.WARNING
        log.log(level, "WEBHOOK_URL %s; trying again in %.0f s", failed.why, wait)
        self._failure, self._failing_since = failed.why, self._failing_since or self._clock()
        self._next_send_at = self._timer() + wait
        return wait

    async def _measure(self) -> None:
        """Updates what /metrics shows."""
        state = await self.state()
        self._depth.set(state.waiting)
        age = (self._clock() - state.oldest_at).total_seconds() if state.oldest_at else 0
        self._age.set(max(age, 0))
