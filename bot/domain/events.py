"""Events: what the receiver of the webhook gets. No chat and no silence plays a part in them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.alerts import NotifyReason
from bot.domain.notifications import Notification


class EventType(StrEnum):
    """The ``type`` of an event. ``NOTICE``: anything that is no step of an alert's life."""

    FIRING = "alert.firing"
    WORSENED = "alert.worsened"
    REMINDER = "alert.reminder"
    RESOLVED = "alert.resolved"
    NOTICE = "notice"


TYPES = {
    NotifyReason.FIRED: EventType.FIRING,
    NotifyReason.WORSENED: EventType.WORSENED,
    NotifyReason.REMINDED: EventType.REMINDER,
    NotifyReason.RESOLVED: EventType.RESOLVED,
    NotifyReason.EASED: EventType.NOTICE,
    NotifyReason.ESCALATED: EventType.NOTICE,
}
"""The type of each change of an alert."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of an alert, or a note beside alerts.

    ``notification`` is what a chat without silences reads. Its severity is that of the event: of a recovery, the worst
    that the alert had. ``since`` is when the alert fired.
    """

    type: EventType
    notification: Notification
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that the receiver has not taken yet. ``webhook_id`` stays the same over all attempts."""

    id: int
    webhook_id: str
    event: Event
    at: datetime


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """The state of the webhook: how many events wait, since when the oldest, and why the last attempt failed.

    ``failing_since`` is the first failed attempt since the last event that was taken; None if that went well.
    ``dropped`` counts events that were dropped, of which the receiver does not know yet.
    """

    waiting: int = 0
    oldest_at: datetime | None = None
    failure: str = ""
    failing_since: datetime | None = None
    dropped: int = 0
