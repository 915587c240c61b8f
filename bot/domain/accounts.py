"""Accounts and sources: check results, and what is known of each account."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from bot.domain.jobs import WITHIN, RefusedJobs
from bot.domain.subscription import Subscription

Number = int | float


class FailureKind(StrEnum):
    """Why a check failed, by what has to be done about it."""

    UNAUTHORIZED = "unauthorized"
    LAPSED = "lapsed"
    MISSING = "missing"
    BROKEN = "broken"
    UNREFRESHED = "unrefreshed"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    GARBLED = "garbled"

    @property
    def refused(self) -> bool:
        """The whole source refuses: its token or its subscription is invalid."""
        return self in (FailureKind.UNAUTHORIZED, FailureKind.LAPSED)

    @property
    def certain(self) -> bool:
        """One check is proof enough to fire."""
        return self in (FailureKind.MISSING, FailureKind.BROKEN)


class Unit(StrEnum):
    """The unit of the balance that jobs are paid with. ``PERCENT``: only a share is known, never an amount."""

    CREDITS = "credits"
    SECONDS = "seconds"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class JobCost:
    """The cost of one job, in the unit of the balance, and a name for such a job, both from the settings."""

    amount: float
    name: str | None = None


def jobs_for(total: Number, cost: JobCost) -> int:
    """How many jobs an amount pays for, rounded down."""
    return max(math.floor(round(total / cost.amount, 6)), 0)


@dataclass(frozen=True, slots=True)
class Credits:
    """The balance that jobs are paid with: three buckets that can be spent, and two allowances.

    The allowances are denominators and never added. ``refresh_at`` and ``daily_refresh_at`` are the next refills as the
    service reports them. ``single``: the service reports one number, which stands in ``monthly``; there are no buckets.
    ``job_cost`` is set for messages alone, from the settings; it is not stored with a reading.
    """

    monthly: Number
    daily: Number | None = None
    package: Number | None = None
    monthly_allowance: Number | None = None
    daily_allowance: Number | None = None
    refresh_at: datetime | None = None
    daily_refresh_at: datetime | None = None
    unit: Unit = Unit.CREDITS
    single: bool = False
    job_cost: JobCost | None = None

    @classmethod
    def of(
        cls,
        amount: Number,
        allowance: Number | None = None,
        refill_at: datetime | None = None,
        unit: Unit = Unit.CREDITS,
    ) -> "Credits":
        """A balance that its service reports as one number."""
        return cls(amount, monthly_allowance=allowance, refresh_at=refill_at, unit=unit, single=True)

    @property
    def partial(self) -> bool:
        """True if a bucket is unknown, so that the sum is a lower bound."""
        return not self.single and (self.daily is None or self.package is None)

    @property
    def total(self) -> Number:
        """The sum of the known buckets: a lower bound, because an unknown bucket adds nothing."""
        return self.monthly + (self.daily or 0) + (self.package or 0)

    @property
    def jobs(self) -> int | None:
        """How many jobs it still pays for, rounded down; None where no cost is set."""
        return None if self.job_cost is None else jobs_for(self.total, self.job_cost)

    @property
    def share(self) -> float | None:
        """The total as a fraction of the monthly allowance; None where that is unknown or 0."""
        if self.unit is Unit.PERCENT:
            return self.total / 100
        return self.total / self.monthly_allowance if self.monthly_allowance and self.monthly_allowance > 0 else None

    @property
    def percent(self) -> float | None:
        """The same in percent."""
        if self.unit is Unit.PERCENT:
            return float(self.total)
        of = self.monthly_allowance
        return self.total * 100 / of if of and of > 0 else None


@dataclass(frozen=True, slots=True)
class Balance:
    """One balance of an account, as its service names it; ``unit`` is a word for people.

    ``amount`` None is unknown. ``lapses_at`` is when what is left of it ends.
    """

    name: str
    amount: Number | None
    unit: str = Unit.CREDITS
    allowance: Number | None = None
    refill_at: datetime | None = None
    lapses_at: datetime | None = None


class PlanChange(StrEnum):
    """How a plan changed: a later end, another plan, or a withdrawn cancellation."""

    RENEWED = "renewed"
    CHANGED = "changed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Plan:
    """The subscription. ``price`` is the service's own text, in its own currency.

    ``free`` is None where unknown, as is ``next_free``: the plan after this one is the free one. ``renewal_unknown``:
    its service never says whether it goes on at its end.
    """

    name: str | None = None
    next_name: str | None = None
    free: bool | None = False
    ends_at: datetime | None = None
    cancelled_at: datetime | None = None
    renewal_at: datetime | None = None
    price: str | None = None
    renewal_price: str | None = None
    expired: bool | None = None
    next_free: bool | None = None
    renewal_unknown: bool = False

    @property
    def becomes(self) -> str | None:
        """The plan that replaces this one at its end; None if there is none."""
        return self.next_name if self.next_name and self.name and self.next_name != self.name else None

    @property
    def renews(self) -> bool | None:
        """True if the same plan goes on by itself at ``ends_at``; None without an end.

        A plan goes on only if the service names it as the next one, too: a gift card's plan has no next one, and ends.
        """
        if self.free or self.ends_at is None or self.renewal_unknown:
            return None
        return self.cancelled_at is None and self.name is not None and self.next_name == self.name

    @property
    def surely_ends(self) -> bool | None:
        """True if it was cancelled or changed to the free one; None if the next one is of an unknown kind.

        One that only has no next plan may yet be renewed.
        """
        if self.renews is not False:
            return False
        return self.cancelled_at is not None if self.becomes is None else self.next_free


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field of credits or plan, by name, that an answer lacks.

    ``unreadable`` describes the invalid value; None where there was no value. ``known_at`` is when the value kept in
    its place was read; None where none is kept.
    """

    name: str
    unreadable: str | None = field(default=None, compare=False)
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One successful check. ``left_out`` are the deciding fields that the answer lacks.

    ``credits`` is the balance that jobs are paid with: rules, messages, charts and forecasts are about it. ``parts``
    are what it consists of beside the three buckets, and the account's other balances, for people to read.

    ``details`` decide nothing: facts in plain JSON that only its service turns into text.
    """

    taken_at: datetime
    credits: Credits
    plan: Plan = field(default_factory=Plan)
    details: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    parts: tuple[Balance, ...] = ()
    fingerprint: str | None = field(default=None, compare=False, repr=False)
    """Of the page; stored in a column of its own, beside the reading."""

    @property
    def balances(self) -> tuple[Balance, ...]:
        """Every balance of the account."""
        now = self.credits
        if now.single:
            whole = Balance("total", now.total, now.unit, now.monthly_allowance, now.refresh_at)
            return (whole, *self.parts)
        return (
            Balance("monthly", now.monthly, now.unit, now.monthly_allowance, now.refresh_at),
            Balance("daily", now.daily, now.unit, now.daily_allowance, now.daily_refresh_at),
            Balance("package", now.package, now.unit),
            *self.parts,
        )


@dataclass(frozen=True, slots=True)
class NotModified:
    """A check that got the page with this fingerprint again: its reading is as fresh as this check."""

    taken_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """One failed check. ``said`` is the cause for people: no token, no link, at most a line.

    ``status`` is that of the answer, None without one; it is not stored.
    """

    taken_at: datetime
    kind: FailureKind
    said: str = ""
    retry_after: timedelta | None = None
    status: int | None = field(default=None, compare=False)


CheckResult = Reading | CheckFailure


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as its source lists it; ``error`` is the trouble that the listing reports."""

    email: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The accounts that a source lists; an empty listing is valid."""

    taken_at: datetime
    accounts: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """How many of an account's last ranges ``held``, of those whose end is past; counted at ``made_at``."""

    made_at: datetime
    held: int = 0
    counted: int = 0


