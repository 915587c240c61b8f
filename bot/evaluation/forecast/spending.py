"""The readings of the past as spending, hour by hour: what grew is cut out, what nobody saw is unknown and not zero.

The store keeps a reading only when something changed. So between two of them nothing was spent until shortly before
the later one, unless nobody was looking for a time that ended with it (the account was paused, or could not be read, or
a daily refill in between went unseen): then the loss is spread evenly over that time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from math import isfinite

from bot.domain.credit_changes import Point, changes_between
from bot.domain.history import Span

DAY_HOURS = 24
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

MEMORY_DAYS = 42
"""How far back spending is looked at: six weeks, so that each weekday was seen some times."""

SLACK = timedelta(hours=2)
"""A daily refill is seen by a reading soon after it; one seen later than this was missed while nobody looked."""

SOON = timedelta(minutes=5)
"""The first look after a time in which nobody looked comes within this."""

EMPTY_SHARE = 0.005
"""With less than this share of the allowance hardly a job fits: that nothing is spent then says nothing of the pace."""

CHAIN = 16
"""So many times in which nobody looked may follow each other at once: a pause, then outages of several kinds."""


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


def orderly(points: Iterable[Point], until: datetime) -> list[Point]:
    """The points up to a moment by time, one for each moment (the last given), without any that hold no numbers."""
    since = until - MEMORY_DAYS * DAY
    usable = {point.taken_at: point for point in points if since <= point.taken_at <= until and isfinite(point.total)}
    return [usable[moment] for moment in sorted(usable)]


def days_of(points: Sequence[Point], at: datetime, unseen: Sequence[Span] = ()) -> list[Day]:
    """The whole days of spending before a moment, the latest first; each ends at the same time of day as ``at``.

    ``points`` are as ``orderly`` leaves them, ``unseen`` in order. A history shorter than a day gives none.
    """
    whole = (at - points[0].taken_at) // DAY if points else 0
    if whole < 1:
        return []
    spent, known = hourly(points, at, whole * DAY_HOURS, unseen)
    usual = usual_hours(spent, known)
    return [day_of(spent[start : start + 24], known[start : start + 24], usual) for start in range(0, len(spent), 24)]


def hourly(
    points: Sequence[Point], at: datetime, hours: int, unseen: Sequence[Span] = ()
) -> tuple[list[float], list[float]]:
    """The credits spent and the share seen of each hour before a moment, the latest hour first."""
    spent, known = [0.0] * hours, [0.0] * hours
    for before, after in pairwise(points):
        start, end = (at - before.taken_at) / HOUR, (at - after.taken_at) / HOUR
        if is_empty(before):
            continue
        since = before.taken_at if is_missed(before, after) else unseen_since(before, after, unseen)
        last_seen = None if since is None else (at - since) / HOUR
        changes = changes_between(before, after)
        if last_seen is not None and changes.hides_spending:  # what was spent meanwhile is not to be known
            if last_seen < start:
                spread(known, start, last_seen, start - last_seen)
            continue
        spread(known, start, end, start - end)
        if changes.spent:
            spread(spent, min(start, end + 1) if last_seen is None else last_seen, end, changes.spent)
    return spent, known


def unseen_since(before: Point, after: Point, unseen: Sequence[Span]) -> datetime | None:
    """Since when nobody had looked when the later point was read; None if somebody had just looked."""
    since, place = after.taken_at, bisect_right(unseen, after.taken_at, key=end_of)
    for begun, ended in reversed(unseen[max(0, place - CHAIN) : place]):
        if since - ended > SOON or ended <= before.taken_at:
            break
        since = max(begun, before.taken_at)
    return since if since < after.taken_at else None


def end_of(span: Span) -> datetime:
    """When somebody looked again."""
    return span[1]


def spread(hours: list[float], start: float, end: float, amount: float) -> None:
    """Adds an amount evenly over a span that lies between so many hours ago and so many."""
    first, last = int(end), min(int(start), len(hours) - 1)
    if first == int(start) and first <= last:
        hours[first] += amount
        return
    rate = amount / (start - end)
    for hour in range(first, last + 1):
        hours[hour] += rate * (min(start, hour + 1) - max(end, hour))


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
