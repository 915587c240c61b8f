"""When the credits run out, as a range, and whether that comes before they are refilled or lapse.

``outlook`` is the whole of what many simulated futures say, and decides the alert. ``forecast`` is what of it is worth
a word to people: None where the range is too wide to plan by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, isfinite

from bot.domain.accounts import Account, Plan, Reading
from bot.domain.credit_changes import Point, point_of
from bot.domain.history import Span
from bot.evaluation.forecast.futures import Path, Stock, futures
from bot.evaluation.forecast.spending import DAY, DAY_HOURS, HOUR, Day, days_of, orderly

COVERAGE = 0.8
"""The range is meant to hold the true moment this often."""

FAR = 60
"""Days after which nothing is foretold."""

BEYOND = 7
"""Days after a refill or lapse that are still looked into, so that a range across it has an end."""

STALE = DAY
"""A reading older than this is no ground to foretell from."""

ENOUGH = 0.8
"""So much of a day must have been seen at least."""

ENOUGH_TO_LAST = 6.5
"""Days that must have been seen before credits are said to last: what comes weekly does not show in fewer."""

WIDEST = 6.0
"""A range is of use while its late end is at most so many times as far away as its early one."""

GRAIN = timedelta(hours=6)
"""A range shorter than this is never too wide."""

USUAL_DAYS = 28
"""The pace is told as the mean of so many days."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of one account's credits, from its last reading (``taken_at``) on.

    ``earliest`` to ``latest`` holds the moment at which nothing is left ``coverage`` of the time; ``median`` is as
    likely too early as too late. They leave the refill out, as if it did not come; None is beyond what is foretold.
    ``boundary`` is the refill or, with ``lapses``, the plan's end; ``risk`` is the chance to run out before it (or at
    all within what is foretold, where there is none). ``unused`` of the monthly credits are then left, most likely.
    ``per_day`` is what a usual day costs; ``days`` is how much history was seen. With ``is_out`` nothing is
    left already.
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
    unused: float | None = None
    is_out: bool = False
    coverage: float = COVERAGE

    @property
    def before_refill(self) -> bool | None:
        """Whether the credits run out before the boundary; None where either may well be."""
        if self.risk >= (1 + self.coverage) / 2:
            return True
        return False if self.is_safe and self.days >= ENOUGH_TO_LAST else None

    @property
    def is_safe(self) -> bool:
        """As far as was seen, the credits last past the boundary."""
        return self.risk <= (1 - self.coverage) / 2

    @property
    def lasts_past(self) -> datetime | None:
        """The boundary, where the credits last past it."""
        return self.boundary if self.before_refill is False else None

    @property
    def is_useful(self) -> bool:
        """Credits that last, or a range that one can plan by."""
        if self.is_out or self.is_safe:
            return not self.is_out and self.before_refill is False
        if self.earliest is None or self.latest is None:
            return False
        early, late = self.earliest - self.taken_at, self.latest - self.taken_at
        return late - early <= GRAIN or late <= WIDEST * early


def forecast(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> Forecast | None:
    """What can usefully be said of when the account's credits run out, or None."""
    full = outlook(account, history, now, unseen)
    return full if full is not None and full.is_useful else None


def outlook(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> Forecast | None:
    """The forecast however wide its range; None without a fresh reading or with less than a day of history.

    ``unseen`` are the times in which nobody looked, in order: what was spent in them is not known, and not nothing.
    """
    reading = account.reading
    if reading is None or now - reading.taken_at > STALE or not isfinite(reading.credits.total):
        return None
    days = past_days(reading, history, unseen)
    if sum(day.known for day in days) < ENOUGH:
        return None
    return summed_up(reading, days, simulated(account, reading, days), now)


def past_days(reading: Reading, history: Iterable[Point], unseen: Sequence[Span] = ()) -> list[Day]:
    """The days of spending up to a reading, latest first."""
    points = orderly([*history, point_of(reading)], reading.taken_at)
    return days_of(points, reading.taken_at, unseen)


def simulated(account: Account, reading: Reading, days: Sequence[Day]) -> list[Path]:
    """The account's futures, to a while after the boundary."""
    boundary, _ = next_boundary(reading)
    length = FAR if boundary is None else min(ceil((boundary - reading.taken_at) / DAY) + BEYOND, FAR)
    return futures(days, stock_of(account, reading), length, account.key)


def next_boundary(reading: Reading) -> tuple[datetime | None, bool]:
    """The next refill, or the plan's end where that comes first and nothing renews it; and whether it is the latter.

    One that is farther away than anything is foretold is as good as none.
    """
    refill, end = reading.credits.refresh_at, reading.plan.ends_at
    if is_ahead(end, reading) and is_ending(reading.plan) and (refill is None or end is None or end <= refill + DAY):
        return end, True
    return (refill, False) if is_ahead(refill, reading) else (None, False)


def is_ahead(moment: datetime | None, reading: Reading) -> bool:
    """Whether a moment is known and to come, and not too far away."""
    return moment is not None and reading.taken_at < moment <= reading.taken_at + FAR * DAY


def is_ending(plan: Plan) -> bool:
    """The plan stops at its end: cancelled, with no other to follow."""
    return plan.renews is False and plan.becomes is None


def stock_of(account: Account, reading: Reading) -> Stock:
    """What there is to spend, and how the daily part comes back."""
    credits = reading.credits
    pool = float(max(credits.monthly + (credits.package or 0), 0))
    daily = float(max(credits.daily or 0, 0))
    if credits.daily_refresh_at is None or not account.daily_allowance:
        return Stock(pool, daily)
    hours = (credits.daily_refresh_at - reading.taken_at) / HOUR
    return Stock(pool, daily, float(account.daily_allowance), hours % DAY_HOURS)


def summed_up(reading: Reading, days: Sequence[Day], paths: Sequence[Path], now: datetime) -> Forecast:
    """What many futures say together."""
    boundary, lapses = next_boundary(reading)
    hours = [path.runs_out_in for path in paths]
    limit = None if boundary is None else (boundary - reading.taken_at) / HOUR
    at_risk = sum(1 for hour in hours if hour is not None and (limit is None or hour < limit))
    earliest, median, latest = quantiles(reading.taken_at, hours, now)
    return Forecast(
        taken_at=reading.taken_at,
        earliest=earliest,
        median=median,
        latest=latest,
        risk=at_risk / len(hours),
        per_day=sum(day.total for day in days[:USUAL_DAYS]) / len(days[:USUAL_DAYS]),
        days=sum(day.known for day in days),
        boundary=boundary,
        lapses=lapses,
        unused=None if limit is None else unused(reading, paths, limit),
        is_out=reading.credits.total <= 0,
    )


def quantiles(start: datetime, hours: Sequence[float | None], now: datetime) -> list[datetime | None]:
    """The moments of the range's early end, its middle and its late end; never before now."""
    known = sorted(hour for hour in hours if hour is not None)
    places = [int(len(hours) * share) for share in ((1 - COVERAGE) / 2, 0.5, (1 + COVERAGE) / 2)]
    return [max(start + known[place] * HOUR, now) if place < len(known) else None for place in places]


def unused(reading: Reading, paths: Sequence[Path], hour: float) -> float:
    """The monthly credits most likely left after so many hours; they are spent before the package."""
    package = max(reading.credits.package or 0, 0)
    left = sorted(max(path.left_at(hour) - package, 0) for path in paths)
    return float(min(left[len(left) // 2], max(reading.credits.monthly, 0)))
