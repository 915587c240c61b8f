"""When the credits run out, as a range, and whether that comes before they are refilled or lapse.

``outlook`` spends what is expected, faster and slower by the errors that such forecasts have, and decides the alert.
``forecast`` is what of it is worth a word to people: None where the range is too wide to plan by.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, exp, inf, isfinite

from bot.domain.accounts import Account, Plan, Reading
from bot.domain.credit_changes import Point, point_of
from bot.domain.history import Span
from bot.domain.lapses import Left
from bot.evaluation.forecast.ahead import MONTH, WEEK, Pace, Path, Stock, regularity, seen_mean, walk, week_ahead
from bot.evaluation.forecast.errors import Errors, expected_errors, own_errors, unevenness
from bot.evaluation.forecast.spending import DAY, DAY_HOURS, HOUR, Day, days_of, orderly

COVERAGE = 0.8
"""How often the range should hold the true moment."""

SPREAD = 0.83
"""The share of the expected errors that lies in the range: it then holds ``COVERAGE`` on real balances."""

LEFT_SPREAD = 0.95
"""The same for what is left after some days: a few days' spending is less even than that of a whole stock."""

FAR = 60
"""The horizon of a forecast, in days."""

BEYOND = 7
"""Days of simulation after a refill or a plan's end, so that a range across it has an end."""

STALE = DAY
"""An older reading gives no forecast."""

ENOUGH, LATELY = 0.8, 14
"""Days that must have been seen, and of how many: an older pace says nothing of the present one."""

ENOUGH_TO_LAST = 6.5
"""Days that must have been seen before credits count as lasting: fewer do not show weekly spending."""

WIDEST = 6.0
"""A range is useful while its late end is at most this many times as far away as its early one."""

GRAIN = timedelta(hours=6)
"""A range shorter than this is never too wide."""

JUST_NOW = 2
"""The last days, which show whether spending goes on."""

USUAL_DAYS = 28
"""Days of which the shown pace is the mean."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of one account's credits from its last reading (``taken_at``) on.

    With probability ``coverage``, credits run out between ``earliest`` and ``latest``; ``median`` is as likely too
    early as too late; at the expected pace it is ``likeliest``, at that of the last two days ``as_lately``. They ignore
    the refill; None is beyond the horizon. ``boundary`` is the refill or, with ``lapses``, the plan's end; ``risk`` is
    the chance to run out before it (or, without one, within the horizon). ``left`` are the monthly credits that are
    then left. ``per_day`` is a usual day's cost, ``per_day_lately`` that of the last week's; ``days`` is the length of
    the history. With ``is_out`` nothing is left already.
    """

    taken_at: datetime
    earliest: datetime | None
    median: datetime | None
    latest: datetime | None
    risk: float
    per_day: float
    days: float
    boundary: datetime | None = None
    lapses: bool = False
    left: Left | None = None
    is_out: bool = False
    per_day_lately: float = 0.0
    coverage: float = COVERAGE
    likeliest: datetime | None = None
    as_lately: datetime | None = None

    @property
    def unused(self) -> float | None:
        """The monthly credits most likely left at the boundary."""
        return self.left.likely if self.left else None

    @property
    def before_refill(self) -> bool | None:
        """True if credits run out before the boundary; None where both are likely."""
        if self.risk >= (1 + self.coverage) / 2:
            return True
        return False if self.is_safe and self.days >= ENOUGH_TO_LAST else None

    @property
    def is_safe(self) -> bool:
        """True if credits last past the boundary, or, without one, past the horizon."""
        return self.risk <= (1 - self.coverage) / 2

    @property
    def lasts_past(self) -> datetime | None:
        """The boundary, if credits last past it; else None."""
        return self.boundary if self.before_refill is False else None

    @property
    def is_range(self) -> bool:
        """True if people see a range: credits run out, or may."""
        return self.is_useful and self.before_refill is not False

    @property
    def is_useful(self) -> bool:
        """True if credits last, or the range is narrow enough to plan by."""
        if self.is_out or self.is_safe:
            return not self.is_out and self.before_refill is False
        if self.earliest is None or self.latest is None:
            return False
        early, late = self.earliest - self.taken_at, self.latest - self.taken_at
        return late - early <= GRAIN or late <= WIDEST * early


