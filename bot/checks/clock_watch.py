"""Finds steps of the wall clock, and moves stored moments along with it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.domain.clock_step import ClockStep
from bot.storage import moments
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.support.clock import STEP, SteadyClock
from bot.support.errors import DatabaseBusyError

log = logging.getLogger(__name__)

DRIFT = timedelta(seconds=10)
"""How much small steps add up before the origin is stored again."""

LOOK_EVERY_S = 1.0


class ClockWatch:
    """Applies steps of the clock: first to stored moments, then to the clock."""

    def __init__(
        self, clock: SteadyClock, store: Store, on_step: Callable[[ClockStep], None], boot: str | None
    ) -> None:
        """``on_step`` moves moments outside the database, reports a long step, and returns at once.

        ``boot`` names the machine's run, within which the clock's origin moves only with a step; None if unknown.
        """
        self._clock = clock
        self._store = store
        self._on_step = on_step
        self._boot = boot
        self._stored = clock.origin

    async def resume(self) -> None:
        """Moves stored moments if the clock was set while the bot was off. Runs before anything reads a moment.

        Within one run of the machine the step is exact. After a restart of the machine only a clock behind the last
        stored moment shows one, and its least size.
        """
        origin = self._clock.origin
        async with self._store.write() as connection:
            step = await self._step_while_off(connection, origin)
            if abs(step) > STEP:
                await moments.shift(connection, step)
            if self._boot:
                await moments.store_origin(connection, self._boot, origin)
        self._stored = origin
        if abs(step) > STEP:
            self._tell(ClockStep(step, self._clock(), while_off=True))

    async def _step_while_off(self, connection: Connection, origin: datetime) -> timedelta:
        """How much the clock was set since the database was used last, as far as known."""
        known = await moments.origin(connection, self._boot) if self._boot else None
        if known is not None:
            return origin - known
        newest = await moments.newest(connection)
        return min(self._clock() - newest, timedelta(0)) if newest else timedelta(0)

    async def run(self) -> None:
        """Applies each step within a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with suppress(DatabaseBusyError):  # the clock and the stored moments then stay as they are
                await self.look()

    @property
    def step(self) -> timedelta | None:
        """A step that is not applied yet."""
        return self._clock.step

    async def look(self) -> None:
        """Applies a step, if there is one. It never tears a transaction that takes its ``now`` within itself."""
        step = self.step
        origin = self._clock.origin + (step or timedelta(0))
        if step is None and abs(origin - self._stored) < DRIFT:
            return
        async with self._store.write() as connection:
            if step:
                await moments.shift(connection, step)
            if self._boot:
                await moments.store_origin(connection, self._boot, origin)
        self._stored = origin
        if step:
            self._clock.take(step)  # before anything else runs: the next transaction finds both moved
            self._tell(ClockStep(step, self._clock()))

    def _tell(self, step: ClockStep) -> None:
        """Reports a step, and logs a long one."""
        if step.is_long:
            log.warning("%s%s", step.words, " while the bot was off" if step.while_off else "")
        self._on_step(step)
