"""How often the ranges held at an account: what a forecast would have said on each of the last days, and what came.

A range counts once its late end is past: of those that still run, only the ones that failed early would count. The
truth is when the credits would have been gone had nothing but the daily refill been added.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil

from bot.domain.accounts import Account, Credits, ForecastRecord, Plan, Reading
from bot.domain.credit_changes import Point
from bot.domain.history import Span
from bot.evaluation.forecast.ahead import spend_down
from bot.evaluation.forecast.errors import NEEDED
from bot.evaluation.forecast.run_out import ENOUGH, SPREAD, Past, courses, past_of, shares_of, stock_of, summed_up
from bot.evaluation.forecast.spending import DAY, DAY_HOURS, HOUR, Day

LAST = 10
"""The ranges of a record, the latest first."""


def record_of(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> ForecastRecord:
    """The record of the last ranges; costs as much as ten to forty forecasts."""
    reading = account.reading
    past = None if reading is None else past_of(history, reading, unseen)
    if reading is None or past is None:
        return ForecastRecord(now)
    held = counted = 0
    for age in range(1, len(past.days) - NEEDED + 1):
        found = is_held(account, reading.taken_at - age * DAY, past, age)
        if found is not None:
            held, counted = held + found, counted + 1
        if counted == LAST:
            break
    return ForecastRecord(now, held, counted)


def is_held(account: Account, at: datetime, past: Past, age: int) -> bool | None:
    """True if the range of so many days ago held; None if there was none, or nobody knows yet."""
    before, point = past.before(age), past.points[age]
    if before is None or point.taken_at > at:
        return None
    reading = Reading(at, Credits(*point[1:8]), Plan(point.plan, point.plan, ends_at=point.plan_ends_at))
    ahead = courses(account, reading, before)
    late = ahead.place(shares_of(SPREAD)[-1]).runs_out_in
    if late is None or late > age * DAY_HOURS:  # before the rest of the forecast, which costs much more
        return None
    told = summed_up(reading, before.days, ahead, at)
    if not told.is_range or told.earliest is None or told.latest is None:
        return None
    since = past.days[:age][::-1]
    out = spend_down(((day, 1.0) for day in since), stock_of(account, reading)).runs_out_in
    if not was_seen(since[: ceil(min(late, late if out is None else out) / DAY_HOURS)]):
        return None
    return out is not None and told.earliest <= at + out * HOUR <= told.latest


def was_seen(days: Sequence[Day]) -> bool:
    """True if enough of these days was seen to know what came."""
    return sum(day.known for day in days) >= ENOUGH * len(days)
