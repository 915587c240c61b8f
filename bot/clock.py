"""The wall clock without its steps, and what a step moves along.

The bot measures spans (a mute of two hours, a reminder each day, a message that waits) by moments that it stores. A
clock that is set would stretch or cut them all. A step is therefore held back until every stored moment from which a
span counts has been moved by as much; to the spans nothing has happened then.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from bot.core.clock import ClockStep
from bot.errors import DatabaseTrouble
from bot.store import moments
from bot.store.connection import Connection
from bot.store.database import Store

log = logging.getLogger(__name__)

STEP = timedelta(seconds=5)
"""A smaller step is followed at once: it makes nothing late that anybody would notice."""

DRIFT = timedelta(seconds=10)
"""So far small steps may add up before the origin is stored again."""

LOOK_EVERY_S = 1.0
AT_ONCE_S = 1.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def boot_seconds() -> float:
    """Seconds that no setting of the clock changes; the time of a suspended machine counts, where the system tells."""
    return time.monotonic() if BOOT_CLOCK is None else time.clock_gettime(BOOT_CLOCK)


def boot_id() -> str | None:
    """What names the present run of the machine, within which ``boot_seconds`` counts on; None where nothing does."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return None


def origin_of(wall: Callable[[], datetime], timer: Callable[[], float]) -> datetime:
    """The moment at which the timer was 0, by the wall clock: it moves only where that is set.

    The two cannot be read at once; a process that was suspended between the two readings reads again.
    """
    while True:
        before, shown, after = timer(), wall(), timer()
        if after - before < AT_ONCE_S:
            return shown - timedelta(seconds=after)


class SteadyClock:
    """Answers aware UTC. A step of the wall clock of over five seconds shows only once it was taken."""

    def __init__(self, wall: Callable[[], datetime], timer: Callable[[], float] = boot_seconds) -> None:
        """``timer`` counts seconds and never jumps."""
        self._wall = wall
        self._timer = timer
        self.origin = origin_of(self._wall, self._timer)
        """The moment at which the timer was 0, by this clock."""

    def __call__(self) -> datetime:
        """The present moment."""
        ahead = origin_of(self._wall, self._timer) - self.origin
        if abs(ahead) <= STEP:
            self.origin += ahead
        return self.origin + timedelta(seconds=self._timer())

    @property
    def step(self) -> timedelta | None:
        """By how much the wall clock was set, where that has not been taken yet."""
        ahead = origin_of(self._wall, self._timer) - self.origin
        return ahead if abs(ahead) > STEP else None

    def take(self, step: timedelta) -> None:
        """Follows the wall clock."""
        self.origin += step


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
            with suppress(DatabaseTrouble):  # the clock then stays as it is, and so does what is stored
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
