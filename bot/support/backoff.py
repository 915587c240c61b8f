"""The wait before something that failed is tried again."""

import random
from collections.abc import Callable
from dataclasses import dataclass

JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts: ``first``, then ``factor`` times as long after each failure, ``longest`` at most.

    Up to a fifth is subtracted, so that parts that failed together are not tried together again and again. ``jitter``
    returns a number from 0 to 1: how much of that fifth.
    """

    first: float = 1.0
    longest: float = 30.0
    factor: float = 2.0
    jitter: Callable[[], float] = random.random

    def wait(self, failures: int) -> float:
        """Seconds until the next attempt, after ``failures`` failed ones: 1 or more."""
        whole = min(self.first * self.factor ** min(failures - 1, 60), self.longest)
        return whole * (1 - JITTER * self.jitter())


USUAL = Backoff()
