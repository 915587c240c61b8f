"""The spending to be expected: the last week again, drifting to the pace of the last month.

A plain line through seven days is hard to beat on real balances. This is that line, with the weekdays and hours that
the account keeps, and a slow return to its longer mean: a quiet week is not the end of all work.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from math import exp
from statistics import fmean

from bot.evaluation.forecast.spending import DAY_HOURS, Day

WEEK, MONTH = 7, 28

DRIFT_DAYS = 20.0
"""After so many days the pace has gone 63 % of the way from the last week's to the last month's."""

OLDER_WEEK = 0.5
"""The weight of a weekday's cost beside that of one week later."""


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


@dataclass(frozen=True, slots=True)
class Pace:
    """Credits a day: of the last week, and of the last month."""

    week: float
    month: float

    @classmethod
    def of(cls, days: Sequence[Day]) -> "Pace":
        """The pace of some days, the latest first; there is at least one. Each counts as far as it was seen."""
        month = seen_mean(days[:MONTH], fmean(day.total for day in days[:MONTH]))
        return cls(seen_mean(days[:WEEK], month), month)

    def on(self, day: int) -> float:
        """The pace in the middle of a day, so many days from now."""
        return self.month + (self.week - self.month) * exp(-(day + 0.5) / DRIFT_DAYS)

    def days_for(self, amount: float, most: int) -> float:
        """In how many days so much is spent; ``most`` where it takes longer."""
        for day in range(most):
            cost = self.on(day)
            if cost >= amount:
                return day + (amount / cost if cost else 0.0)
            amount -= cost
        return float(most)


def seen_mean(days: Sequence[Day], otherwise: float) -> float:
    """The mean cost of some days by how far each was seen; if none was, ``otherwise``."""
    seen = sum(day.known for day in days)
    return sum(day.total * day.known for day in days) / seen if seen else otherwise


def week_ahead(days: Sequence[Day]) -> list[Day]:
    """Seven days, the first begins now: each as its weekday was lately, as far as the account keeps to weekdays.

    Only their proportions count: ``walk`` brings them to the pace.
    """
    totals = [day.total for day in days[:MONTH]]
    kept, usual = regularity(totals), blended(days[:MONTH], [1.0] * len(totals))
    found = []
    for ahead in range(WEEK):
        same = days[WEEK - 1 - ahead : MONTH : WEEK]
        own = blended(same, [OLDER_WEEK**age for age in range(len(same))]) if same else usual
        found.append(Day(tuple(kept * mine + (1 - kept) * all_ for mine, all_ in zip(own, usual, strict=True)), 1.0))
    return found


def blended(days: Sequence[Day], weights: Sequence[float]) -> list[float]:
    """The weighted mean of some days, hour by hour."""
    whole = sum(weights)
    return [
        sum(weight * day.sums[hour] for day, weight in zip(days, weights, strict=True)) / whole
        for hour in range(DAY_HOURS + 1)
    ]


def regularity(totals: Sequence[float]) -> float:
    """How far days cost what their weekday cost before, from 0 (not at all) to 1; half where two weeks are not seen."""
    if len(totals) < 2 * WEEK:
        return 0.5
    mean = fmean(totals)
    spread = fmean([(total - mean) ** 2 for total in totals])
    apart = fmean([(later - before) ** 2 for later, before in zip(totals, totals[WEEK:], strict=False)]) / 2
    return min(max(1 - apart / spread, 0.0), 1.0) if spread else 1.0


def walk(week: Sequence[Day], pace: Pace, stock: Stock, length: int, factor: float) -> Path:
    """Spends for ``length`` days, ``factor`` times as fast as expected, or until nothing is left."""
    mean = sum(day.total for day in week) / WEEK
    scales = (factor * pace.on(ahead) / mean if mean else 0.0 for ahead in range(length))
    return spend_down(zip(cycle(week), scales, strict=False), stock)


def spend_down(days: Iterable[tuple[Day, float]], stock: Stock) -> Path:
    """Spends some days, each so many times over, or until nothing is left."""
    pool, daily, pools, refills = stock.pool, stock.daily, [stock.pool], stock.refill_in is not None
    phase = DAY_HOURS if stock.refill_in is None else stock.refill_in
    for ahead, (day, scale) in enumerate(days):
        early = day.until(phase)
        for before, cost, refilled in ((0.0, early, refills), (early, day.total - early, False)):
            spent = cost * scale
            if spent > 0 and spent >= pool + daily:
                hour = hour_of(day, before + (pool + daily) / scale)
                return Path(ahead * DAY_HOURS + hour, tuple(pools))
            if spent > daily:
                pool, daily = pool + daily - spent, 0.0
            else:
                daily -= spent
            if refilled:
                daily = stock.daily_allowance
        pools.append(pool)
    return Path(0.0 if stock.pool + stock.daily <= 0 else None, tuple(pools))


def hour_of(day: Day, spent: float) -> float:
    """The hour of a day by which an amount was spent."""
    hour = max(bisect_left(day.sums, spent), 1)
    if hour > DAY_HOURS:
        return DAY_HOURS
    cost = day.sums[hour] - day.sums[hour - 1]
    return hour - 1 + ((spent - day.sums[hour - 1]) / cost if cost else 1)
