"""How much of the past stays: every reading for a week, then the last of each hour, then the last of each day. Pure.

Retention works in passes of many short transactions. A pass judges age by the moment at which it began.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURLY_AFTER, DAILY_AFTER = timedelta(days=7), timedelta(days=60)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime.min.replace(tzinfo=UTC)

SLICE_S = 0.015
"""Seconds after which a transaction begins no further step."""

QUICK_S, SLOW_S = 0.001, 0.005
"""Seconds of a step below which the next one reads more rows, and above which it reads fewer."""

FEWEST_ROWS, FIRST_ROWS, MOST_ROWS = 8, 64, 256


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How often a pass begins, and how long history and delivered messages stay.

    No pass begins within ``settle`` after a start or a step of the clock, because a wrong year would delete everything.
    """

    every: timedelta = timedelta(hours=6)
    keep_history: timedelta = timedelta(days=400)
    keep_delivered: timedelta = timedelta(days=30)
    settle: timedelta = timedelta(minutes=10)


USUAL = RetentionPolicy()


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass and its progress.

    ``previous`` is when the last complete pass began: what that one thinned is skipped; None reads everything.
    ``reached`` is the last account that is done, "" before the first, None once the pass is complete.
    """

    began_at: datetime
    previous: datetime | None = None
    reached: str | None = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Readings of an account from ``since`` up to ``before``.

    The last one of each ``slot``, counted from 1970 in UTC, stays; without a slot none stays.
    """

    since: datetime
    before: datetime
    slot: timedelta | None


def pass_due(last: Pass | None, now: datetime, every: timedelta) -> Pass | None:
    """The pass under way, or a new one; None while none is due."""
    if last is None or last.began_at > now:  # the clock was set back: what earlier passes thinned is unknown
        return Pass(now)
    if last.reached is not None:
        return last
    return Pass(now, last.began_at) if now - last.began_at >= every else None


def windows(work: Pass, keep: timedelta) -> tuple[Window, ...]:
    """The windows that a pass reads of each account, in this order, without empty windows.

    A window begins with the whole slot in which the previous pass ended, because that slot's last reading can have
    changed.
    """
    hourly_before, daily_before = work.began_at - HOURLY_AFTER, work.began_at - DAILY_AFTER
    daily_since, hourly_since = FIRST, start_of(daily_before, HOUR)
    if work.previous is not None:
        daily_since = start_of(work.previous - DAILY_AFTER, DAY)
        hourly_since = max(hourly_since, start_of(work.previous - HOURLY_AFTER, HOUR))
    wanted = (
        Window(FIRST, work.began_at - keep, None),
        Window(daily_since, daily_before, DAY),
        Window(hourly_since, hourly_before, HOUR),
    )
    return tuple(window for window in wanted if window.since < window.before)


def start_of(moment: datetime, slot: timedelta) -> datetime:
    """The beginning of the slot around a moment."""
    return moment - (moment - EPOCH) % slot


def next_rows(rows: int, took: float, *, whole: bool) -> int:
    """How many rows the next step reads, by how long a step of ``rows`` took.

    ``whole``: it read that many. A step that found fewer rows does not show how fast a larger one is.
    """
    if took > SLOW_S:
        return max(FEWEST_ROWS, rows // 2)
    return min(MOST_ROWS, rows * 2) if whole and took < QUICK_S else rows
