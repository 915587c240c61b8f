"""Which waiting deliveries are obsolete. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alerts import AlertRule, NotifyReason
from bot.domain.notifications import NotificationKind

NOTES_LAST = {
    **dict.fromkeys(
        (
            NotificationKind.DIGEST,
            NotificationKind.ACK,
            NotificationKind.MUTE,
            NotificationKind.PAUSED,
            NotificationKind.RESUMED,
        ),
        timedelta(days=1),
    ),
    NotificationKind.DOWNTIME: timedelta(days=7),
    NotificationKind.LAPSE: timedelta(days=3),
}
UNTOLD_LASTS = timedelta(days=7)
"""How long a chat that refuses still gets a note, and an alert that began and ended without a message."""

FIRST = (NotifyReason.FIRED, NotifyReason.JOINED)
"""The reasons of the first notification of an episode."""

NEWS = (*FIRST, NotifyReason.WORSENED, NotifyReason.ESCALATED)
"""The reasons that say how bad an alert is."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Deliveries of a chat from a time without success, now that messages go out again.

    It reaches up to a delivery's id. ``refused``: the chat refused; else Telegram was away.
    """

    up_to: int
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The part of a waiting delivery that decides whether it is obsolete."""

    id: int
    topic: NotificationKind
    subject: str
    measure: AlertRule | None
    episode: int
    reason: NotifyReason
    created_at: datetime


def of_no_use(waiting: Iterable[Waiting], now: datetime) -> list[int]:
    """The ids of obsolete deliveries among those of a chat that refuses, oldest first.

    Obsolete are an old summary, pause, ack or mute; an alert that ended long ago and of which the chat got nothing; a
    reminder with a later one. A firing alert, and the end of one that the chat knows, never are.
    """
    found, by_alert = list[int](), dict[tuple[str, AlertRule | None], list[Waiting]]()
    for one in waiting:
        if one.topic is NotificationKind.ALERT:
            by_alert.setdefault((one.subject, one.measure), []).append(one)
        elif one.topic in NOTES_LAST and now - one.created_at > NOTES_LAST[one.topic]:
            found.append(one.id)
    for parts in by_alert.values():
        found += [one.id for one in parts[:-1] if one.reason is NotifyReason.REMINDED]
        ended = {
            one.episode for one in parts if one.reason is NotifyReason.RESOLVED and now - one.created_at > UNTOLD_LASTS
        }
        untold = {one.episode for one in parts if one.reason in FIRST and one.episode in ended}
        found += [one.id for one in parts if one.episode in untold]
    return list(dict.fromkeys(found))