def forecast(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> Forecast | None:
    """The forecast worth showing, or None."""
    full = outlook(account, history, now, unseen)
    return full if full is not None and full.is_useful else None


def outlook(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> Forecast | None:
    """The forecast, however wide its range; None without a fresh reading or with less than a day of history.

    ``unseen`` are the periods without checks, in order: spending in them is unknown, not 0.
    """
    reading = account.reading
    if reading is None or now - reading.taken_at > STALE or not isfinite(reading.credits.total):
        return None
    past = past_of(history, reading, unseen)
    return None if past is None else summed_up(reading, past.days, courses(account, reading, past), now)


@dataclass(frozen=True, slots=True)
class Past:
    """The data of a forecast: the days, the last reading by the end of each, and the pace expected then.

    All are the latest first.
    """

    days: Sequence[Day]
    points: Sequence[Point]
    paces: Sequence[Pace]

    def before(self, age: int) -> "Past | None":
        """The same so many days ago; None with too little of it."""
        seen = sum(day.known for day in self.days[age : age + LATELY])
        return Past(self.days[age:], self.points[age:], self.paces[age:]) if seen >= ENOUGH else None


def past_of(history: Iterable[Point], reading: Reading, unseen: Sequence[Span] = ()) -> Past | None:
    """The known past before a reading; None with less than a day of it."""
    points = orderly([*history, point_of(reading)], reading.taken_at)
    days = days_of(points, reading.taken_at, unseen)
    moments = [point.taken_at for point in points]
    places = (bisect_right(moments, reading.taken_at - age * DAY) - 1 for age in range(len(days) + 1))
    paces = [Pace.of(days[age:]) for age in range(len(days))]
    return Past(days, [points[max(place, 0)] for place in places], paces).before(0)


@dataclass(frozen=True, slots=True)
class Courses:
    """How it may go on, to a while after the boundary."""

    week: Sequence[Day]
    pace: Pace
    stock: Stock
    length: int
    errors: Errors

    def at(self, off: float) -> Path:
        """The course of an error."""
        return walk(self.week, self.pace, self.stock, self.length, exp(-off))

    def place(self, share: float) -> Path:
        """The course at a share of all, the fastest first. Slower courses never run out earlier."""
        return self.at(self.errors.at(share))

    def risk(self, limit: float | None) -> float:
        """The chance to run out before an hour; without one, within the course."""
        before = inf if limit is None else limit

        def lasts(off: float) -> bool:
            hour = self.at(off).runs_out_in
            return hour is None or hour >= before

        return self.errors.share_until(lasts)


def courses(account: Account, reading: Reading, past: Past) -> Courses:
    """How it may go on from a reading."""
    boundary, _ = next_boundary(reading)
    length = FAR if boundary is None else min(ceil((boundary - reading.taken_at) / DAY) + BEYOND, FAR)
    pace, week, stock = past.paces[0], week_ahead(past.days), stock_of(account, reading)
    expected = walk(week, pace, stock, length, 1.0).runs_out_in
    horizon = length if expected is None else expected / DAY_HOURS
    own = own_errors(past.days, [float(point.total) for point in past.points], past.paces)
    seen = sum(day.known for day in past.days[:WEEK])
    return Courses(week, pace, stock, length, expected_errors(horizon, own, unevenness(past.days), seen))


def next_boundary(reading: Reading) -> tuple[datetime | None, bool]:
    """The next refill, or the plan's end where that comes first and nothing renews it; and whether it is the latter.

    None if it is beyond the horizon.
    """
    refill, end = reading.credits.refresh_at, reading.plan.ends_at
    if is_ahead(end, reading) and is_ending(reading.plan) and (refill is None or end is None or end <= refill + DAY):
        return end, True
    return (refill, False) if is_ahead(refill, reading) else (None, False)


def is_ahead(moment: datetime | None, reading: Reading) -> bool:
    """True if a moment is known, ahead, and within the horizon."""
    return moment is not None and reading.taken_at < moment <= reading.taken_at + FAR * DAY


def is_ending(plan: Plan) -> bool:
    """True if the plan stops at its end: no paid one follows."""
    return plan.renews is False and (plan.becomes is None or plan.next_free is True)


def stock_of(account: Account, reading: Reading) -> Stock:
    """The spendable credits, and how the daily part refills."""
    credits = reading.credits
    pool = float(max(credits.monthly + (credits.package or 0), 0))
    daily = float(max(credits.daily or 0, 0))
    if credits.daily_refresh_at is None or not account.daily_allowance:
        return Stock(pool, daily)
    hours = (credits.daily_refresh_at - reading.taken_at) / HOUR
    return Stock(pool, daily, float(account.daily_allowance), hours % DAY_HOURS)


def summed_up(reading: Reading, days: Sequence[Day], ahead: Courses, now: datetime) -> Forecast:
    """The forecast of all courses."""
    boundary, lapses = next_boundary(reading)
    limit = None if boundary is None else (boundary - reading.taken_at) / HOUR
    paths = (*(ahead.place(share) for share in shares_of(SPREAD)), ahead.at(0.0))
    moments = (moment_after(reading.taken_at, path.runs_out_in, now) for path in paths)
    earliest, median, latest, likeliest = moments
    return Forecast(
        taken_at=reading.taken_at,
        earliest=earliest,
        median=median,
        latest=latest,
        risk=ahead.risk(limit),
        per_day=sum(day.total for day in days[:USUAL_DAYS]) / len(days[:USUAL_DAYS]),
        days=sum(day.known for day in days),
        boundary=boundary,
        lapses=lapses,
        left=None if limit is None else left_at(reading, ahead, limit),
        is_out=reading.credits.total <= 0,
        per_day_lately=ahead.pace.week,
        likeliest=likeliest,
        as_lately=as_lately(reading, days),
    )


def moment_after(start: datetime, hours: float | None, now: datetime) -> datetime | None:
    """The moment so many hours after a start, but never before now; None of None."""
    return None if hours is None else max(start + hours * HOUR, now)


def shares_of(spread: float) -> tuple[float, float, float]:
    """The two ends and the middle of what may come, as shares of it."""
    return (1 - spread) / 2, 0.5, (1 + spread) / 2


def as_lately(reading: Reading, days: Sequence[Day]) -> datetime | None:
    """When the credits are gone at the pace of the last days; None beyond the horizon, and where no day was seen.

    As far as an account keeps to weekdays, two quiet days say nothing: there the week's pace stands for theirs.
    """
    totals = [day.total for day in days[:MONTH]]
    kept = regularity(totals) if len(totals) >= 2 * WEEK else 0.0
    pace = (1 - kept) * seen_mean(days[:JUST_NOW], 0.0) + kept * seen_mean(days[:WEEK], 0.0)
    left = float(reading.credits.total)
    return reading.taken_at + left / pace * DAY if 0 <= left < pace * FAR else None


def left_at(reading: Reading, ahead: Courses, hour: float) -> Left:
    """The monthly credits left after some hours; they are spent before the package."""
    package, monthly = max(reading.credits.package or 0, 0), float(max(reading.credits.monthly, 0))
    left = (ahead.place(share).left_at(hour) - package for share in shares_of(LEFT_SPREAD))
    least, likely, most = (min(max(amount, 0.0), monthly) for amount in left)
    return Left(likely, least, most)
