"""Real demand with a simulated plan: what a balance shows to be spent, paid from monthly and daily credits.

A series is cut into lives as long as the simulated ones; each has a plan of its own, whose allowance is 0.7 to 1.5
times of a month's use. Everything else (refills, refunds, gaps, purchases) is that of ``bench/spending_patterns.py``.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from random import Random

from bench.spending_patterns import DAYS, LOOK, LOOKS_A_DAY, PERIOD, WATCHED_DAYS, Life, Simulated, in_jobs
from bot.domain.credit_changes import Point

ALLOWANCE = 15_000
LEAST, MOST = 0.7, 1.5
"""The allowance, as a share of a month's use."""

PRICES = [5, 20, 35]


def lives_of(name: str, points: Sequence[Point]) -> Iterator[tuple[str, Simulated]]:
    """The lives of one series, each with its name; none of a series that is too short, or where nothing was spent."""
    looks = spent_by_look(points)
    step, length = WATCHED_DAYS * LOOKS_A_DAY, DAYS * LOOKS_A_DAY
    for number, first in enumerate(range(0, len(looks) - length + 1, step)):
        wanted, called = looks[first : first + length], f"{name} {number}"
        whole = sum(wanted)
        if whole <= 0:
            continue
        random = Random(called)
        scale = ALLOWANCE / random.uniform(LEAST, MOST) * (DAYS / PERIOD) / whole
        demand = in_jobs(random, [want * scale for want in wanted], PRICES)
        yield called, Life(random, demand, ALLOWANCE, changes=False).lived()


def spent_by_look(points: Sequence[Point]) -> list[float]:
    """What was spent in each half hour from the first whole day on; between two readings evenly, rises cut out."""
    start = datetime.combine(points[0].taken_at.date() + timedelta(days=1), time(), points[0].taken_at.tzinfo)
    looks = [0.0] * max(int((points[-1].taken_at - start) / LOOK), 0)
    for before, after in pairwise(points):
        begin, end = ((point.taken_at - start) / LOOK for point in (before, after))
        fall = max(float(before.total - after.total), 0.0)
        if fall <= 0 or end <= 0:
            continue
        for look in range(max(int(begin), 0), min(int(end) + 1, len(looks))):
            looks[look] += fall * (min(look + 1, end) - max(look, begin)) / (end - begin)
    return looks
