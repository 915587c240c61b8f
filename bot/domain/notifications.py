"""Notifications: what a chat is to read, and about what. Texts are made from these facts when they are sent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.accounts import Account, Credits, FailureKind, ForecastSummary, LeftOut, Plan
from bot.domain.alerts import GOOD_NEWS, Alert, AlertRule, NotifyReason, Severity, Silence
from bot.domain.chats import Chat
from bot.domain.summary import Summary


class NotificationKind(StrEnum):
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
    foretold: ForecastSummary | None = None
    outage: FailureKind | None = None
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
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Something to say, before it is addressed to a chat. ``key`` names it uniquely among all that ever was said."""

    key: str
    topic: NotificationKind
    severity: Severity
    reason: NotifyReason = NotifyReason.NONE
    subject: str = ""
    measure: AlertRule | None = None
    episode: int = 0
    facts: Facts = field(default_factory=Facts)

    @property
    def rings(self) -> bool:
        """Warnings and critical alerts make a sound; recoveries, info and notes come silently.

        Of what a chat finds firing when it joins, only what is critical and not acknowledged does.
        """
        if self.topic in (NotificationKind.ACK, NotificationKind.MUTE):
            return False
        if self.reason is NotifyReason.JOINED:
            return self.severity is Severity.CRITICAL and self.facts.by is None
        return self.reason not in GOOD_NEWS and self.severity >= Severity.WARNING


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice addressed to one chat, and how far its delivery has come.

    ``sent_ways`` says when and by which ways it went out by the second channel meanwhile, if it did.
    """

    id: int
    chat: Chat
    notification: Notification
    created_at: datetime
    attempts: int = 0
    first_failed_at: datetime | None = None
    sent_ways: tuple[datetime, str] | None = None
