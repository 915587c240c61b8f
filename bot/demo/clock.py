"""The demo's time. It runs like the real one and leaps on between, so that a day takes a minute or two.

Were it simply fast, every second that a message waits for its turn would count as a quarter of an hour, and the bot
would call it late. So it leaps only while nothing is under way.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

SPEEDS = (0, 1, 5, 15, 40)
"""Simulated minutes that a real second brings, slowest first; 0: time runs as on the wall."""

USUAL = 3


class LeapingClock:
    """Tells the simulated time, aware UTC, and how fast it is to go."""

    def __init__(self, start: datetime, timer: Callable[[], float] = time.monotonic) -> None:
        """``timer`` counts real seconds and never jumps."""
        self._timer = timer
        self._zero = timer()
        self._base = start
        self._gear = USUAL

    def __call__(self) -> datetime:
        """The simulated moment."""
        return self._base + timedelta(seconds=self._timer() - self._zero)

    @property
    def minutes_a_second(self) -> int:
        """How fast time goes while nothing is under way."""
        return SPEEDS[self._gear]

    def leap(self, seconds: float) -> None:
        """Lets so many real seconds' worth of simulated time pass at once."""
        self._base += timedelta(minutes=self.minutes_a_second * seconds)

    def shift(self, gears: int) -> int:
        """Goes faster, or slower where negative; gives the new minutes a second."""
        self._gear = min(max(self._gear + gears, 0), len(SPEEDS) - 1)
        return self.minutes_a_second

    def choose(self, minutes: int) -> None:
        """Goes at one of the speeds; ValueError if it is none."""
        self._gear = SPEEDS.index(minutes)
