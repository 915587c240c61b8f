"""Accounts and sources: readings, failures of checks, and what is known of each account."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

Number = int | float


class FailureKind(StrEnum):
    """Why a look failed, by what has to be done about it."""

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
        """The whole source is shut, not this one account: its token or its subscription is refused."""
        return self in (FailureKind.UNAUTHORIZED, FailureKind.LAPSED)

    @property
    def certain(self) -> bool:
        """One look is proof enough: waiting for more would only be late."""
        return self in (FailureKind.MISSING, FailureKind.BROKEN)


@dataclass(frozen=True, slots=True)
class Credits:
    """The three buckets that can be spent, and the period's allowances, which are denominators and never added.

    ``refresh_at`` and ``daily_refresh_at`` are the next refills as the service tells them.
    """

    monthly: Number
    daily: Number | None = None
    package: Number | None = None
    monthly_allowance: Number | None = None
    daily_allowance: Number | None = None
    refresh_at: datetime | None = None
    daily_refresh_at: datetime | None = None

    @property
    def total(self) -> Number:
        """What is known to be spendable; an unknown bucket adds nothing, so this is a lower bound."""
        return self.monthly + (self.daily or 0) + (self.package or 0)

    @property
    def share(self) -> float | None:
        """The total as a share of the monthly allowance, where that is known and above zero."""
        return self.total / self.monthly_allowance if self.monthly_allowance and self.monthly_allowance > 0 else None


class PlanChange(StrEnum):
    """What became of a plan: it got a later end, became another one, or its cancellation was withdrawn."""

    RENEWED = "renewed"
    CHANGED = "changed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Plan:
    """The subscription. ``price`` is the service's own text, in its own currency.

    ``free`` is None where nobody knows whether the plan is a paid one.
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

    @property
    def becomes(self) -> str | None:
        """The other plan that follows this one, if it is to change."""
        return self.next_name if self.next_name and self.name and self.next_name != self.name else None

    @property
    def renews(self) -> bool | None:
        """Whether the same plan is known to go on by itself at ``ends_at``; None where there is no end to go on from.

        It is where the service names it as the next one, too: a gift card's plan has no next one, and ends.
        """
        if self.free or self.ends_at is None:
            return None
        return self.cancelled_at is None and self.name is not None and self.next_name == self.name


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field of credits or plan, by name, that an answer did not tell.

    ``unreadable`` is what stood there instead, in words; None where nothing did. ``known_at`` is when the value that is
    kept in its place was told; None where none is kept.
    """

    name: str
    unreadable: str | None = field(default=None, compare=False)
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One successful look at an account. ``left_out`` are the fields that decide something and were not told.

    ``details`` decide nothing: facts in plain JSON that its service alone words for people.
    """

    taken_at: datetime
    credits: Credits
    plan: Plan = field(default_factory=Plan)
    details: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    fingerprint: str | None = field(default=None, compare=False, repr=False)
    """Of the page that was read. Stored in a column of its own, beside the reading."""


@dataclass(frozen=True, slots=True)
class NotModified:
    """A check that saw the page with this fingerprint again: the reading that came from it is as fresh as this."""

    taken_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """One failed look. ``said`` is the cause in words fit for a person: no token, no link, at most a line.

    ``status`` is the answer's, where one came; it is not stored.
    """

    taken_at: datetime
    kind: FailureKind
    said: str = ""
    retry_after: timedelta | None = None
    status: int | None = field(default=None, compare=False)


CheckResult = Reading | CheckFailure


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as its source lists it; ``error`` is the trouble the listing itself tells of."""

    email: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One successful look at which accounts a source has; it may well be none."""

    taken_at: datetime
    accounts: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class ForecastSummary:
    """When an account's credits run out, as it was foreseen; ``useful`` unless the range is too wide to plan by.

    Either they last (``lasts``) past the ``boundary``, which is the refill or, with ``lapses``, the plan's end; or they
    run out between ``earliest`` and ``latest``, before the boundary or, with ``before`` None, perhaps before it.
    ``unused`` of the monthly credits are left at the boundary; ``per_day`` is a usual day's cost. ``total`` and
    ``made_at`` are the credits and the moment that it was made from.
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
    per_day: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    """No checks of one account, or with ``subject`` "" of any, until a moment: ``by`` works on the website with it.

    It lasts since ``since``, and was last asked for at ``made_at``: all that one act has paused has that in common.
    """

    subject: str
    since: datetime
    until: datetime
    by: str = ""
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account and what is known of it: its last reading, and the outages in a row since then.

    ``allowance`` and ``daily_allowance`` are the last ones known, so that a reading that leaves them out neither
    fires nor resolves anything. ``listed_error`` is what the source's listing says is wrong with the account.
    ``unlisted_at`` is when the listing first did not name it, which is believed at the next look.
    ``origin`` is its source's name, only where several are watched; it is not stored. ``pause`` is why it is not
    checked now, if it is not; its numbers then have the age of the last look.
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

    @property
    def name(self) -> str:
        """What people read and type: the label, else the email, with its source where several are watched."""
        return self.label or (f"{self.email} ({self.origin})" if self.origin else self.email)


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source's listing: when it was last read and how long it was, or the outages in a row.

    ``absent_since``: since when it has answered 404 without a word of the service's own.
    ``origin`` is its name, only where several are watched, and ``token_from`` where its token belongs; not stored.
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


@dataclass(frozen=True, slots=True)
class Health:
    """How the watched accounts of one source stand together, by the last look at each.

    ``refused`` counts those that the source's own gate turned away. ``shared`` is one same outage of all of them, of
    at least two; ``fewest_failures`` is then the shortest row. ``read_at`` is the newest successful look, at whoever
    fails by now too,
    ``oldest_failure`` the oldest one that failed and was not made again since. Who is paused counts nowhere;
    ``all_paused``: so there is nobody to count.
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
