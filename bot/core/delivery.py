"""When to send a notification, and which of them may be told in one message. Pure; the clock is an argument.

Waits are in seconds of a clock that never jumps, so that a wall clock set back cannot hold a message for hours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.model import GOOD_NEWS, Measure, Notification, Reason, Severity, Topic

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
CHAT_PAUSE = 1.0
GROUP_LIMIT, GROUP_WINDOW = 20, 60.0
STORM_ACCOUNTS, STORM_MESSAGES, STORM_WINDOW = 5, 3, 900.0
LONGEST_GATHER = 240.0
GROUP_WAIT = 60.0
"""Seconds that what follows on a change waits for the others of its source at most."""

SLOW_SEND_S = 10.0
"""What waits while a send takes longer waits for Telegram, and not for the chat's pace."""

ALONE = (Topic.DOWNTIME, Topic.DIGEST, Topic.PAUSED, Topic.RESUMED)
NOTES_LAST = {
    **dict.fromkeys((Topic.DIGEST, Topic.ACK, Topic.MUTE, Topic.PAUSED, Topic.RESUMED), timedelta(days=1)),
    Topic.DOWNTIME: timedelta(days=7),
}
UNTOLD_LASTS = timedelta(days=7)
"""How long a chat that refuses is still owed a note, and what began and ended without its being told."""

FIRST = (Reason.FIRED, Reason.JOINED)
"""Why a chat is told of an episode for the first time."""

LATE_AFTER, LATE_AFTER_FAILURE = timedelta(seconds=60), timedelta(seconds=5)


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


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that a chat got: when (monotonic seconds), why, about whom, and whether more did not fit in it."""

    at: float
    cause: Cause
    subjects: frozenset[str]
    full: bool = False


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


def wait_after(attempts: int, retry_after: float | None = None) -> float:
    """Seconds until the next try after so many failed ones: what the server asked for, else growing, without end."""
    return retry_after if retry_after is not None else float(min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT))


def pace(sent: Sequence[Sent], group: bool, now: float) -> float:
    """The earliest moment for a chat's next message: one a second, and a group twenty a minute."""
    if not sent:
        return now
    earliest = sent[-1].at + CHAT_PAUSE
    if group and len(sent) >= GROUP_LIMIT:
        earliest = max(earliest, sent[-GROUP_LIMIT].at + GROUP_WINDOW)
    return max(now, earliest)


def gather_until(sent: Sequence[Sent], parcel: Parcel, now: float) -> float:
    """The moment until which a parcel may wait for more of its cause.

    Nothing waits until a storm is seen: several messages of one cause within a quarter of an hour, about five other
    accounts or more. From then on each message waits twice as long as the one before, so that a fleet that falls
    together is told in a few messages, however far apart its looks are. What did not fit in a message waits no more.
    """
    alike = [past for past in sent if past.cause == parcel.cause and now - past.at < STORM_WINDOW]
    others = frozenset().union(*(past.subjects for past in alike)) - parcel.subjects
    if len(others) < STORM_ACCOUNTS or len(alike) < STORM_MESSAGES or alike[-1].full:
        return now
    return alike[-1].at + float(min(2.0 ** (len(alike) - STORM_MESSAGES + 1), LONGEST_GATHER))


@dataclass(frozen=True, slots=True)
class GroupWait:
    """The others of a source are being checked: its notifications younger than ``after`` wait, to be told as one.

    They wait until a moment at most.
    """

    after: int
    until: float


def held_back(
    pending: Iterable[Notification], waits: Mapping[str, GroupWait], now: float
) -> tuple[list[Notification], float | None]:
    """Parts what may be told now from what waits for others of its source; until when that waits at most.

    What an alert of an account calls for waits, but for what a chat finds firing when it joins.
    """
    holding = {source: one for source, one in waits.items() if one.until > now}
    if not holding:
        return list(pending), None
    free, until = list[Notification](), list[float]()
    for part in pending:
        facts, is_news = part.notice.facts, part.notice.topic is Topic.ALERT and part.notice.reason is not Reason.JOINED
        wait = holding.get(facts.source or "") if is_news and facts.email is not None else None
        if wait and part.id > wait.after:
            until.append(wait.until)
        else:
            free.append(part)
    return free, min(until, default=None)


