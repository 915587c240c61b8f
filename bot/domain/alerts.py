"""Alerts: what a rule found, its severity, and the silences that withhold its messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from bot.domain.accounts import SESSION_BROKEN
from bot.domain.chats import Chat


class Severity(IntEnum):
    """Ordered: ``Severity.INFO < Severity.CRITICAL``."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The word that people and ``check --json`` read."""
        return self.name.lower()


class AlertRule(StrEnum):
    """The quantity that a rule measures.

    ``LISTING`` is whether a source lists any account at all. ``BROKEN`` is how many accounts useapi.net itself calls
    broken, against those that the bot knows. ``JOBS`` is jobs refused for want of credits.
    """

    CREDITS = "credits"
    PLAN = "plan"
    FAILURES = "failures"
    RUNWAY = "runway"
    SPIKE = "spike"
    LISTING = "listing"
    BROKEN = "broken"
    JOBS = "jobs"


class NotifyReason(StrEnum):
    """Why a chat gets a notification. ``JOINED``: the alert fires already, and is new to the chat.

    ``EASED``: it still fires, but its worst is over: jobs run again, or the plan no longer ends. ``ESCALATED``: it was
    critical for ``ESCALATE_AFTER``, and nobody acknowledged it.
    """

    NONE = "none"
    FIRED = "fired"
    WORSENED = "worsened"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    EASED = "eased"
    RESOLVED = "resolved"
    JOINED = "joined"


GOOD_NEWS = (NotifyReason.EASED, NotifyReason.RESOLVED)
"""Good news is silent and has no buttons: nobody has to do anything."""


@dataclass(frozen=True, slots=True)
class Alert:
    """The state of one rule on one subject (an account's key, or a source's name).

    ``level`` 0 is quiet, else the threshold that was reached, counted from the mildest. ``sequence`` counts the
    notifications of an episode, so that none is ever queued twice. ``period`` is the plan's end that a plan alert is
    about, or since when a source answers again that has not recovered yet. ``out``: the account was out of credits in
    this episode, and only daily credits have come since. ``peak`` is the worst severity of the episode.
    ``subscription``: a source's alert fired because of its subscription, whatever it is about now.
    ``unattended_since`` is since when it has been critical without an ack that ended; None while it is not critical,
    and once it was ``escalated``, which happens once an episode. ``Notified`` has what each chat got.
    """

    subject: str
    measure: AlertRule
    level: int = 0
    episode: int = 0
    sequence: int = 0
    since: datetime | None = None
    reminded_at: datetime | None = None
    worst: float | None = None
    severity: Severity | None = None
    period: datetime | None = None
    out: bool = False
    peak: Severity | None = None
    subscription: bool = False
    unattended_since: datetime | None = None
    escalated: bool = False

    @property
    def reminds(self) -> bool:
        """True if chats get reminders each ``REMIND_EVERY``: it is critical, or an account's session is broken."""
        broken = self.measure is AlertRule.FAILURES and self.level >= SESSION_BROKEN
        return self.level > 0 and (self.severity is Severity.CRITICAL or broken)


QUIET: Mapping[str, Any] = {
    "level": 0,
    "severity": None,
    "period": None,
    "out": False,
    "unattended_since": None,
    "escalated": False,
}
"""The fields of an alert that does not fire. It is never deleted: its count of episodes keeps notifications unique."""


@dataclass(frozen=True, slots=True)
class Notified:
    """The last notification of one alert in one chat: its episode and level.

    ``out``: it got that the account is out of credits, and not yet that jobs run again. It exists while the alert
    fires, and then until the chat has got the recovery. Level 0: the alert is over, and the chat has yet to get it, as
    with a plan that is gone.
    """

    episode: int
    level: int
    out: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """The next state of an alert, and why it changed."""

    alert: Alert
    reason: NotifyReason


class SilenceKind(StrEnum):
    """The scope of a silence: everything, one account, or one alert (until a time, or as an ack)."""

    ALL = "all"
    ACCOUNT = "account"
    SNOOZE = "snooze"
    ACK = "ack"


@dataclass(frozen=True, slots=True)
class Silence:
    """Withholds messages from one ``chat``, or from every chat where that is None. An ack covers every chat.

    A mute ends at ``until``. A snooze and an ack cover one ``episode`` down to one ``level`` and end with the alert, or
    when it gets worse; a snooze at ``until`` too, an ack only if the alert is critical then. ``by`` made it at
    ``made_at``; all silences of one act share both.
    """

    kind: SilenceKind
    subject: str = ""
    measure: AlertRule | None = None
    until: datetime | None = None
    episode: int = 0
    level: int = 0
    by: str = ""
    chat: Chat | None = None
    made_at: datetime | None = None
    id: int = 0
