"""The machine's clocks: the wall clock, and one without steps."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

STEP = timedelta(seconds=5)
"""A smaller step is followed at once: it delays nothing that anybody would notice."""
AT_ONCE_S = 1.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def utc_now() -> datetime:
    """The wall clock; the only place that reads it."""
    return datetime.now(UTC)


def boot_seconds() -> float:
    """Seconds that no setting of the clock changes; a suspended machine's time counts, if the system reports it."""
    return time.monotonic() if BOOT_CLOCK is None else time.clock_gettime(BOOT_CLOCK)


def boot_id() -> str | None:
    """The id of the machine's present run, within which ``boot_seconds`` counts; None if the system has none."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return None


def origin_of(wall: Callable[[], datetime], timer: Callable[[], float]) -> datetime:
    """The moment at which the timer was 0, by the wall clock: it moves only if that is set.

    Two clocks cannot be read at once; a process that was suspended between the two reads again.
    """
    while True:
        before, shown, after = timer(), wall(), timer()
        if after - before < AT_ONCE_S:
            return shown - timedelta(seconds=after)


class SteadyClock:
    """Returns aware UTC. A step of the wall clock of over five seconds shows only after ``take``."""

    def __init__(self, wall: Callable[[], datetime], timer: Callable[[], float] = boot_seconds) -> None:
        """``timer`` counts seconds and never jumps."""
        self._wall = wall
        self._timer = timer
        self.origin = origin_of(self._wall, self._timer)
        """The moment at which the timer was 0, by this clock."""

    def __call__(self) -> datetime:
        ahead = origin_of(self._wall, self._timer) - self.origin
        if abs(ahead) <= STEP:
            self.origin += ahead
        return self.origin + timedelta(seconds=self._timer())

    @property
    def step(self) -> timedelta | None:
        """How much the wall clock was set, if that is not applied yet."""
        ahead = origin_of(self._wall, self._timer) - self.origin
        return ahead if abs(ahead) > STEP else None

    def take(self, step: timedelta) -> None:
        """Applies a step of the wall clock."""
        self.origin += step
