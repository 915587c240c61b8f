"""Whether a series is flat: its slope, how much slope its own noise makes by chance, and the verdict.

The slope is Theil and Sen's, the median over all pairs, which a few spikes do not move. Neighbouring seconds are alike,
so they are gathered in blocks first, and the noise is what the same estimate gives when the residuals, cut into runs
longer than any likeness, are laid out in other orders: no trend is left in them, so what slope they show is chance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from statistics import median

Typical = Callable[[Sequence[float]], float]

BLOCKS = 36
RUN = 5
"""Blocks that stay together when the residuals are laid out anew."""

SHUFFLES = 200
PERCENT = 99
"""Nine gauges are judged in a run, and hardly any run is to cry out by chance."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How a series goes: per second of real time, with the slope that chance makes in all but one of a hundred."""

    level: float
    """Its median."""
    slope: float
    noise: float
    seconds: float
    """The time judged."""
    start: float
    """Where the fitted line begins."""

    @property
    def growth(self) -> float:
        """By how much it grew in the time judged, if all of its slope is true."""
        return self.slope * self.seconds

    def grows(self, grain: float) -> bool:
        """Whether it grows: more than by chance, and by something that is worth a word."""
        return self.slope > self.noise and self.growth >= grain


def trend(times: Sequence[float], values: Sequence[float], typical: Typical = median) -> Trend:
    """The trend of a series of at least two points, ordered in time; ``typical`` is what stands for a block."""
    at, heights = blocks(times, values, typical)
    slope = theil_sen(at, heights)
    start = median(height - slope * (moment - at[0]) for moment, height in zip(at, heights, strict=True))
    left = [height - start - slope * (moment - at[0]) for moment, height in zip(at, heights, strict=True)]
    return Trend(median(values), slope, noise(at, left), times[-1] - times[0], start)


def blocks(times: Sequence[float], values: Sequence[float], typical: Typical) -> tuple[list[float], list[float]]:
    """The series in at most so many blocks of one length."""
    length = -(-len(times) // BLOCKS)
    starts = range(0, len(times) - length + 1, length)
    return (
        [median(times[start : start + length]) for start in starts],
        [typical(values[start : start + length]) for start in starts],
    )


def theil_sen(times: Sequence[float], values: Sequence[float]) -> float:
    """The median slope of all pairs."""
    points = list(zip(times, values, strict=True))
    return median((later[1] - sooner[1]) / (later[0] - sooner[0]) for sooner, later in combinations(points, 2))


def noise(times: Sequence[float], residuals: Sequence[float]) -> float:
    """The slope up or down that these residuals show by chance, in all but one of a hundred orders."""
    rng = Random(1)
    slopes = sorted(abs(theil_sen(times, laid_out(rng, residuals))) for _ in range(SHUFFLES))
    return slopes[SHUFFLES * PERCENT // 100 - 1]


def laid_out(rng: Random, residuals: Sequence[float]) -> list[float]:
    """As many, made of runs that begin anywhere."""
    made: list[float] = []
    last = max(len(residuals) - RUN, 0)
    while len(made) < len(residuals):
        start = rng.randint(0, last)
        made += residuals[start : start + RUN]
    return made[: len(residuals)]