def lateness(parcel: Parcel, now: datetime) -> timedelta | None:
    """How late a parcel is told, where that is worth saying."""
    late = max((delay(part, now) for story in parcel.stories for part in story.news), default=None)
    return late or None


def delay(part: Notification, now: datetime) -> timedelta:
    """How late one notification is told: zero unless it is over a minute, or a few seconds after a failed try."""
    age = now - part.created_at
    return age if age >= (LATE_AFTER_FAILURE if part.attempts else LATE_AFTER) else timedelta(0)


def worst(parcel: Parcel) -> Severity:
    """The severity that a parcel shows: that of its worst present state."""
    return max(story.last.notice.severity for story in parcel.stories)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The chat has the message. Its id is None where Telegram's answer could not be read."""

    message_id: int | None


@dataclass(frozen=True, slots=True)
class Later:
    """Not delivered, or not known to be: the network, or a pause of ``retry_after`` seconds that Telegram asks for."""

    failure: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The group has become another chat, to which everything goes from now on."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Telegram refuses to write to the chat, for now: each refusal may pass, so none ends a delivery."""

    failure: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a chat was owed while Telegram took nothing for it, now that messages go out again.

    It reaches up to a notification, by id. ``refused``: the chat refused, and Telegram was not away.
    """

    up_to: int
    refused: bool = False


SendResult = Delivered | Later | Moved | Rejected


@dataclass(frozen=True, slots=True)
class RefusalSchedule:
    """When a chat that refuses is tried again, in seconds: soon, then steadily for an hour, then rarely, without end.

    The place in it follows from the time since the first refusal alone, so a restart keeps it. ``sign_pause`` is the
    shortest time between two tries that a chat's signs of life bring about.
    """

    first: tuple[float, ...] = (10.0, 20.0, 40.0)
    steady: float = 60.0
    steady_for: float = 3600.0
    rare: float = 900.0
    sign_pause: float = 10.0

    def wait(self, refused_for: float) -> float:
        """Seconds until the next try after one that was refused so many seconds after the first."""
        due = 0.0
        for wait in self.first:
            due += wait
            if refused_for < due:
                return wait
        return self.steady if refused_for < due + self.steady_for else self.rare

    def woken_at(self, last: float | None, now: float) -> float:
        """When a sign of life makes a try due: at once, but for a chat that gives many signs and goes on refusing.

        ``last`` is when the sign before made one due; that may still lie ahead.
        """
        if last is None or last > now:
            return now if last is None else last
        return max(now, last + self.sign_pause)


REFUSALS = RefusalSchedule()


@dataclass(frozen=True, slots=True)
class Waiting:
    """As much of a pending notification as says whether it is still of use."""

    id: int
    topic: Topic
    subject: str
    measure: Measure | None
    episode: int
    reason: Reason
    created_at: datetime


def of_no_use(waiting: Iterable[Waiting], now: datetime) -> list[int]:
    """Of what a refusing chat is owed, oldest first, what nobody needs any more: the ids.

    An old summary, pause, ack or mute; an alert of which the chat was told nothing and that ended long ago; a reminder
    that a later one repeats. An alert that fires, and the end of one that the chat knows of, always stay.
    """
    found, by_alert = list[int](), dict[tuple[str, Measure | None], list[Waiting]]()
    for one in waiting:
        if one.topic is Topic.ALERT:
            by_alert.setdefault((one.subject, one.measure), []).append(one)
        elif one.topic in NOTES_LAST and now - one.created_at > NOTES_LAST[one.topic]:
            found.append(one.id)
    for parts in by_alert.values():
        found += [one.id for one in parts[:-1] if one.reason is Reason.REMINDED]
        ended = {one.episode for one in parts if one.reason is Reason.RESOLVED and now - one.created_at > UNTOLD_LASTS}
        untold = {one.episode for one in parts if one.reason in FIRST and one.episode in ended}
        found += [one.id for one in parts if one.episode in untold]
    return list(dict.fromkeys(found))
