"""Many futures of one account, made of days of its past: the same readings always give the same futures.

A future is a chain of past days (a block bootstrap). It prefers recent days and those of the same weekday, and often
continues with the day that followed in the past, so that a busy week stays a week. One factor scales all of its days,
because a short past says little about the usual pace.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, sqrt
from statistics import NormalDist
from zlib import crc32

from bot.evaluation.forecast.spending import DAY_HOURS, Day

PATHS = 200
WEEK = 7

PRIOR_UNEVENNESS, PRIOR_DAYS = 0.8, 1
"""The unevenness of days before any is seen, and how many seen days that is worth."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Values from the backtest's tuning seeds; ``python -m bench.forecast --tuning`` shows their effect.

    ``half_life``: the age in days at which a past day counts half. ``weekday``: how many times more a day of the same
    weekday counts. ``goes_on``: how often the past's next day follows. ``doubt`` and ``doubt_of_one_day``: the spread
    of the factor, always, and added for a past of a single day (shrinks with the root of the days).
    """

    half_life: float = 10
    weekday: float = 12
    goes_on: float = 0.4
    doubt: float = 0.04
    doubt_of_one_day: float = 1.2


TUNING = Tuning()


@dataclass(frozen=True, slots=True)
class Stock:
    """Spendable credits. Daily credits go first and are refilled ``refill_in`` hours from now, then every day.

    ``refill_in`` is within a day; None means that nothing refills daily.
    """

    pool: float
    daily: float = 0
    daily_allowance: float = 0
    refill_in: float | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """One future: the hours until all is spent (None: not within it), and the pool at the beginning of each day."""

    runs_out_in: float | None
    pools: tuple[float, ...]

    def left_at(self, hour: float) -> float:
        """The rest of the pool after some hours; linear within a day, and beyond the path as at its end."""
        if self.runs_out_in is not None and self.runs_out_in <= hour:
            return 0.0
        day = min(int(hour / DAY_HOURS), len(self.pools) - 1)
        begin, end = float(day * DAY_HOURS), float((day + 1) * DAY_HOURS)
        if day + 1 < len(self.pools):
            after = self.pools[day + 1]
        else:
            end, after = (end, self.pools[day]) if self.runs_out_in is None else (self.runs_out_in, 0.0)
        return self.pools[day] + (after - self.pools[day]) * min((hour - begin) / (end - begin), 1)


def futures(days: Sequence[Day], stock: Stock, length: int, seed: str, tuning: Tuning = TUNING) -> list[Path]:
    weights = donor_weights(days, tuning)
    phase = DAY_HOURS if stock.refill_in is None else stock.refill_in
    halves = [(day.until(phase), day.total - day.until(phase)) for day in days]
    lots = (crc32(f"{seed} {path}".encode()) for path in range(PATHS))
    return [
        walk(days, halves, stock, chained(weights, length, lot, tuning.goes_on), factor)
        for lot, factor in zip(lots, factors(days, tuning), strict=True)
    ]


def donor_weights(days: Sequence[Day], tuning: Tuning) -> list[list[float]]:
    """For each weekday ahead (0 is the day that begins now) the running sums of the weights of all past days."""
    recency = [(day.known + 0.01) * 0.5 ** (age / tuning.half_life) for age, day in enumerate(days)]
    return [
        list(
            accumulate(
                weight * (tuning.weekday if (ahead + age + 1) % WEEK == 0 else 1) for age, weight in enumerate(recency)
            )
        )
        for ahead in range(WEEK)
    ]


def chained(weights: Sequence[Sequence[float]], length: int, lot: int, goes_on: float) -> Iterator[int]:
    """The past days, by age, of one future; ``lot`` decides (Knuth's generator: the same on every platform)."""
    age = 0
    for ahead in range(length):
        lot = (lot * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        chance = lot / (1 << 64)
        if age > 0 and chance < goes_on:
            age -= 1
        else:
            sums = weights[ahead % WEEK]
            redrawn = (chance - goes_on) / (1 - goes_on) if age > 0 else chance
            age = bisect_left(sums, redrawn * sums[-1])
        yield age


def factors(days: Sequence[Day], tuning: Tuning) -> list[float]:
    """The factors of the futures, evenly over a log-normal's quantiles."""
    counted = [day.known * 0.5 ** (age / tuning.half_life) for age, day in enumerate(days)]
    seen = max(sum(counted), 0.5)
    spread = sqrt(tuning.doubt**2 + tuning.doubt_of_one_day**2 * unevenness(days) / seen)
    normal = NormalDist(0, spread)
    return [exp(normal.inv_cdf((path + 0.5) / PATHS)) for path in range(PATHS)]


def unevenness(days: Sequence[Day]) -> float:
    """The squared coefficient of variation of the days; with few days it is drawn to that of usual accounts.

    Days that differ only as their weekdays do are even: each is compared with the same day a week before.
    """
    totals = [day.total for day in days]
    mean = sum(totals) / len(totals)
    if mean <= 0:
        return PRIOR_UNEVENNESS
    daily = sum((total / mean - 1) ** 2 for total in totals)
    if len(totals) >= 2 * WEEK:
        pairs = list(zip(totals, totals[WEEK:], strict=False))
        weekly = sum(((later - before) / mean) ** 2 for later, before in pairs) / 2
        daily = min(daily, weekly * len(totals) / len(pairs))
    return (daily + PRIOR_DAYS * PRIOR_UNEVENNESS) / (len(totals) + PRIOR_DAYS)


def walk(
    days: Sequence[Day], halves: Sequence[tuple[float, float]], stock: Stock, donors: Iterable[int], factor: float
) -> Path:
    """Spends day after day until nothing is left; ``halves`` are each past day's costs before and after the refill."""
    pool, daily, pools, refills = stock.pool, stock.daily, [stock.pool], stock.refill_in is not None
    for ahead, donor in enumerate(donors):
        early, late = halves[donor]
        for before, cost, refilled in ((0.0, early, refills), (early, late, False)):
            spent = cost * factor
            if spent >= pool + daily:
                hour = hour_of(days[donor], before + (pool + daily) / factor)
                return Path(ahead * DAY_HOURS + hour, tuple(pools))
            if spent > daily:
                pool, daily = pool + daily - spent, 0.0
            else:
                daily -= spent
            if refilled:
                daily = stock.daily_allowance
        pools.append(pool)
    return Path(None, tuple(pools))


def hour_of(day: Day, spent: float) -> float:
    """The hour of a day by which an amount was spent."""
    hour = max(bisect_left(day.sums, spent), 1)
    if hour > DAY_HOURS:
        return DAY_HOURS
    cost = day.sums[hour] - day.sums[hour - 1]
    return hour - 1 + ((spent - day.sums[hour - 1]) / cost if cost else 1)
