"""The readings of the past as spending, hour by hour: what grew is cut out, what nobody saw is unknown and not zero.

The store keeps a reading only when something changed. So between two of them nothing was spent until shortly before
the later one, unless a daily refill in between went unseen: then nobody was looking, and the loss is spread evenly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from math import isfinite
from typing import NamedTuple

from bot.core.model import Credits, Number, Reading

DAY_HOURS = 24
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

MEMORY_DAYS = 42
"""How far back spending is looked at: six weeks, so that each weekday was seen some times."""

SLACK = timedelta(hours=2)
"""A daily refill is seen by a reading soon after it; one seen later than this was missed while nobody looked."""

EMPTY_SHARE = 0.005
"""With less than this share of the allowance hardly a job fits: that nothing is spent then says nothing of the pace."""


class Point(NamedTuple):
    """What the store keeps of a reading; the fields are the columns of its table, in their order."""

    taken_at: datetime
    monthly: Number
    daily: Number | None = None
    package: Number | None = None
    monthly_allowance: Number | None = None
    daily_allowance: Number | None = None
    refresh_at: datetime | None = None
    daily_refresh_at: datetime | None = None
    plan: str | None = None
    plan_ends_at: datetime | None = None

    @property
    def total(self) -> Number:
        """What could be spent."""
        return self.monthly + (self.daily or 0) + (self.package or 0)


@dataclass(frozen=True, slots=True)
class Day:
    """Twenty-four hours of spending. ``sums`` are the credits spent by each hour's end, from 0 on (25 numbers).

    ``known`` is the share of the day that was seen; the rest was filled in from the other days.
    """

    sums: tuple[float, ...]
    known: float

    @property
    def total(self) -> float:
        """What the day cost."""
        return self.sums[-1]

    def until(self, hour: float) -> float:
        """The credits spent by an hour of the day, 0 to 24."""
        whole = min(max(int(hour), 0), DAY_HOURS - 1)
        return self.sums[whole] + (self.sums[whole + 1] - self.sums[whole]) * (hour - whole)


def point_of(reading: Reading) -> Point:
    """What the store would keep of a reading."""
    credits: Credits = reading.credits
    return Point(
        reading.taken_at,
        credits.monthly,
        credits.daily,
        credits.package,
        credits.monthly_allowance,
        credits.daily_allowance,
        credits.refresh_at,
        credits.daily_refresh_at,
        reading.plan.name,
        reading.plan.ends_at,
    )


def orderly(points: Iterable[Point], until: datetime) -> list[Point]:
    """The points up to a moment by time, one for each moment (the last given), without any that hold no numbers."""
    since = until - MEMORY_DAYS * DAY
    usable = {point.taken_at: point for point in points if since <= point.taken_at <= until and isfinite(point.total)}
    return [usable[moment] for moment in sorted(usable)]


def days_of(points: Sequence[Point], at: datetime) -> list[Day]:
    """The whole days of spending before a moment, the latest first; each ends at the same time of day as ``at``.

    ``points`` are as ``orderly`` leaves them. A history shorter than a day gives none.
    """
    whole = (at - points[0].taken_at) // DAY if points else 0
    if whole < 1:
        return []
    spent, known = hourly(points, at, whole * DAY_HOURS)
    usual = usual_hours(spent, known)
    return [day_of(spent[start : start + 24], known[start : start + 24], usual) for start in range(0, len(spent), 24)]


def hourly(points: Sequence[Point], at: datetime, hours: int) -> tuple[list[float], list[float]]:
    """The credits spent and the share seen of each hour before a moment, the latest hour first."""
    spent, known = [0.0] * hours, [0.0] * hours
    for before, after in pairwise(points):
        start, end = (at - before.taken_at) / HOUR, (at - after.taken_at) / HOUR
        if is_empty(before):
            continue
        loss, missed = spending(before, after), is_missed(before, after)
        if missed and is_jump(before, after):
            continue
        spread(known, start, end, start - end)
        if loss:
            spread(spent, start if missed else min(start, end + 1), end, loss)
    return spent, known


def spread(hours: list[float], start: float, end: float, amount: float) -> None:
    """Adds an amount evenly over a span that lies between so many hours ago and so many."""
    first, last = int(end), min(int(start), len(hours) - 1)
    if first == int(start) and first <= last:
        hours[first] += amount
        return
    rate = amount / (start - end)
    for hour in range(first, last + 1):
        hours[hour] += rate * (min(start, hour + 1) - max(end, hour))


def spending(before: Point, after: Point) -> float:
    """What was spent between two points, as far as no refill, top-up or renewal hides it."""
    monthly = 0 if is_jump(before, after) else before.monthly - after.monthly
    package = (before.package or 0) - (after.package or 0) if after.package is not None else 0
    return max(monthly, 0) + max(package, 0) + daily_spending(before, after)


def daily_spending(before: Point, after: Point) -> float:
    """What was spent of the daily credits; after a refill, what is missing of the allowance."""
    if before.daily is None or after.daily is None:
        return 0
    if after.daily > before.daily or is_passed(before.daily_refresh_at, before, after):
        return max((after.daily_allowance or 0) - after.daily, 0)
    return before.daily - after.daily


def is_jump(before: Point, after: Point) -> bool:
    """The monthly credits were set anew between two points: refilled, topped up, renewed, lapsed, another plan's."""
    return (
        after.monthly > before.monthly
        or is_passed(before.refresh_at, before, after)
        or is_passed(before.plan_ends_at, before, after)
        or differ(before.plan, after.plan)
        or differ(before.monthly_allowance, after.monthly_allowance)
        or is_moved(before.refresh_at, after.refresh_at)
    )


def is_passed(moment: datetime | None, before: Point, after: Point) -> bool:
    """Whether a moment lies after the one point and not after the other."""
    return moment is not None and before.taken_at < moment <= after.taken_at


def differ(old: object, new: object) -> bool:
    """Whether two values are known and not the same."""
    return old is not None and new is not None and old != new


def is_moved(old: datetime | None, new: datetime | None) -> bool:
    """Whether a refill was put off by more than a day; a service that computes it anew each time shakes by less."""
    return old is not None and new is not None and new - old > DAY


def is_missed(before: Point, after: Point) -> bool:
    """Nobody looked for a part of the time between: a daily refill changed the page, and no reading shows it."""
    refill = before.daily_refresh_at
    return refill is not None and before.taken_at < refill and after.taken_at - refill > SLACK


def is_empty(point: Point) -> bool:
    """Nothing, or too little for a job."""
    return point.total <= EMPTY_SHARE * (point.monthly_allowance or 0)


def usual_hours(spent: Sequence[float], known: Sequence[float]) -> list[float]:
    """The mean spending of each hour of the day, latest first, over the days in which it was seen."""
    overall = sum(spent) / max(sum(known), 1)
    seen = [sum(known[hour::DAY_HOURS]) for hour in range(DAY_HOURS)]
    return [sum(spent[hour::DAY_HOURS]) / seen[hour] if seen[hour] >= 0.5 else overall for hour in range(DAY_HOURS)]


def day_of(spent: Sequence[float], known: Sequence[float], usual: Sequence[float]) -> Day:
    """A day from its hours, latest first; what was not seen of an hour is filled in with what it usually costs."""
    filled = [cost + (1 - min(seen, 1)) * mean for cost, seen, mean in zip(spent, known, usual, strict=True)]
    return Day(tuple(accumulate(reversed(filled), initial=0.0)), min(sum(known) / DAY_HOURS, 1.0))
