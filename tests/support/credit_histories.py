"""Made-up pasts of an account, as the store would keep them, for the tests of the forecast."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, Credits, Number, Plan, Reading
from bot.domain.credit_changes import Point, point_of
from tests.support.builders import DAY, HOUR, NOW, account_with

Spend = Callable[[int], float]
"""The credits spent in the hour that ends so many hours before now."""


def steadily(rate: float) -> Spend:
    """The same every hour."""
    return lambda _ago: rate


def by_day(rate: float) -> Spend:
    """From nine to five; nothing by night."""
    return lambda ago: rate if 9 < (NOW - ago * HOUR).hour <= 17 else 0


def on_mondays(amount: float) -> Spend:
    """All on Mondays, in twelve hours (NOW is one)."""
    return lambda ago: amount / 12 if (at := NOW - ago * HOUR).weekday() == 0 and at.hour < 12 else 0


def reading_at(at: datetime, monthly: Number, refresh_at: datetime | None = None, **more: Number) -> Reading:
    """A reading of an account of 15,000 that is refilled at ``refresh_at``."""
    credits = Credits(monthly, monthly_allowance=15_000, refresh_at=refresh_at)
    return Reading(at, replace(credits, **more), Plan("Pro", "Pro"))  # type: ignore[arg-type]


def past(spend: Spend, left: Number, hours: int, refresh_at: datetime | None = None) -> list[Reading]:
    """Hourly readings that end now with so much left."""
    monthly, readings = float(left), [reading_at(NOW, left, refresh_at)]
    for ago in range(hours):
        monthly += spend(ago)
        readings.append(reading_at(NOW - (ago + 1) * HOUR, monthly, refresh_at))
    return readings[::-1]


def kept(readings: Iterable[Reading]) -> list[Point]:
    """What the store keeps of readings: those in which anything changed."""
    points: list[Point] = []
    for reading in readings:
        point = point_of(reading)
        if not points or points[-1]._replace(taken_at=point.taken_at) != point:
            points.append(point)
    return points


def known_of(readings: Iterable[Reading]) -> tuple[Account, list[Point]]:
    """The account as the bot knows it after these readings, and its history."""
    all_of_them = list(readings)
    return account_with(all_of_them[-1]), kept(all_of_them)


def shifted(point: Point, by: timedelta) -> Point:
    """The same at another time."""
    return Point._make(value + by if isinstance(value, datetime) else value for value in point)


def refill_in(days: float) -> datetime:
    """So many days from now."""
    return NOW + days * DAY