@dataclass(frozen=True, slots=True)
class ForecastSummary:
    """When an account's credits run out, by the last forecast; ``useful`` unless the range is too wide to plan by.

    Either they last (``lasts``) past the ``boundary``, which is the refill or, with ``lapses``, the plan's end; or they
    run out between ``earliest`` and ``latest``, before the boundary or, with ``before`` None, perhaps before it.
    ``unused`` of the monthly credits are left at the boundary, between ``unused_least`` and ``unused_most``.
    ``per_day`` is a usual day's cost, ``per_day_lately`` that of the last week's days, None where less than a week was
    seen. ``total`` and ``made_at`` are the credits and the moment that it was computed from, ``record`` is how often
    such ranges held here.
    """

    made_at: datetime
    total: Number
    useful: bool
    lasts: bool
    before: bool | None = None
    earliest: datetime | None = None
    median: datetime | None = None
    latest: datetime | None = None
    boundary: datetime | None = None
    lapses: bool = False
    unused: float | None = None
    unused_least: float | None = None
    unused_most: float | None = None
    per_day: float = 0.0
    per_day_lately: float | None = None
    record: ForecastRecord | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """No checks of one account, or with ``subject`` "" of all, until a moment, because ``by`` works on the website.

    It began at ``since``; ``made_at`` is the act that asked for it last, which all pauses of that act share.
    """

    subject: str
    since: datetime
    until: datetime
    by: str = ""
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account and what is known of it: its last reading, and the failures in a row since then.

    ``allowance`` and ``daily_allowance`` are the last known ones, so that a reading without them neither fires nor
    resolves anything. ``listed_error`` is the trouble that the source's listing reports. ``unlisted_at`` is when the
    listing first lacked the account; the next check of the listing confirms that. ``origin`` is its source's name, only
    where several are watched; it is not stored. While ``pause`` is set, nobody checks the account.
    ``jobs`` are those that the last statistics show as refused, None without any; up to ``jobs_settled_at`` the account
    was critically low on credits, and its refused jobs were a line of that alert.
    """

    key: str
    source: str
    email: str
    label: str | None = None
    reading: Reading | None = None
    outage: CheckFailure | None = None
    failures: int = 0
    failing_since: datetime | None = None
    looked_at: datetime | None = None
    listed_error: str | None = None
    allowance: Number | None = None
    daily_allowance: Number | None = None
    foretold: ForecastSummary | None = None
    unlisted_at: datetime | None = None
    origin: str | None = None
    pause: Pause | None = None
    job_cost: JobCost | None = None
    jobs: RefusedJobs | None = None
    jobs_settled_at: datetime | None = None
    statistics_at: datetime | None = None

    def jobs_refused(self, now: datetime) -> int | None:
        """How many jobs were refused for want of credits within the hour; None where no statistics came."""
        if self.statistics_at is None or now - self.statistics_at > WITHIN:
            return None
        return self.jobs.refused(now) if self.jobs else 0

    @property
    def name(self) -> str:
        """The account's name for people: the label, else the email, with its source where several are watched."""
        return self.label or (f"{self.email} ({self.origin})" if self.origin else self.email)


