"""Finds steps of the wall clock, and moves along what counts from a stored moment."""

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
"""So far small steps may add up before the origin is stored again."""

LOOK_EVERY_S = 1.0


class ClockWatch:
    """Takes the steps of a clock: moves what is stored, then the clock."""

    def __init__(
        self, clock: SteadyClock, store: Store, on_step: Callable[[ClockStep], None], boot: str | None
    ) -> None:
        """``on_step`` moves what is remembered outside the store, tells of a long step, and returns at once.

        ``boot`` names the machine's run, within which the clock's origin moves only with a step; None: not known.
        """
        self._clock = clock
        self._store = store
        self._on_step = on_step
        self._boot = boot
        self._stored = clock.origin

    async def resume(self) -> None:
        """Moves what was stored before the clock was set. Must come before anything else reads a moment.

        Within one run of the machine the step is known. After a restart of the machine only a clock that is behind what
        was stored last shows one, and by how much at least.
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
        """By how much the clock was set since the database was used last, as far as that can be known."""
        known = await moments.origin(connection, self._boot) if self._boot else None
        if known is not None:
            return origin - known
        newest = await moments.newest(connection)
        return min(self._clock() - newest, timedelta(0)) if newest else timedelta(0)

    async def run(self) -> None:
        """Takes each step within a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with suppress(DatabaseBusyError):  # the clock then stays as it is, and so does what is stored
                await self.look()

    @property
    def step(self) -> timedelta | None:
        """A step that is not taken yet."""
        return self._clock.step

    async def look(self) -> None:
        """Takes a step, if there is one. A transaction that takes its ``now`` within itself is never torn by that."""
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
            self._clock.take(step)  # before anybody else gets to run: the next transaction finds both moved
            self._tell(ClockStep(step, self._clock()))

    def _tell(self, step: ClockStep) -> None:
        """Hands a step on, and logs a long one."""
        if step.is_long:
            log.warning("%s%s", step.words, " while the bot was off" if step.while_off else "")
        self._on_step(step)
