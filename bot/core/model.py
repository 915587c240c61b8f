"""The words of the project as frozen values; ``docs/glossary.md`` explains each.

Every moment is an aware UTC ``datetime``. ``None`` always means "not known", never zero.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

Number = int | float


class OutageKind(StrEnum):
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
        return self in (OutageKind.UNAUTHORIZED, OutageKind.LAPSED)

    @property
    def certain(self) -> bool:
        """One look is proof enough: waiting for more would only be late."""
        return self in (OutageKind.MISSING, OutageKind.BROKEN)


class Severity(IntEnum):
    """How bad, in order. ``Severity.INFO < Severity.CRITICAL`` holds."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The word people and ``check --json`` read."""
        return self.name.lower()


class Measure(StrEnum):
    """What a rule looks at. ``LISTING`` is whether a source lists any account at all."""

    CREDITS = "credits"
    PLAN = "plan"
    FAILURES = "failures"
    RUNWAY = "runway"
    SPIKE = "spike"
    LISTING = "listing"


class Reason(StrEnum):
    """Why an alert is told. ``JOINED``: it fires already, and the chat is told of it for the first time.

    ``EASED``: it still fires, but the worst of it is over: jobs run again, or the plan no longer ends.
    """

    NONE = "none"
    FIRED = "fired"
    WORSENED = "worsened"
    REMINDED = "reminded"
    EASED = "eased"
    RESOLVED = "resolved"
    JOINED = "joined"


GOOD_NEWS = (Reason.EASED, Reason.RESOLVED)
"""Why an alert is told silently, and without buttons: nobody has to do anything."""


class Topic(StrEnum):
    """What a notification is about: an alert's decision, or one of the rare notes beside alerts.

    ``DOWNTIME`` is a time in which nobody was watching; ``PAUSED`` and ``RESUMED`` are what a person wished.
    """

    ALERT = "alert"
    GREETING = "greeting"
    GONE = "gone"
    DOWNTIME = "pause"
    PAUSED = "paused"
    RESUMED = "resumed"
    DIGEST = "digest"
    ACK = "ack"
    MUTE = "mute"


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
class Limits:
    """What the plan permits at once."""

    jobs_at_once: int | None = None
    batch: bool | None = None
    albums: int | None = None
    qualities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the plan unlocks; a discount is the factor on the price, as the service writes it (``0.7``)."""

    fast_mode: bool | None = None
    relaxed_mode: bool | None = None
    new_features: bool | None = None
    private: bool | None = None
    no_watermark: bool | None = None
    buy_credits: bool | None = None
    effects: bool | None = None
    veo_sora: bool | None = None
    preview_discount: str | None = None
    off_peak_discount: str | None = None
    image_models: tuple[str, ...] = ()
    unlimited_image_models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """The account's numbers at the service."""

    user_id: int | None = None
    member_id: int | None = None
    product_id: int | None = None


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
    """One successful look at an account. ``left_out`` are the fields that decide something and were not told."""

    taken_at: datetime
    credits: Credits
    plan: Plan = field(default_factory=Plan)
    limits: Limits = field(default_factory=Limits)
    capabilities: Capabilities = field(default_factory=Capabilities)
    identity: Identity = field(default_factory=Identity)
    left_out: tuple[LeftOut, ...] = ()
    page: int | None = field(default=None, compare=False, repr=False)
    """A fingerprint of the page that was read; good within one process, and never stored."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A look that saw the very page of the look before: its reading holds, and is as fresh as this."""

    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """One failed look. ``said`` is the cause in words fit for a person: no token, no link, at most a line.

    ``status`` is the answer's, where one came; it is not stored.
    """

    taken_at: datetime
    kind: OutageKind
    said: str = ""
    retry_after: timedelta | None = None
    status: int | None = field(default=None, compare=False)


Sample = Reading | Outage


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
class Foretold:
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
    outage: Outage | None = None
    failures: int = 0
    failing_since: datetime | None = None
    looked_at: datetime | None = None
    listed_error: str | None = None
    allowance: Number | None = None
    daily_allowance: Number | None = None
    foretold: Foretold | None = None
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
    outage: Outage | None = None
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
    outage: Outage | None = None
    since: datetime | None = None
    read_at: datetime | None = None
    oldest_failure: datetime | None = None
    all_paused: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """One rung of a ladder: a number, or percent of the monthly allowance; for a plan, seconds."""

    value: float
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.value:,.10g}" + (" %" if self.percent else "")


Ladder = tuple[Threshold, ...]

RENEWS, CANCELLED = 1, 2
"""The first two levels of a plan's alert; above them are the ladder of a plan that ends, and "has ended"."""

UNCERTAIN, MISSING, SESSION_BROKEN = 1, 2, 3
"""The levels of an account's failures: counted to the limit, or known at once."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When to say what. An empty ladder switches its rule off; ``remind_every`` None means never."""

    low_credits: Ladder = ()
    plan_ends_within: Ladder = ()
    unreadable_after: int = 3
    remind_every: timedelta | None = None
    runs_out_within: Ladder = ()

    def ladder(self, measure: Measure) -> Ladder | None:
        """The ladder of a measure that has one; empty where its rule is switched off."""
        return {
            Measure.CREDITS: self.low_credits,
            Measure.PLAN: self.plan_ends_within,
            Measure.RUNWAY: self.runs_out_within,
            Measure.SPIKE: self.runs_out_within,
        }.get(measure)


