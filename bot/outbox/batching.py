"""Which pending notifications one message can hold. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.alerts import GOOD_NEWS, AlertRule, NotifyReason, Severity
from bot.domain.notifications import Delivery, NotificationKind

MOST_ANSWERED = 50
"""Of so many alerts whose good news one message tells, that message is looked for which it answers."""

ALONE = (NotificationKind.DOWNTIME, NotificationKind.DIGEST, NotificationKind.PAUSED, NotificationKind.RESUMED)


@dataclass(frozen=True, slots=True)
class PendingAlert:
    """All that one chat has not been told of one alert, oldest first; a note beside alerts is a story of its own."""

    parts: tuple[Delivery, ...]

    @property
    def last(self) -> Delivery:
        """What holds now."""
        return self.parts[-1]

    @property
    def news(self) -> tuple[Delivery, ...]:
        """What the chat learns: a reminder repeats what it knows, so it counts only where nothing else waits."""
        return tuple(part for part in self.parts if part.notification.reason is not NotifyReason.REMINDED) or self.parts

    @property
    def overtaken(self) -> Delivery | None:
        """The worst firing that good news overtook before it could be told."""
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
    """What goes into one message: stories of one cause, in order of their age.

    ``answers`` is the chat's message that it answers: a recovery answers that of its alert.
    """

    stories: tuple[PendingAlert, ...]
    answers: int | None = None

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Everything that is told once this parcel is."""
        return tuple(part for story in self.stories for part in story.parts)

    @property
    def cause(self) -> "GroupKey":
        """What its stories have in common."""
        return group_key(self.stories[0])

    @property
    def rings(self) -> bool:
        """Whether the phone makes a sound."""
        return any(story.rings for story in self.stories)

    @property
    def subjects(self) -> frozenset[str]:
        """Whom it is about."""
        return frozenset(story.last.notification.subject for story in self.stories)

    @property
    def attempts(self) -> int:
        """How often any of it was tried in vain."""
        return max(part.attempts for part in self.deliveries)

    @property
    def awaiting_end(self) -> tuple[Delivery, ...]:
        """Of each alert that fires what tells it last: once the alert is over, the message is to say so."""
        last = (story.last for story in self.stories)
        return tuple(one for one in last if is_of_alert(one) and one.notification.reason not in GOOD_NEWS)

    @property
    def good_news(self) -> dict[tuple[str, AlertRule | None], int]:
        """The alerts that ended or eased, by subject and measure, with their episodes."""
        last = [story.last.notification for story in self.stories[:MOST_ANSWERED]]
        return {(one.subject, one.measure): one.episode for one in last if one.reason in GOOD_NEWS}

    def first(self, count: int) -> "Batch":
        """The same parcel with only so many of its stories, where a message holds no more."""
        return replace(self, stories=self.stories[:count])


def is_of_alert(one: Delivery) -> bool:
    """Whether it tells of an alert, and is no note beside alerts."""
    return one.notification.topic is NotificationKind.ALERT and one.notification.measure is not None


@dataclass(frozen=True, slots=True)
class GroupKey:
    """Stories of the same cause become one message."""

    topic: NotificationKind
    measure: AlertRule | None
    resolved: bool
    alone: str = ""
    eased: bool = False


def batches(pending: Iterable[Delivery]) -> list[Batch]:
    """All that one chat has yet to be told, as messages: the oldest first, one message for one cause."""
    by_cause: dict[GroupKey, list[PendingAlert]] = {}
    for story in pending_alerts(pending):
        by_cause.setdefault(group_key(story), []).append(story)
    return [Batch(tuple(told)) for told in by_cause.values()]


def pending_alerts(pending: Iterable[Delivery]) -> list[PendingAlert]:
    """The pending notifications by alert, in order of each alert's oldest news."""
    by_alert: dict[str, list[Delivery]] = {}
    for part in pending:
        notification = part.notification
        alone = notification.topic is not NotificationKind.ALERT
        by_alert.setdefault(notification.key if alone else f"{notification.subject}|{notification.measure}", []).append(
            part
        )
    return sorted((PendingAlert(tuple(parts)) for parts in by_alert.values()), key=lambda story: story.news[0].id)


def group_key(story: PendingAlert) -> GroupKey:
    """What a story shares with others.

    A source's alert, a pause and a summary stand alone. What a chat finds firing when it joins is told with its
    greeting. What one person silenced by one act is told as one.
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
    eased = notification.reason is NotifyReason.EASED
    return GroupKey(notification.topic, notification.measure, notification.reason is NotifyReason.RESOLVED, eased=eased)


def worst(batch: Batch) -> Severity:
    """The severity that a parcel shows: that of its worst present state."""
    return max(story.last.notification.severity for story in batch.stories)
