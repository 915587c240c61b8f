"""Alerts: what a rule found, how bad it is, and which silences withhold its messages."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.domain.accounts import SESSION_BROKEN
from bot.domain.chats import Chat


class Severity(IntEnum):
    """How bad, in order. ``Severity.INFO < Severity.CRITICAL`` holds."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The word people and ``check --json`` read."""
        return self.name.lower()


class AlertRule(StrEnum):
    """What a rule looks at. ``LISTING`` is whether a source lists any account at all."""

    CREDITS = "credits"
    PLAN = "plan"
    FAILURES = "failures"
    RUNWAY = "runway"
    SPIKE = "spike"
    LISTING = "listing"


class NotifyReason(StrEnum):
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


GOOD_NEWS = (NotifyReason.EASED, NotifyReason.RESOLVED)
"""Why an alert is told silently, and without buttons: nobody has to do anything."""


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

    @property
    def reminds(self) -> bool:
        """Whether it is told again every ``REMIND_EVERY``: it is critical, or an account's session is broken."""
        broken = self.measure is AlertRule.FAILURES and self.level >= SESSION_BROKEN
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
class Transition:
    """The next alert, and why it is another one."""

    alert: Alert
    reason: NotifyReason


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
    measure: AlertRule | None = None
    until: datetime | None = None
    episode: int = 0
    level: int = 0
    by: str = ""
    chat: Chat | None = None
    made_at: datetime | None = None
    id: int = 0
