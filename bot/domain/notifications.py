"""Notifications: what a chat will read, as facts. Texts are made from them when they are sent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.accounts import Account, Credits, FailureKind, ForecastSummary, LeftOut, Plan
from bot.domain.alerts import GOOD_NEWS, Alert, AlertRule, NotifyReason, Severity, Silence
from bot.domain.chats import Chat
from bot.domain.jobs import JobsFacts
from bot.domain.lapses import Lapse
from bot.domain.summary import Summary


class NotificationKind(StrEnum):
    """The subject of a notification: an alert, or one of the rare notes beside alerts.

    ``DOWNTIME`` is a period without checks; ``PAUSED`` and ``RESUMED`` are acts of a person; ``LAPSE`` are credits that
    a certain end will take. ``DROPPED`` are events that the webhook's receiver did not take in time, and ``CLOSED`` is
    an alert that nobody watches any longer: only that receiver gets them.
    """

    ALERT = "alert"
    GREETING = "greeting"
    GONE = "gone"
    DROPPED = "dropped"
    CLOSED = "closed"
    DOWNTIME = "pause"
    PAUSED = "paused"
    RESUMED = "resumed"
    DIGEST = "digest"
    ACK = "ack"
    MUTE = "mute"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class Watched:
    """An account with its firing alerts and the silences that cover it: what a chat asks about.

    ``check_every`` is its own interval; None where it has none.
    """

    account: Account
    alerts: tuple[Alert, ...] = ()
    silences: tuple[Silence, ...] = ()
    check_every: timedelta | None = None

    @property
    def severity(self) -> Severity | None:
        """The worst of its firing alerts; None if nothing fires."""
        return max((alert.severity for alert in self.alerts if alert.severity), default=None)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a notification, as of the decision; texts are made when it is sent.

    ``rung`` is the threshold as people read it ("20 %"), ``threshold`` as the setting has it ("20%"). ``value`` is in
    the rule's own unit: credits, or seconds left. ``count`` and ``total`` count accounts where a message is about many.
    ``origin`` is the source's name, only where several are watched, and ``token_from`` the setting that holds its
    token. ``check_every`` is the shortest interval of the accounts in a greeting. ``by`` acknowledged, muted, paired or
    paused at ``acted_at``; a button resumes what was paused, or ends the ``silence``. ``subscription``: a source's
    alert has been about its subscription in this episode; ``fired_for_subscription``: it fired because of it.
    ``hushed``: it makes no sound, because another message has just told the same.
    ``unattended_since`` is since when nobody acknowledged an escalated alert. ``outside``: the chat gets nothing of the
    account but what is escalated.
    """

    name: str = ""
    email: str | None = None
    taken_at: datetime | None = None
    value: float | None = None
    rung: str | None = None
    threshold: str | None = None
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
    lapse: Lapse | None = None
    subscription: bool = False
    fired_for_subscription: bool | None = None
    jobs: JobsFacts | None = None
    hushed: bool = False
    unattended_since: datetime | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """Something to say, not yet addressed to a chat. ``key`` is unique for all time."""

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
        """Warnings and critical alerts make a sound; recoveries, info and notes are silent.

        For a chat that joins, only critical alerts that nobody acknowledged do.
        """
        if self.topic in (NotificationKind.ACK, NotificationKind.MUTE) or self.facts.hushed:
            return False
        if self.reason is NotifyReason.JOINED:
            return self.severity is Severity.CRITICAL and self.facts.by is None
        return self.reason not in GOOD_NEWS and self.severity >= Severity.WARNING


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification for one chat, and its attempts.

    ``sent_ways`` is when and by which channels the second channel sent it, None if it did not. ``perhaps_sent``: it
    waited in a backup, and may have been sent after that.
    """

    id: int
    chat: Chat
    notification: Notification
    created_at: datetime
    attempts: int = 0
    first_failed_at: datetime | None = None
    sent_ways: tuple[datetime, str] | None = None
    perhaps_sent: bool = False
