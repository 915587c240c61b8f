"""Which pending notifications one message can hold. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.alerts import GOOD_NEWS, Measure, Reason, Severity
from bot.domain.notifications import Notification, Topic

MOST_ANSWERED = 50
"""Of so many alerts whose good news one message tells, that message is looked for which it answers."""

ALONE = (Topic.DOWNTIME, Topic.DIGEST, Topic.PAUSED, Topic.RESUMED)


@dataclass(frozen=True, slots=True)
class Story:
    """All that one chat has not been told of one alert, oldest first; a note beside alerts is a story of its own."""

    parts: tuple[Notification, ...]

    @property
    def last(self) -> Notification:
        """What holds now."""
        return self.parts[-1]

    @property
    def news(self) -> tuple[Notification, ...]:
        """What the chat learns: a reminder repeats what it knows, so it counts only where nothing else waits."""
        return tuple(part for part in self.parts if part.notice.reason is not Reason.REMINDED) or self.parts

    @property
    def overtaken(self) -> Notification | None:
        """The worst firing that good news overtook before it could be told."""
        if self.last.notice.reason not in GOOD_NEWS:
            return None
        firing = [part for part in self.news if part.notice.reason not in GOOD_NEWS]
        return max(firing, key=lambda part: part.notice.severity, default=None)

    @property
    def rings(self) -> bool:
        """A merged message rings if any part of it would."""
        return any(part.notice.rings for part in self.news)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes into one message: stories of one cause, in order of their age.

    ``answers`` is the chat's message that it answers: a recovery answers that of its alert.
    """

    stories: tuple[Story, ...]
    answers: int | None = None

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """Everything that is told once this parcel is."""
        return tuple(part for story in self.stories for part in story.parts)

    @property
    def cause(self) -> "Cause":
        """What its stories have in common."""
        return cause_of(self.stories[0])

    @property
    def rings(self) -> bool:
        """Whether the phone makes a sound."""
        return any(story.rings for story in self.stories)

    @property
    def subjects(self) -> frozenset[str]:
        """Whom it is about."""
        return frozenset(story.last.notice.subject for story in self.stories)

    @property
    def attempts(self) -> int:
        """How often any of it was tried in vain."""
        return max(part.attempts for part in self.notifications)

    @property
    def awaiting_end(self) -> tuple[Notification, ...]:
        """Of each alert that fires what tells it last: once the alert is over, the message is to say so."""
        last = (story.last for story in self.stories)
        return tuple(one for one in last if is_of_alert(one) and one.notice.reason not in GOOD_NEWS)

    @property
    def good_news(self) -> dict[tuple[str, Measure | None], int]:
        """The alerts that ended or eased, by subject and measure, with their episodes."""
        last = [story.last.notice for story in self.stories[:MOST_ANSWERED]]
        return {(one.subject, one.measure): one.episode for one in last if one.reason in GOOD_NEWS}

    def first(self, count: int) -> "Parcel":
        """The same parcel with only so many of its stories, where a message holds no more."""
        return replace(self, stories=self.stories[:count])


def is_of_alert(one: Notification) -> bool:
    """Whether it tells of an alert, and is no note beside alerts."""
    return one.notice.topic is Topic.ALERT and one.notice.measure is not None


@dataclass(frozen=True, slots=True)
class Cause:
    """Stories of the same cause become one message."""

    topic: Topic
    measure: Measure | None
    resolved: bool
    alone: str = ""
    eased: bool = False


def parcels(pending: Iterable[Notification]) -> list[Parcel]:
    """All that one chat has yet to be told, as messages: the oldest first, one message for one cause."""
    by_cause: dict[Cause, list[Story]] = {}
    for story in stories(pending):
        by_cause.setdefault(cause_of(story), []).append(story)
    return [Parcel(tuple(told)) for told in by_cause.values()]


def stories(pending: Iterable[Notification]) -> list[Story]:
    """The pending notifications by alert, in order of each alert's oldest news."""
    by_alert: dict[str, list[Notification]] = {}
    for part in pending:
        notice = part.notice
        alone = notice.topic is not Topic.ALERT
        by_alert.setdefault(notice.key if alone else f"{notice.subject}|{notice.measure}", []).append(part)
    return sorted((Story(tuple(parts)) for parts in by_alert.values()), key=lambda story: story.news[0].id)


def cause_of(story: Story) -> Cause:
    """What a story shares with others.

    A source's alert, a pause and a summary stand alone. What a chat finds firing when it joins is told with its
    greeting. What one person silenced by one act is told as one.
    """
    notice, facts = story.last.notice, story.last.notice.facts
    if notice.topic is Topic.GREETING or notice.reason is Reason.JOINED:
        return Cause(Topic.GREETING, None, resolved=False)
    if notice.topic in ALONE or facts.email is None:
        return Cause(notice.topic, notice.measure, notice.reason is Reason.RESOLVED, notice.key)
    if notice.topic in (Topic.ACK, Topic.MUTE):
        return Cause(notice.topic, None, resolved=False, alone=f"{facts.by} {facts.acted_at}")
    eased = notice.reason is Reason.EASED
    return Cause(notice.topic, notice.measure, notice.reason is Reason.RESOLVED, eased=eased)


def worst(parcel: Parcel) -> Severity:
    """The severity that a parcel shows: that of its worst present state."""
    return max(story.last.notice.severity for story in parcel.stories)