@dataclass(frozen=True, slots=True)
class Alert:
    """The remembered state of one rule on one subject (an account's key, or a source's).

    ``level`` 0 is quiet; above it is the rung reached, counted from the mildest. ``sequence`` counts the moments of
    the episode at which any chat was told something, so that nothing is ever queued twice. ``period`` is the plan's
    end that a plan alert speaks of, or since when a source answers again that has not recovered yet. ``out``: the
    account was out of credits in this episode, and nothing but daily credits has come since. What each chat was told is
    apart: ``Notified``.
    """

    subject: str
    measure: Measure
    level: int = 0
    episode: int = 0
    sequence: int = 0
    since: datetime | None = None
    reminded_at: datetime | None = None
    worst: float | None = None
    severity: Severity | None = None
    period: datetime | None = None
    out: bool = False

    @property
    def reminds(self) -> bool:
        """Whether it is told again every ``REMIND_EVERY``: it is critical, or an account's session is broken."""
        broken = self.measure is Measure.FAILURES and self.level >= SESSION_BROKEN
        return self.level > 0 and (self.severity is Severity.CRITICAL or broken)


@dataclass(frozen=True, slots=True)
class Notified:
    """What one chat was told last of one alert: of which episode, and down to which rung.

    ``out``: it was told that the account is out of credits, and not that jobs run again. It exists while the alert
    fires, and afterwards until the chat has been told of the recovery. A level of 0: the alert is over, and the chat
    has yet to be told of it, as of a plan that is gone.
    """

    episode: int
    level: int
    out: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The next alert, and why it is another one."""

    alert: Alert
    reason: Reason


GENERAL = 1
"""The id of a forum's topic "General", which Telegram itself refuses: what goes there names no topic."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where notifications go and questions come from: a Telegram chat, with a topic where one is named."""

    chat_id: int
    thread_id: int | None = None

    @property
    def group(self) -> bool:
        """Telegram gives groups and channels negative ids."""
        return self.chat_id < 0

    def __str__(self) -> str:
        return f"{self.chat_id}/{self.thread_id}" if self.thread_id else str(self.chat_id)


class SilenceKind(StrEnum):
    """What a silence covers: everything, one account, or one alert (until a time, or as an ack)."""

    ALL = "all"
    ACCOUNT = "account"
    SNOOZE = "snooze"
    ACK = "ack"


@dataclass(frozen=True, slots=True)
class Silence:
    """A wish for no messages: in one ``chat``, or in every chat where that is None. An ack holds in every chat.

    A mute ends at ``until``, and only then. A snooze and an ack hold for one ``episode`` down to one ``level``: they
    end with the alert, or at a worse rung; a snooze at ``until`` too, an ack only if the alert is critical then.
    ``by`` made it at ``made_at``; all that one act has silenced has both in common.
    """

    kind: SilenceKind
    subject: str = ""
    measure: Measure | None = None
    until: datetime | None = None
    episode: int = 0
    level: int = 0
    by: str = ""
    chat: Chat | None = None
    made_at: datetime | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """An account with its firing alerts and the silences that concern it: what a question in the chat asks about.

    ``check_every`` is its interval, where it has one of its own.
    """

    account: Account
    alerts: tuple[Alert, ...] = ()
    silences: tuple[Silence, ...] = ()
    check_every: timedelta | None = None

    @property
    def severity(self) -> Severity | None:
        """The worst of its firing alerts; None while all is quiet."""
        return max((alert.severity for alert in self.alerts if alert.severity), default=None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a notification tells, as it was at the moment of the decision; the words are made when it is sent.

    ``rung`` is the threshold as people write it ("20 %"). ``value`` is the measure at the decision, in its own unit:
    credits, or seconds left. ``count`` and ``total`` count accounts where a message concerns many. ``origin`` is the
    source's name, only where several are watched, and ``token_from`` where its token belongs. ``check_every`` is how
    often the accounts are checked that a greeting tells of, the most frequent of them. ``by`` is who did what
    is told, at ``acted_at``: acknowledged, muted, paired, paused; a button below resumes what was paused, or ends the
    ``silence``.
    """

    name: str = ""
    email: str | None = None
    taken_at: datetime | None = None
    value: float | None = None
    rung: str | None = None
    level: int = 0
    since: datetime | None = None
    worst: float | None = None
    credits: Credits | None = None
    credits_at: datetime | None = None
    plan: Plan | None = None
    left_out: tuple[LeftOut, ...] = ()
    growth: str | None = None
    plan_change: str | None = None
    foretold: Foretold | None = None
    outage: OutageKind | None = None
    said: str | None = None
    count: int | None = None
    total: int | None = None
    source: str | None = None
    origin: str | None = None
    token_from: str | None = None
    until: datetime | None = None
    by: str | None = None
    acted_at: datetime | None = None
    silence: int | None = None
    check_every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to say, before it is addressed to a chat. ``key`` names it uniquely among all that ever was said."""

    key: str
    topic: Topic
    severity: Severity
    reason: Reason = Reason.NONE
    subject: str = ""
    measure: Measure | None = None
    episode: int = 0
    facts: Facts = field(default_factory=Facts)

    @property
    def rings(self) -> bool:
        """Warnings and critical alerts make a sound; recoveries, info and notes come silently.

        Of what a chat finds firing when it joins, only what is critical and not acknowledged does.
        """
        if self.topic in (Topic.ACK, Topic.MUTE):
            return False
        if self.reason is Reason.JOINED:
            return self.severity is Severity.CRITICAL and self.facts.by is None
        return self.reason not in GOOD_NEWS and self.severity >= Severity.WARNING


@dataclass(frozen=True, slots=True)
class Notification:
    """One notice addressed to one chat, and how far its delivery has come.

    ``sent_ways`` says when and by which ways it went out by the second channel meanwhile, if it did.
    """

    id: int
    chat: Chat
    notice: Notice
    created_at: datetime
    attempts: int = 0
    first_failed_at: datetime | None = None
    sent_ways: tuple[datetime, str] | None = None
