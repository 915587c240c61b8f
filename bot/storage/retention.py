"""Deletes and thins old rows, in transactions so short that no check, message or answer waits for them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.retention import FIRST_ROWS, SLICE_S, Pass, RetentionPolicy, Window, next_rows, pass_due, windows
from bot.storage import retention_statements
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.support.errors import DatabaseBusyError

REST = 2.0
"""The pause after a transaction, in multiples of its length with its commit: others get two thirds of the time."""

RETRY_S = 600.0
"""Seconds of rest after trouble of the database: a full disk needs its space for other things first."""

Chore = Callable[[Connection, int], Awaitable[bool]]
"""Deletes old rows of one table, reading at most so many; True once none is left."""


class Retention:
    """Works on the pass that is due, for a while at each tick.

    Its progress is saved with its work, so that a restart continues there. Nothing waits for the disk: what a power cut
    undoes is done again.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        policy: RetentionPolicy,
        work_for: timedelta,
        on_pass: Callable[[], Awaitable[None]],
    ) -> None:
        """``work_for`` is how long a tick lasts at most; ``on_pass`` is called as each pass begins."""
        self._store = store
        self._clock = clock
        self._timer = timer
        self._policy = policy
        self._work_for = work_for.total_seconds()
        self._on_pass = on_pass
        self._retry_at = self._settled_at = self._timer()
        self.clock_was_set()
        self._rows = FIRST_ROWS
        self._work: Work | None = None

    def clock_was_set(self) -> None:
        """Delays the next pass until the clock can be trusted."""
        self._settled_at = self._timer() + self._policy.settle.total_seconds()

    async def tick(self) -> None:
        """Works on a pass if one is due.

        Raises DatabaseBusyError; ten minutes later it continues from what was saved.
        """
        if self._timer() < self._retry_at:
            return
        try:
            await self._tick()
        except DatabaseBusyError:
            self._retry_at = self._timer() + RETRY_S
            raise

    async def _tick(self) -> None:
        """Works until the pass is complete, or for as long as a tick lasts."""
        async with self._store.read() as connection:
            last = await retention_statements.last_pass(connection)
        due = pass_due(last, self._clock(), self._policy.every)
        if due is None or (due != last and self._timer() < self._settled_at):
            return
        if due != last:
            await self._on_pass()
        work = self._work if self._work and self._work.state == due else Work(due, self._policy)
        self._work = None  # after a failure it continues from what is saved
        until = self._timer() + self._work_for
        while True:
            began = self._timer()
            await self._slice(work)
            ended = self._timer()
            if work.is_complete or ended >= until:
                break
            await asyncio.sleep(REST * (ended - began))
        self._work = work

    async def _slice(self, work: "Work") -> None:
        """One transaction: steps until it is long enough, and their progress."""
        async with self._store.write(synced=False) as connection:
            began = at = self._timer()
            while not work.is_complete and at - began < SLICE_S:
                whole = await work.step(connection, self._rows)
                before, at = at, self._timer()
                self._rows = next_rows(self._rows, at - before, whole=whole)
            await retention_statements.save(connection, work.state)


class Work:
    """A pass under way. ``state`` is its saved progress: within one account it begins again."""

    def __init__(self, state: Pass, policy: RetentionPolicy) -> None:
        """Small tables come first, then the readings, account by account."""
        self.state = state
        self._of_account = windows(state, policy.keep_history)
        self._account = state.reached or ""
        self._windows: deque[Window] = deque()
        self._acks_after = 0
        gone, told = state.began_at - policy.keep_history, state.began_at - policy.keep_delivered
        self._chores: deque[Chore] = deque()
        if not state.reached:
            trims = (
                (retention_statements.trim_outages, gone),
                (retention_statements.trim_past_alerts, gone),
                (retention_statements.trim_outbox, told),
                (retention_statements.trim_fallbacks, told),
            )
            self._chores += [partial(trim, before=before) for trim, before in trims]
            self._chores.append(self._trim_acks)

    @property
    def is_complete(self) -> bool:
        return self.state.reached is None

    async def step(self, connection: Connection, rows: int) -> bool:
        """Reads at most ``rows`` rows, and deletes the old ones; True if it read that many."""
        if self._chores:
            done = await self._chores[0](connection, rows)
            if done:
                self._chores.popleft()
            return not done
        if not self._windows:
            await self._next_account(connection)
            return False
        rest = await retention_statements.thin(connection, self._account, self._windows.popleft(), rows)
        if rest:
            self._windows.appendleft(rest)
        return rest is not None

    async def _next_account(self, connection: Connection) -> None:
        account = await retention_statements.next_account(connection, self._account)
        self.state = replace(self.state, reached=self._account if account else None)
        if account:
            self._account = account
            self._windows.extend(self._of_account)

    async def _trim_acks(self, connection: Connection, rows: int) -> bool:
        """Goes through the silences by their ids."""
        last = await retention_statements.trim_acks(connection, self._acks_after, rows)
        self._acks_after = last or self._acks_after
        return last is None
