"""What goes out by a second channel while Telegram takes nothing: which alerts, when, and the addresses' kinds."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.domain.alerts import GOOD_NEWS, Reason
from bot.domain.notifications import Notification, Topic
from bot.outbox.batching import Story, stories

FIRST_WAIT, LONGEST_WAIT = 60.0, 1800.0
"""Seconds between tries while no address takes anything."""

OVER_LONG_AGO = timedelta(days=1)
"""Nobody is mailed what began and ended before that, however long a chat has refused it."""


def due_for_fallback(
    pending: Iterable[Notification], now: datetime, after: timedelta, told: Collection[str] = ()
) -> list[Notification]:
    """Of what Telegram has not taken, what goes to the second channel now; a notice for many chats counts once.

    ``told`` are the keys of what went there before. With an alert that has waited long enough goes all that waits of
    it, so that the message says what holds now. What would not ring is not worth it, but for good news of an alert
    that was told there, or is now.
    """
    once = {part.notice.key: part for part in sorted(pending, key=lambda part: -part.id)}
    alerts = [part for part in sorted(once.values(), key=lambda part: part.id) if part.notice.topic is Topic.ALERT]
    due = [story for story in stories(alerts) if is_due(story, now, after, told)]
    return [part for story in due for part in story.parts if part.notice.key not in told]


def is_due(story: Story, now: datetime, after: timedelta, told: Collection[str]) -> bool:
    """Whether anything of an alert that is not told yet has waited long enough, and is worth a second channel."""
    if (
        story.overtaken
        and story.last.notice.reason is Reason.RESOLVED
        and now - story.last.created_at > OVER_LONG_AGO
        and not any(part.notice.key in told for part in story.parts)
    ):
        return False
    worth = any(part.notice.rings or part.notice.key in told for part in story.parts)
    return worth and any(
        now - part.created_at >= after
        for part in story.parts
        if part.notice.key not in told and (part.notice.rings or part.notice.reason in GOOD_NEWS)
    )


def wait_after(failures: int) -> float:
    """Seconds until the next try after so many in vain."""
    return float(min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT))
