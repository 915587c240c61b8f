"""Readings as spending by the hour: gains are cut out, what nobody saw is unknown and not 0.

The database keeps a reading only when something changed. Between two of them nothing was spent until shortly before the
later one, unless nobody checked for a period that ended with it (the account was paused or unreadable, or a daily
refill in between went unseen): then the loss is spread evenly over that period.
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
"""Six weeks of spending, so that each weekday was seen several times."""

SLACK = timedelta(hours=2)
"""A reading soon after a daily refill shows it; after this, nobody checked in between."""

SOON = timedelta(minutes=5)
"""The first check after a period without checks comes within this."""

EMPTY_SHARE = 0.005
"""With less than this share of the allowance hardly a job fits: no spending then says nothing about the pace."""

CHAIN = 16
"""How many periods without checks can follow each other at once: a pause, then failures of several kinds."""


@dataclass(frozen=True, slots=True)
class Day:
    """Twenty-four hours of spending. ``sums`` are the credits spent by each hour's end, from 0 on (25 numbers).

    ``known`` is the share of the day that was seen; the rest was filled in from the other days.
    """

    sums: tuple[float, ...]
    known: float

    @property
    def total(self) -> float:
        return self.sums[-1]

    def until(self, hour: float) -> float:
        """The credits spent by an hour of the day, 0 to 24."""
        whole = min(max(int(hour), 0), DAY_HOURS - 1)
        return self.sums[whole] + (self.sums[whole + 1] - self.sums[whole]) * (hour - whole)


def orderly(points: Iterable[Point], until: datetime) -> list[Point]:
    """The points up to a moment, by time, one for each moment (the last one wins), without any that hold no numbers."""
    since = until - MEMORY_DAYS * DAY
    usable = {point.taken_at: point for point in points if since <= point.taken_at <= until and isfinite(point.total)}
    return [usable[moment] for moment in sorted(usable)]


def days_of(points: Sequence[Point], at: datetime, unseen: Sequence[Span] = ()) -> list[Day]:
    """The whole days of spending before a moment, the latest first; each ends at the same time of day as ``at``.

    ``points`` are as ``orderly`` returns them, ``unseen`` in order. A history shorter than a day gives none.
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
        if last_seen is not None and changes.hides_spending:  # spending in between is unknown
            if last_seen < start:
                spread(known, start, last_seen, start - last_seen)
            continue
        spread(known, start, end, start - end)
        if changes.spent:
            spread(spent, min(start, end + 1) if last_seen is None else last_seen, end, changes.spent)
    return spent, known


def unseen_since(before: Point, after: Point, unseen: Sequence[Span]) -> datetime | None:
    """Since when nobody had checked when the later point was read; None if the check before was recent."""
    since, place = after.taken_at, bisect_right(unseen, after.taken_at, key=end_of)
    for begun, ended in reversed(unseen[max(0, place - CHAIN) : place]):
        if since - ended > SOON or ended <= before.taken_at:
            break
        since = max(begun, before.taken_at)
    return since if since < after.taken_at else None


def end_of(span: Span) -> datetime:
    """When checks went on."""
    return span[1]


def spread(hours: list[float], start: float, end: float, amount: float) -> None:
    """Adds an amount evenly over a span, in hours ago."""
    first, last = int(end), min(int(start), len(hours) - 1)
    if first == int(start) and first <= last:
        hours[first] += amount
        return
    rate = amount / (start - end)
    for hour in range(first, last + 1):
        hours[hour] += rate * (min(start, hour + 1) - max(end, hour))


def is_missed(before: Point, after: Point) -> bool:
    """True if nobody checked for a part of the time between: no reading shows a daily refill that changed the page."""
    refill = before.daily_refresh_at
    return refill is not None and before.taken_at < refill and after.taken_at - refill > SLACK


def is_empty(point: Point) -> bool:
    """True if too little is left for a job."""
    return point.total <= EMPTY_SHARE * (point.monthly_allowance or 0)


def usual_hours(spent: Sequence[float], known: Sequence[float]) -> list[float]:
    """The mean spending of each hour of the day, the latest first, over the days in which it was seen."""
    overall = sum(spent) / max(sum(known), 1)
    seen = [sum(known[hour::DAY_HOURS]) for hour in range(DAY_HOURS)]
    return [sum(spent[hour::DAY_HOURS]) / seen[hour] if seen[hour] >= 0.5 else overall for hour in range(DAY_HOURS)]


def day_of(spent: Sequence[float], known: Sequence[float], usual: Sequence[float]) -> Day:
    """A day from its hours, the latest first; an unseen part of an hour costs what that hour usually costs."""
    filled = [cost + (1 - min(seen, 1)) * mean for cost, seen, mean in zip(spent, known, usual, strict=True)]
    return Day(tuple(accumulate(reversed(filled), initial=0.0)), min(sum(known) / DAY_HOURS, 1.0))
