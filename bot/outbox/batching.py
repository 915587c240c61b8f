"""Which pending deliveries one message can hold. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.alerts import GOOD_NEWS, AlertRule, NotifyReason, Severity
from bot.domain.notifications import Delivery, NotificationKind

MOST_ANSWERED = 50
"""Only for this many alerts of a good-news batch the message to reply to is looked up."""

ALONE = (NotificationKind.DOWNTIME, NotificationKind.DIGEST, NotificationKind.PAUSED, NotificationKind.RESUMED)


@dataclass(frozen=True, slots=True)
class PendingAlert:
    """The deliveries of one alert that one chat has yet to get, oldest first; a note beside alerts stands alone."""

    parts: tuple[Delivery, ...]

    @property
    def last(self) -> Delivery:
        """The newest, which holds now."""
        return self.parts[-1]

    @property
    def news(self) -> tuple[Delivery, ...]:
        """The deliveries that are new to the chat.

        A reminder repeats what the chat knows, so it counts only where nothing else waits.
        """
        return tuple(part for part in self.parts if part.notification.reason is not NotifyReason.REMINDED) or self.parts

    @property
    def overtaken(self) -> Delivery | None:
        """The worst firing that good news superseded before the chat got it."""
        if self.last.notification.reason not in GOOD_NEWS:
            return None
        firing = [part for part in self.news if part.notification.reason not in GOOD_NEWS]
        return max(firing, key=lambda part: part.notification.severity, default=None)

    @property
    def rings(self) -> bool:
        """A merged message rings if any part of it would."""
        return any(part.notification.rings for part in self.news)


@dataclass(frozen=True, slots=True)
class Batch:
    """One message: pending alerts with one group key, by age.

    ``answers`` is the id of the message that it replies to: a recovery replies to its alert.
    """

    stories: tuple[PendingAlert, ...]
    answers: int | None = None

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        return tuple(part for story in self.stories for part in story.parts)

    @property
    def cause(self) -> "GroupKey":
        """The group key that its pending alerts share."""
        return group_key(self.stories[0])

    @property
    def rings(self) -> bool:
        """True if the message makes a sound."""
        return any(story.rings for story in self.stories)

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(story.last.notification.subject for story in self.stories)

    @property
    def attempts(self) -> int:
        """The most failed attempts of any of its deliveries."""
        return max(part.attempts for part in self.deliveries)

    @property
    def awaiting_end(self) -> tuple[Delivery, ...]:
        """The last delivery of each firing alert or lapse: once that is over, an edit of the message says so."""
        last = (story.last for story in self.stories)
        return tuple(one for one in last if can_be_over(one) and one.notification.reason not in GOOD_NEWS)

    @property
    def good_news(self) -> dict[tuple[str, AlertRule | None], int]:
        """The alerts that ended or eased, by subject and rule, with their episodes."""
        last = [story.last.notification for story in self.stories[:MOST_ANSWERED]]
        return {(one.subject, one.measure): one.episode for one in last if one.reason in GOOD_NEWS}

    def first(self, count: int) -> "Batch":
        """The batch with its first ``count`` pending alerts, where a message holds no more."""
        return replace(self, stories=self.stories[:count])


def is_of_alert(one: Delivery) -> bool:
    """True if it is about an alert, and no note beside alerts."""
    return one.notification.topic is NotificationKind.ALERT and one.notification.measure is not None


def can_be_over(one: Delivery) -> bool:
    """True if it is about something that ends: an alert, or credits that are to lapse."""
    return is_of_alert(one) or one.notification.topic is NotificationKind.LAPSE


@dataclass(frozen=True, slots=True)
class GroupKey:
    """The key that the pending alerts of one message share."""

    topic: NotificationKind
    measure: AlertRule | None
    resolved: bool
    alone: str = ""
    eased: bool = False
    escalated: bool = False


def batches(pending: Iterable[Delivery]) -> list[Batch]:
    """The pending deliveries of one chat as messages: the oldest first, one message for one group key."""
    by_cause: dict[GroupKey, list[PendingAlert]] = {}
    for story in pending_alerts(pending):
        by_cause.setdefault(group_key(story), []).append(story)
    return [Batch(tuple(told)) for told in by_cause.values()]


def pending_alerts(pending: Iterable[Delivery]) -> list[PendingAlert]:
    """The pending deliveries by alert, in order of each alert's oldest news."""
    by_alert: dict[str, list[Delivery]] = {}
    for part in pending:
        notification = part.notification
        alone = notification.topic is not NotificationKind.ALERT
        by_alert.setdefault(notification.key if alone else f"{notification.subject}|{notification.measure}", []).append(
            part
        )
    return sorted((PendingAlert(tuple(parts)) for parts in by_alert.values()), key=lambda story: story.news[0].id)


def group_key(story: PendingAlert) -> GroupKey:
    """The group key of a pending alert.

    A source's alert, a pause and a summary stand alone. Alerts that fire when a chat joins go with its greeting. The
    silences of one act go together.
    """
    notification, facts = story.last.notification, story.last.notification.facts
    if notification.topic is NotificationKind.GREETING or notification.reason is NotifyReason.JOINED:
        return GroupKey(NotificationKind.GREETING, None, resolved=False)
    if notification.topic in ALONE or facts.email is None:
        return GroupKey(
            notification.topic, notification.measure, notification.reason is NotifyReason.RESOLVED, notification.key
        )
    if notification.topic in (NotificationKind.ACK, NotificationKind.MUTE):
        return GroupKey(notification.topic, None, resolved=False, alone=f"{facts.by} {facts.acted_at}")
    return GroupKey(
        notification.topic,
        notification.measure,
        notification.reason is NotifyReason.RESOLVED,
        eased=notification.reason is NotifyReason.EASED,
        escalated=notification.reason is NotifyReason.ESCALATED,
    )


def worst(batch: Batch) -> Severity:
    """The severity that a message shows: the worst present one of its alerts."""
    return max(story.last.notification.severity for story in batch.stories)
