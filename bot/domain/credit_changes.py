"""Changes of credits between two readings: one definition for chat, chart, summary and forecast.

It depends on the bucket that changed and on the service's times, never on a refresh time that moved a little: a service
that computes it each time is off by seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.domain.accounts import Credits, Number, Reading

DAY = timedelta(days=1)
REFUND_BELOW = 0.05
"""Credits outside a refill, less than this share of the allowance, are a refund of a failed job."""

REFUND_AT_MOST = 100
"""The same in credits, for an unknown allowance: more than any job of a free account costs."""


class Point(NamedTuple):
    """The stored part of a reading; the fields are the columns of its table, in their order."""

    taken_at: datetime
    monthly: Number
    daily: Number | None = None
    package: Number | None = None
    monthly_allowance: Number | None = None
    daily_allowance: Number | None = None
    refresh_at: datetime | None = None
    daily_refresh_at: datetime | None = None
    plan: str | None = None
    plan_ends_at: datetime | None = None

    @property
    def total(self) -> Number:
        """The sum of the known buckets."""
        return self.monthly + (self.daily or 0) + (self.package or 0)


def point_of(reading: Reading) -> Point:
    credits: Credits = reading.credits
    return Point(
        reading.taken_at,
        credits.monthly,
        credits.daily,
        credits.package,
        credits.monthly_allowance,
        credits.daily_allowance,
        credits.refresh_at,
        credits.daily_refresh_at,
        reading.plan.name,
        reading.plan.ends_at,
    )


class ChangeKind(StrEnum):
    """Why credits grew."""

    TOP_UP = "top-up"
    REFILL = "refill"
    PLAN_CHANGE = "plan change"
    DAILY_REFILL = "daily refill"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class CreditChanges:
    """The changes between two readings, in credits, none below zero.

    ``by_plan`` came with another plan. ``hides_spending``: the monthly credits were reset, and earlier spending of them
    is unknown.
    """

    spent: float = 0
    refunded: float = 0
    daily_refilled: float = 0
    refilled: float = 0
    topped_up: float = 0
    by_plan: float = 0
    lapsed: float = 0
    hides_spending: bool = False

    @property
    def grew_by(self) -> ChangeKind | None:
        """Why credits grew, by what matters most to a person; None if they did not."""
        grown = (
            (self.topped_up, ChangeKind.TOP_UP),
            (self.refilled, ChangeKind.REFILL),
            (self.by_plan, ChangeKind.PLAN_CHANGE),
            (self.daily_refilled, ChangeKind.DAILY_REFILL),
            (self.refunded, ChangeKind.REFUND),
        )
        return next((kind for amount, kind in grown if amount > 0), None)


def changes_between(before: Point, after: Point) -> CreditChanges:
    """The changes between two readings. A bucket that either of them lacks did not change."""
    found = {"spent": 0.0, "refunded": 0.0, "daily_refilled": 0.0, "topped_up": 0.0}
    _daily(before, after, found)
    _package(before, after, found)
    gained = after.monthly - before.monthly
    anew = is_set_anew(before, after)
    if gained > 0:
        kind = _monthly_gain(before, after, gained)
        found[kind] = found.get(kind, 0.0) + gained
    elif gained < 0 and (has_lapsed(before, after) or differ(before.plan, after.plan)):
        found["lapsed"] = -gained
    elif not anew:
        found["spent"] -= gained
    hides = anew or (gained > 0 and not found["refunded"])
    return CreditChanges(**found, hides_spending=hides)


def _daily(before: Point, after: Point, found: dict[str, float]) -> None:
    """Daily credits. After their refill, what is missing from the allowance was spent."""
    if before.daily is None or after.daily is None:
        return
    gained, at = after.daily - before.daily, before.daily_refresh_at
    refilled = is_passed(at, before, after) or (gained > 0 and (at is None or at <= after.taken_at))
    if refilled:
        found["daily_refilled"] = max(gained, 0)
        found["spent"] += max((after.daily_allowance or 0) - after.daily, 0)
    elif gained > 0:
        found["refunded"] += gained
    else:
        found["spent"] -= gained


def _package(before: Point, after: Point, found: dict[str, float]) -> None:
    if before.package is None or after.package is None:
        return
    gained = after.package - before.package
    if gained <= 0:
        found["spent"] -= gained
    else:
        found["refunded" if is_refund(gained, before, after) else "topped_up"] += gained


def _monthly_gain(before: Point, after: Point, gained: Number) -> str:
    """Which change brought monthly credits."""
    if is_new_period(before, after):
        return "refilled"
    if is_other_plan(before, after):
        return "by_plan"
    if is_refund(gained, before, after):
        return "refunded"
    late = before.refresh_at is not None and before.refresh_at <= after.taken_at
    return "refilled" if late else "topped_up"


def is_refund(gained: Number, before: Point, after: Point) -> bool:
    """True if the amount is that of a failed job, refunded outside a refill."""
    allowance = after.monthly_allowance or before.monthly_allowance
    return gained < REFUND_BELOW * allowance if allowance else gained <= REFUND_AT_MOST


def is_set_anew(before: Point, after: Point) -> bool:
    """True if the monthly credits were reset between two readings, whatever they are now."""
    return is_new_period(before, after) or is_other_plan(before, after)


def is_new_period(before: Point, after: Point) -> bool:
    """True if a refill or a renewal lies between two readings."""
    return (
        is_passed(before.refresh_at, before, after)
        or is_passed(before.plan_ends_at, before, after)
        or is_moved(before.refresh_at, after.refresh_at)
    )


def is_other_plan(before: Point, after: Point) -> bool:
    """True if the plan or its allowance changed."""
    return differ(before.plan, after.plan) or differ(before.monthly_allowance, after.monthly_allowance)


def has_lapsed(before: Point, after: Point) -> bool:
    """True if monthly credits ended with the plan, rather than being spent."""
    ended = before.plan_ends_at is not None and before.plan_ends_at <= after.taken_at
    return ended and before.monthly > 0 and after.monthly <= 0


def is_passed(moment: datetime | None, before: Point, after: Point) -> bool:
    return moment is not None and before.taken_at < moment <= after.taken_at


def differ(old: object, new: object) -> bool:
    """True if two values are known and differ."""
    return old is not None and new is not None and old != new


def is_moved(old: datetime | None, new: datetime | None) -> bool:
    """True if a refill moved by more than a day; one that the service computes each time is off by less."""
    return old is not None and new is not None and new - old > DAY
