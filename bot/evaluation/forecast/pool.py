"""Several accounts of one service as one stock: its credits, the end of all of them, and the next refill.

The forecast is that of one account with the spending of all of them: where one is empty, its jobs go on at the others.
A pace is a mean, so the pace of the sum is the sum of their paces. No past of the sum is stored, from which to learn
its own errors: the range is that of the usual ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, Number, Reading, Unit, jobs_of_all
from bot.evaluation.forecast.ahead import WEEK, Pace, Stock, walk
from bot.evaluation.forecast.errors import expected_errors
from bot.evaluation.forecast.foresee import holding
from bot.evaluation.forecast.run_out import FAR, GRAIN, SPREAD, WIDEST, Courses, is_ending, moment_after, shares_of
from bot.evaluation.forecast.spending import DAY, DAY_HOURS, HOUR, Day

OLD = timedelta(hours=25)
"""An older reading does not count: an account that is checked once a day is not late before."""

TOGETHER = timedelta(hours=1)
"""Refills this near to each other are one."""

EVENLY = [Day(tuple(float(hour) for hour in range(DAY_HOURS + 1)), 1.0)] * WEEK
"""A week without hours of its own: those of several accounts are not known together."""


@dataclass(frozen=True, slots=True)
class Gone:
    """When all is gone, as a range that should hold the true moment; a None is more than ``FAR`` days away."""

    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Refill:
    """The next credits that come by themselves, at one moment; ``amount`` None where not all of them are known."""

    at: datetime
    amount: Number | None
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """Some accounts of one service. Only the ``known`` ones count: read lately and by their last check, and not paused.

    ``total`` is a lower bound where it is ``partial``. ``gone`` is None unless the pace of every known account that has
    credits left is known for at least a week, and the range narrow enough to plan by. ``jobs`` is how many jobs all of
    it pays for; None unless each known account has a cost.
    """

    accounts: int
    known: int
    total: Number = 0
    partial: bool = False
    gone: Gone | None = None
    refill: Refill | None = None
    jobs: int | None = None


def pool_of(accounts: Sequence[Account], now: datetime) -> Pool:
    """The pool of accounts that count in one unit."""
    known = [(one, reading) for one in accounts if (reading := counted_reading(one, now))]
    buckets = [reading.credits for _, reading in known]
    return Pool(
        accounts=len(accounts),
        known=len(known),
        total=sum(max(credits.total, 0) for credits in buckets),
        partial=any(credits.partial for credits in buckets),
        gone=all_gone(known, now),
        refill=next_refill(known, now),
        jobs=jobs_of_all(account for account, _ in known),
    )


def counted_reading(account: Account, now: datetime) -> Reading | None:
    """The reading of an account that counts; None if it is unknown, old, or of an account that is paused."""
    reading = account.reading
    if reading is None or account.outage is not None or account.pause or now - reading.taken_at > OLD:
        return None
    return reading


def all_gone(known: Sequence[tuple[Account, Reading]], now: datetime) -> Gone | None:
    """When all credits are gone at this pace, if no refill came; None if that cannot be known, or is now."""
    spending = [(one, reading) for one, reading in known if reading.credits.total > 0]
    week = month = 0.0
    for one, _ in spending:
        foretold = holding(one, now)
        if foretold is None or foretold.per_day_lately is None:
            return None
        week, month = week + foretold.per_day_lately, month + foretold.per_day
    if not spending:
        return None
    newest = max(reading.taken_at for _, reading in spending)
    read_at = min(newest, now)  # what is shown stays the same until the next check
    pace, stock = Pace(week, month), stock_of_all(known, read_at)
    earliest, latest = ends_of(pace, stock, read_at, now)
    ends = (one for _, reading in spending for one in ends_in(reading))
    lapsing = [(end, amount) for end, amount in ends if now < end and (earliest is None or end < earliest)]
    if lapsing:  # at worst these are spent last, and lapse whole
        rest = max(stock.pool - sum(amount for _, amount in lapsing), 0.0)
        sooner, _ = ends_of(pace, replace(stock, pool=rest), read_at, now)
        first = min(end for end, _ in lapsing)
        earliest = earliest if sooner is None else max(sooner, first, now)
    return Gone(earliest, latest) if is_narrow(earliest, latest, read_at) else None


def ends_in(reading: Reading) -> Iterator[tuple[datetime, Number]]:
    """The credits that lapse, each with their end: with the plan, or lot by lot."""
    if reading.plan.ends_at and is_ending(reading.plan):
        yield reading.plan.ends_at, reading.credits.monthly
    for lot in reading.parts:
        if lot.lapses_at and lot.amount and lot.unit == Unit.CREDITS:
            yield lot.lapses_at, lot.amount


def stock_of_all(known: Iterable[tuple[Account, Reading]], at: datetime) -> Stock:
    """All credits together at a moment; daily ones refill when the first of them do."""
    pool = daily = allowance = 0.0
    refills = []
    for one, reading in known:
        credits = reading.credits
        pool += max(credits.monthly + (credits.package or 0), 0)
        daily += max(credits.daily or 0, 0)
        if credits.daily_refresh_at and one.daily_allowance:
            allowance += one.daily_allowance
            refills.append((credits.daily_refresh_at - at) / HOUR % DAY_HOURS)
    return Stock(pool, daily, allowance, min(refills, default=None))


def ends_of(pace: Pace, stock: Stock, at: datetime, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The early and the late end of the range of a stock at a moment; never before now."""
    expected = walk(EVENLY, pace, stock, FAR, 1.0).runs_out_in
    errors = expected_errors(FAR if expected is None else expected / DAY_HOURS)
    courses = Courses(EVENLY, pace, stock, FAR, errors)
    early, _, late = (courses.place(share).runs_out_in for share in shares_of(SPREAD))
    return moment_after(at, early, now), moment_after(at, late, now)


def is_narrow(earliest: datetime | None, latest: datetime | None, at: datetime) -> bool:
    """True if a range is narrow enough to plan by; one that is open at its end says that much."""
    if earliest is None or latest is None:
        return earliest is None or earliest - at >= WEEK * DAY
    return latest - earliest <= GRAIN or latest - at <= WIDEST * (earliest - at)


def next_refill(known: Iterable[tuple[Account, Reading]], now: datetime) -> Refill | None:
    """The next monthly refill of any account, with those of the same hour; of accounts without one the daily refill."""
    monthly, daily = list[tuple[datetime, Number | None]](), list[tuple[datetime, Number | None]]()
    for one, reading in known:
        at, plan, credits = reading.credits.refresh_at, reading.plan, reading.credits
        if at and at > now and not plan.free and (plan.renews is not False or (plan.ends_at and at < plan.ends_at)):
            monthly.append((at, one.allowance or None))
        if credits.daily_refresh_at and credits.daily_refresh_at > now and one.daily_allowance:
            daily.append((credits.daily_refresh_at, one.daily_allowance))
    found = monthly or daily
    if not found:
        return None
    first = min(at for at, _ in found)
    amounts = [amount for at, amount in found if at - first <= TOGETHER]
    amount = None if None in amounts else sum(one for one in amounts if one)
    return Refill(first, amount, daily=not monthly)
