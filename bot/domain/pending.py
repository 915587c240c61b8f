"""Which notifications that wait nobody needs any longer. Pure."""

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
}
UNTOLD_LASTS = timedelta(days=7)
"""How long a chat that refuses is still owed a note, and what began and ended without its being told."""

FIRST = (NotifyReason.FIRED, NotifyReason.JOINED)
"""Why a chat is told of an episode for the first time."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a chat was owed while Telegram took nothing for it, now that messages go out again.

    It reaches up to a notification, by id. ``refused``: the chat refused, and Telegram was not away.
    """

    up_to: int
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """As much of a pending notification as says whether it is still of use."""

    id: int
    topic: NotificationKind
    subject: str
    measure: AlertRule | None
    episode: int
    reason: NotifyReason
    created_at: datetime


def of_no_use(waiting: Iterable[Waiting], now: datetime) -> list[int]:
    """Of what a refusing chat is owed, oldest first, what nobody needs any more: the ids.

    An old summary, pause, ack or mute; an alert of which the chat was told nothing and that ended long ago; a reminder
    that a later one repeats. An alert that fires, and the end of one that the chat knows of, always stay.
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
