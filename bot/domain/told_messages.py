"""Messages about alerts, kept until they say that the alert ended."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alerts import Alert
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, Notification


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """One alert in a message: since when it is over, or the alert itself while it fires."""

    id: int
    notification: Notification
    over_at: datetime | None
    alert: Alert | None


@dataclass(frozen=True, slots=True)
class EndedMessage:
    """A message with an alert that is over: where it stands, when it was sent, and all its alerts."""

    chat: Chat
    message_id: int
    lead_id: int
    sent_at: datetime
    deliveries: tuple[Delivery, ...]
    told: tuple[ToldAlert, ...]

    @property
    def over(self) -> tuple[ToldAlert, ...]:
        return tuple(one for one in self.told if one.over_at is not None)

    @property
    def all_over(self) -> bool:
        return len(self.over) == len(self.told)
