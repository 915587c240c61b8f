"""What of the past stays: every reading for a week, then the last of an hour, then the last of a day. Pure.

Upkeep goes over everything in passes of many short slices. A pass judges age by the moment at which it began.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURLY_AFTER, DAILY_AFTER = timedelta(days=7), timedelta(days=60)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime.min.replace(tzinfo=UTC)

SLICE_S = 0.015
"""Seconds after which a slice begins no further step."""

QUICK_S, SLOW_S = 0.001, 0.005
"""Seconds of a step below which the next one may take more rows, and above which it takes fewer."""

FEWEST_ROWS, FIRST_ROWS, MOST_ROWS = 8, 64, 256


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How often a pass begins, and for how long history and delivered messages stay.

    No pass begins within ``settle`` after a start or a step of the clock: a wrong year would end the whole past.
    """

    every: timedelta = timedelta(hours=6)
    keep_history: timedelta = timedelta(days=400)
    keep_delivered: timedelta = timedelta(days=30)
    settle: timedelta = timedelta(minutes=10)


USUAL = RetentionPolicy()


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass, as far as it has come.

    ``previous`` is when the last complete pass began: what was thinned then is not read again. None: everything is
    read. ``reached`` is the last account that is done, "" before the first; None once the pass is complete.
    """

    began_at: datetime
    previous: datetime | None = None
    reached: str | None = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The readings of an account from ``since`` up to ``before``.

    The last one of each ``slot`` stays, counted from 1970 in UTC; without a slot none stays.
    """

    since: datetime
    before: datetime
    slot: timedelta | None


def pass_due(last: Pass | None, now: datetime, every: timedelta) -> Pass | None:
    """The pass to work on: the one under way, or a new one; None while none is due."""
    if last is None or last.began_at > now:  # the clock was set back: what was thinned up to now is unknown
        return Pass(now)
    if last.reached is not None:
        return last
    return Pass(now, last.began_at) if now - last.began_at >= every else None


def windows(work: Pass, keep: timedelta) -> tuple[Window, ...]:
    """What a pass reads of each account, to be worked on in this order; empty windows are left out.

    A window begins with the whole slot in which the previous pass ended, for the last of that slot may be another one.
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
    """The beginning of the slot that a moment lies in."""
    return moment - (moment - EPOCH) % slot


def next_rows(rows: int, took: float, *, whole: bool) -> int:
    """How many rows the next step may read, from how long a step of so many took.

    ``whole``: it did read so many. A step that found fewer says nothing of how quick a larger one would be.
    """
    if took > SLOW_S:
        return max(FEWEST_ROWS, rows // 2)
    return min(MOST_ROWS, rows * 2) if whole and took < QUICK_S else rows
