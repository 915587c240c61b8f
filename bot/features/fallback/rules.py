"""What goes out by a second channel while Telegram takes nothing: which alerts, when, and the addresses' kinds."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.domain.alerts import GOOD_NEWS, NotifyReason
from bot.domain.notifications import Delivery, NotificationKind
from bot.outbox.batching import PendingAlert, pending_alerts

OVER_LONG_AGO = timedelta(days=1)
"""Nobody is mailed what began and ended before that, however long a chat has refused it."""


def due_for_fallback(
    pending: Iterable[Delivery], now: datetime, after: timedelta, told: Collection[str] = ()
) -> list[Delivery]:
    """Of what Telegram has not taken, what goes to the second channel now; a notice for many chats counts once.

    ``told`` are the keys of what went there before. With an alert that has waited long enough goes all that waits of
    it, so that the message says what holds now. What would not ring is not worth it, but for good news of an alert
    that was told there, or is now.
    """
    once = {part.notification.key: part for part in sorted(pending, key=lambda part: -part.id)}
    alerts = [
        part
        for part in sorted(once.values(), key=lambda part: part.id)
        if part.notification.topic is NotificationKind.ALERT
    ]
    due = [story for story in pending_alerts(alerts) if is_due(story, now, after, told)]
    return [part for story in due for part in story.parts if part.notification.key not in told]


def is_due(story: PendingAlert, now: datetime, after: timedelta, told: Collection[str]) -> bool:
    """Whether anything of an alert that is not told yet has waited long enough, and is worth a second channel."""
    if (
        story.overtaken
        and story.last.notification.reason is NotifyReason.RESOLVED
        and now - story.last.created_at > OVER_LONG_AGO
        and not any(part.notification.key in told for part in story.parts)
    ):
        return False
    worth = any(part.notification.rings or part.notification.key in told for part in story.parts)
    return worth and any(
        now - part.created_at >= after
        for part in story.parts
        if part.notification.key not in told and (part.notification.rings or part.notification.reason in GOOD_NEWS)
    )