def jobs_of_all(accounts: Iterable[Account]) -> int | None:
    """How many jobs all these accounts pay for, each by its own cost and credits; None if any of that is unknown."""
    total: int | None = None
    for account in accounts:
        if account.reading is None or account.job_cost is None:
            return None
        total = (total or 0) + jobs_for(account.reading.credits.total, account.job_cost)
    return total


class KnownAccount(NamedTuple):
    """An account that was ever watched, without its readings.

    ``known_page`` is the fingerprint of its reading's page, if that page is likely to decide nothing new.
    """

    key: str
    source: str
    email: str
    label: str | None = None
    watched: bool = True
    known_page: str | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """The state of a source: when its listing was last read and how long it was, or the failures in a row.

    ``absent_since``: since when it has answered 404 without a word of the service's own. ``origin`` is its name, only
    where several are watched, and ``token_from`` the setting that holds its token; both are not stored.
    ``subscription`` is what useapi.net says of the token's subscription; None if it was never asked for.
    """

    key: str
    listed_at: datetime | None = None
    listed: int | None = None
    outage: CheckFailure | None = None
    failures: int = 0
    failing_since: datetime | None = None
    absent_since: datetime | None = None
    origin: str | None = None
    token_from: str | None = None
    subscription: Subscription | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The watched accounts of one source, counted by their last check.

    ``refused`` counts those that the source itself turned away. ``shared`` is one same failure of all of them, of at
    least two; ``fewest_failures`` is then the shortest row of failures. ``read_at`` is the newest successful check of
    any account, also of one that fails since. ``oldest_failure`` is the oldest last check that failed. Paused accounts
    count nowhere; ``all_paused`` if that leaves none.
    """

    total: int = 0
    failing: int = 0
    refused: int = 0
    shared: bool = False
    fewest_failures: int = 0
    outage: CheckFailure | None = None
    since: datetime | None = None
    read_at: datetime | None = None
    oldest_failure: datetime | None = None
    all_paused: bool = False


UNCERTAIN, MISSING, SESSION_BROKEN = 1, 2, 3
"""The levels of an account's failures: counted to the limit, or known at once."""
