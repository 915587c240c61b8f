"""The demo's time. It runs like the real one and leaps in between, so that a day takes a minute or two.

If it simply ran fast, every second that a message waits for its turn would count as a quarter of an hour, and the bot
would call it late. It leaps only while nothing is running.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

SPEEDS = (0, 1, 5, 15, 40)
"""Simulated minutes in a real second, slowest first; 0: real time."""

USUAL = 3


class LeapingClock:
    """Returns the simulated time, aware UTC, and has its speed."""

    def __init__(self, start: datetime, timer: Callable[[], float] = time.monotonic) -> None:
        """``timer`` counts real seconds and never jumps."""
        self._timer = timer
        self._zero = timer()
        self._base = start
        self._gear = USUAL

    def __call__(self) -> datetime:
        return self._base + timedelta(seconds=self._timer() - self._zero)

    @property
    def minutes_a_second(self) -> int:
        """The speed while nothing is running."""
        return SPEEDS[self._gear]

    def leap(self, seconds: float) -> None:
        """Leaps by the simulated time of ``seconds`` real ones."""
        self._base += timedelta(minutes=self.minutes_a_second * seconds)

    def shift(self, gears: int) -> int:
        """Faster, or slower if negative; returns the new minutes a second."""
        self._gear = min(max(self._gear + gears, 0), len(SPEEDS) - 1)
        return self.minutes_a_second

    def choose(self, minutes: int) -> None:
        """Sets one of the speeds; ValueError for any other."""
        self._gear = SPEEDS.index(minutes)
