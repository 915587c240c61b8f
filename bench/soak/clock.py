"""The soak's time: simply fast, and the same in every process, for all count from one zero of the system's timer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SPEED = 200.0
START = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FastClock:
    """Tells the simulated moment, aware UTC."""

    zero: float
    """``time.monotonic()`` when the soak began; on Linux one timer for all processes."""
    speed: float = SPEED
    start: datetime = START
    timer: Callable[[], float] = time.monotonic

    def __call__(self) -> datetime:
        """The simulated moment."""
        return self.start + timedelta(seconds=(self.timer() - self.zero) * self.speed)

    def real(self, simulated: timedelta) -> float:
        """How many real seconds so much simulated time takes."""
        return simulated.total_seconds() / self.speed
