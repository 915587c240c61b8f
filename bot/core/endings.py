"""Messages whose alerts are over: what each told, and when a chat's next one is edited. Pure; the clock is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.decide import covers
from bot.core.model import Alert, Chat, Notice, Notification, Silence, SilenceKind

EDIT_PAUSE = 3.0
"""Seconds between two edits in a chat: together a group's twenty messages a minute."""


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """One alert that a message told: since when it is over, or the alert itself while it fires."""

    id: int
    notice: Notice
    over_at: datetime | None
    alert: Alert | None


@dataclass(frozen=True, slots=True)
class EndedMessage:
    """A message with an alert that is over: where it stands, when it was sent, and all that it told."""

    chat: Chat
    message_id: int
    lead_id: int
    sent_at: datetime
    notifications: tuple[Notification, ...]
    told: tuple[ToldAlert, ...]

    @property
    def over(self) -> tuple[ToldAlert, ...]:
        """What is over of it."""
        return tuple(one for one in self.told if one.over_at is not None)

    @property
    def all_over(self) -> bool:
        """Whether nothing of it fires."""
        return len(self.over) == len(self.told)


def held(message: EndedMessage, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The last ack or snooze that holds in a message's chat for what still fires of it."""
    firing = [one.alert for one in message.told if one.alert is not None]
    found = [
        one
        for one in silences
        if one.kind in (SilenceKind.ACK, SilenceKind.SNOOZE) and one.chat in (None, message.chat)
        if any(covers(one, alert, now) for alert in firing)
    ]
    return max(found, key=lambda one: one.id, default=None)
