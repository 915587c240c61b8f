"""An account's past: gaps, and points within what a chart can show."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.domain.credit_changes import Point

Span = tuple[datetime, datetime]
"""A period without checks."""

PAUSED = "paused"
"""The kind of a gap in which a person paused the checks."""
LARGEST = 1e15


@dataclass(frozen=True, slots=True)
class Gap:
    """A period in which credits were unknown; ``until`` is None while it lasts."""

    since: float
    until: float | None = None
    kind: str = ""


def bounded(point: Point, before: Point | None) -> Point:
    """The point within what a chart can show; a bucket that it lacks is taken from the point before."""
    daily = point.daily if point.daily is not None or before is None else before.daily
    package = point.package if point.package is not None or before is None else before.package
    if abs(point.total) < LARGEST and daily is point.daily and package is point.package:
        return point
    buckets = (max(min(bucket or 0, LARGEST), -LARGEST) for bucket in (point.monthly, daily, package))
    monthly, daily, package = buckets
    return point._replace(monthly=monthly, daily=daily, package=package)


def merged(gaps: Iterable[Gap], since: float, until: float) -> tuple[Gap, ...]:
    """The gaps within a span, in order, without overlap. Gaps that touch are joined, except pauses with other gaps."""
    clipped: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: gap.since):
        start, end = max(gap.since, since), until if gap.until is None else min(gap.until, until)
        if end <= start:
            continue
        last = clipped[-1] if clipped else None
        if last is None or last.until is None or start > last.until:
            clipped.append(Gap(start, end, gap.kind))
        elif (last.kind == PAUSED) == (gap.kind == PAUSED):
            clipped[-1] = replace(last, until=max(last.until, end))
        elif end > last.until:
            clipped.append(Gap(last.until, end, gap.kind))
    return tuple(clipped)


def unseen_of(gaps: Iterable[Gap], since: datetime, until: datetime) -> list[Span]:
    """The gaps within a span as periods without checks."""
    found = merged(gaps, since.timestamp(), until.timestamp())
    moments = [(gap.since, until.timestamp() if gap.until is None else gap.until) for gap in found]
    return [(datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)) for begin, end in moments]
