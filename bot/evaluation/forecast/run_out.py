"""When the credits run out, as a range, and whether that comes before they are refilled or lapse.

``outlook`` spends what is expected, faster and slower by the errors that such forecasts have, and decides the alert.
``forecast`` is what of it is worth a word to people: None where the range is too wide to plan by.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, exp, isfinite

from bot.domain.accounts import Account, Plan, Reading
from bot.domain.credit_changes import Point, point_of
from bot.domain.history import Span
from bot.domain.lapses import Left
from bot.evaluation.forecast.ahead import Pace, Path, Stock, walk, week_ahead
from bot.evaluation.forecast.errors import expected_errors, own_errors
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

USUAL_DAYS = 28
"""Days of which the shown pace is the mean."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of one account's credits from its last reading (``taken_at``) on.

    With probability ``coverage``, credits run out between ``earliest`` and ``latest``; ``median`` is as likely too
    early as too late. They ignore the refill; None is beyond the horizon. ``boundary`` is the refill or, with
    ``lapses``, the plan's end; ``risk`` is the chance to run out before it (or, without one, within the horizon).
    ``left`` are the monthly credits that are then left. ``per_day`` is a usual day's cost, ``per_day_lately``
    that of the last week's; ``days`` is the length of the history. With ``is_out`` nothing is left already.
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
    points = orderly([*history, point_of(reading)], reading.taken_at)
    days = days_of(points, reading.taken_at, unseen)
    if sum(day.known for day in days[:LATELY]) < ENOUGH:
        return None
    return summed_up(reading, days, courses(account, reading, days, stocks_of(points, reading, len(days))), now)


def stocks_of(points: Sequence[Point], reading: Reading, days: int) -> list[float]:
    """The credits at a reading, a day before it, two days before, ...: as they were read last by then."""
    moments = [point.taken_at for point in points]
    places = (bisect_right(moments, reading.taken_at - age * DAY) - 1 for age in range(days + 1))
    return [float(points[max(place, 0)].total) for place in places]


def courses(
    account: Account, reading: Reading, days: Sequence[Day], stocks: Sequence[float]
) -> list[tuple[Path, float]]:
    """How it may go on, to a while after the boundary, each course with its weight; they add up to 1."""
    boundary, _ = next_boundary(reading)
    length = FAR if boundary is None else min(ceil((boundary - reading.taken_at) / DAY) + BEYOND, FAR)
    totals = [day.total for day in days]
    pace, week, stock = Pace.of(totals), week_ahead(days), stock_of(account, reading)
    expected = walk(week, pace, stock, length, 1.0)
    horizon = length if expected.runs_out_in is None else expected.runs_out_in / DAY_HOURS
    errors = expected_errors(horizon, own_errors(totals, stocks))
    return [(walk(week, pace, stock, length, exp(-off)), weight) for off, weight in errors]


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


def summed_up(reading: Reading, days: Sequence[Day], courses: Sequence[tuple[Path, float]], now: datetime) -> Forecast:
    """The forecast of many futures."""
    boundary, lapses = next_boundary(reading)
    limit = None if boundary is None else (boundary - reading.taken_at) / HOUR
    hours = [(path.runs_out_in, weight) for path, weight in courses]
    risk = sum(weight for hour, weight in hours if hour is not None and (limit is None or hour < limit))
    earliest, median, latest = quantiles(reading.taken_at, hours, now)
    return Forecast(
        taken_at=reading.taken_at,
        earliest=earliest,
        median=median,
        latest=latest,
        risk=min(risk, 1.0),
        per_day=sum(day.total for day in days[:USUAL_DAYS]) / len(days[:USUAL_DAYS]),
        days=sum(day.known for day in days),
        boundary=boundary,
        lapses=lapses,
        left=None if limit is None else left_at(reading, courses, limit),
        is_out=reading.credits.total <= 0,
        per_day_lately=Pace.of([day.total for day in days]).week,
    )


def quantiles(start: datetime, hours: Sequence[tuple[float | None, float]], now: datetime) -> list[datetime | None]:
    """The early end, the middle and the late end of the range; never before now."""
    known = sorted((hour, weight) for hour, weight in hours if hour is not None)
    found = [weighted_place(known, share) for share in shares_of(SPREAD)]
    return [None if hour is None else max(start + hour * HOUR, now) for hour in found]


def shares_of(spread: float) -> tuple[float, float, float]:
    """The two ends and the middle of what may come, as shares of it."""
    return (1 - spread) / 2, 0.5, (1 + spread) / 2


def weighted_place(known: Sequence[tuple[float, float]], share: float) -> float | None:
    """The value at a share of all weight, or None where the known values weigh less."""
    weight = 0.0
    for value, more in known:
        weight += more
        if weight >= share:
            return value
    return None


def left_at(reading: Reading, courses: Sequence[tuple[Path, float]], hour: float) -> Left:
    """The monthly credits left after some hours; they are spent before the package."""
    package, monthly = max(reading.credits.package or 0, 0), float(max(reading.credits.monthly, 0))
    left = sorted((max(path.left_at(hour) - package, 0), weight) for path, weight in courses)
    least, likely, most = (min(weighted_place(left, share) or 0.0, monthly) for share in shares_of(LEFT_SPREAD))
    return Left(likely, least, most)
