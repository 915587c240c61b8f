"""Which alerts the second channel sends while Telegram takes nothing, and when. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.domain.alerts import GOOD_NEWS, NotifyReason
from bot.domain.notifications import Delivery, NotificationKind
from bot.outbox.batching import PendingAlert, pending_alerts

OVER_LONG_AGO = timedelta(days=1)
"""An alert that began and ended before this is not sent, however long a chat has refused it."""


def due_for_fallback(
    pending: Iterable[Delivery], now: datetime, after: timedelta, told: Collection[str] = ()
) -> list[Delivery]:
    """The deliveries that go to the second channel now; a notification for several chats counts once.

    ``told`` are the keys that went there before. With an alert that has waited long enough goes all that waits of it,
    so that the message says what holds now. Silent notifications do not go there, except good news of an alert that
    went there, or goes now.
    """
    once = {part.notification.key: part for part in sorted(pending, key=lambda part: -part.id)}
    alerts = [
        part
        for part in sorted(once.values(), key=lambda part: part.id)
        if part.notification.topic is NotificationKind.ALERT
    ]
    due = [story for story in pending_alerts(alerts) if is_due(story, now, after, told)]
    return [part for story in due for part in story.parts if part.notification.key not in told]


def of_no_use(escalated: Iterable[Delivery], now: datetime) -> list[int]:
    """The ids of escalated deliveries that began and ended long ago, while no address took anything."""
    over = [story for story in pending_alerts(escalated) if story.overtaken and is_old(story, now)]
    return [part.id for story in over for part in story.parts]


def is_old(story: PendingAlert, now: datetime) -> bool:
    """True if an alert ended long ago."""
    last = story.last
    return last.notification.reason is NotifyReason.RESOLVED and now - last.created_at > OVER_LONG_AGO


def is_due(story: PendingAlert, now: datetime, after: timedelta, told: Collection[str]) -> bool:
    """True if an alert has waited long enough, and is worth the second channel."""
    if story.overtaken and is_old(story, now) and not any(part.notification.key in told for part in story.parts):
        return False
    worth = any(part.notification.rings or part.notification.key in told for part in story.parts)
    return worth and any(
        now - part.created_at >= after
        for part in story.parts
        if part.notification.key not in told and (part.notification.rings or part.notification.reason in GOOD_NEWS)
    )
