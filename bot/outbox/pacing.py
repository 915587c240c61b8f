"""When a chat gets its next message. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alerts import NotifyReason
from bot.domain.notifications import Delivery, NotificationKind
from bot.outbox.batching import Batch, GroupKey

CHAT_PAUSE_S = 1.0
GROUP_LIMIT, GROUP_WINDOW = 20, 60.0
STORM_ACCOUNTS, STORM_MESSAGES, STORM_WINDOW = 5, 3, 900.0
LONGEST_GROUP_WAIT_S = 240.0
GROUP_WAIT_S = 60.0
"""Seconds that deliveries wait at most for the other accounts of their source."""

SLOW_SEND_S = 10.0
"""Deliveries behind a longer send wait for Telegram, not for the chat's pace."""

LATE_AFTER, LATE_AFTER_FAILURE = timedelta(seconds=60), timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One sent message: when (monotonic seconds), its group and subjects, and whether more did not fit into it."""

    at: float
    cause: GroupKey
    subjects: frozenset[str]
    full: bool = False


def next_send_at(sent: Sequence[SentMessage], group: bool, now: float) -> float:
    """The earliest moment of a chat's next message: one a second, and a group twenty a minute."""
    if not sent:
        return now
    earliest = sent[-1].at + CHAT_PAUSE_S
    if group and len(sent) >= GROUP_LIMIT:
        earliest = max(earliest, sent[-GROUP_LIMIT].at + GROUP_WINDOW)
    return max(now, earliest)


def group_wait_until(sent: Sequence[SentMessage], batch: Batch, now: float) -> float:
    """The moment until which a batch waits for more of its group.

    Nothing waits before a storm: several messages of one group within a quarter of an hour, about five other accounts
    or more. From then on each message waits twice as long as the one before, so that many accounts that fail together
    make few messages, however far apart their checks are. Alerts that did not fit into a message do not wait.
    """
    alike = [past for past in sent if past.cause == batch.cause and now - past.at < STORM_WINDOW]
    others = frozenset().union(*(past.subjects for past in alike)) - batch.subjects
    if len(others) < STORM_ACCOUNTS or len(alike) < STORM_MESSAGES or alike[-1].full:
        return now
    return alike[-1].at + float(min(2.0 ** (len(alike) - STORM_MESSAGES + 1), LONGEST_GROUP_WAIT_S))


@dataclass(frozen=True, slots=True)
class GroupWait:
    """Delays deliveries of a source with ids above ``after`` until a moment, while its other accounts are checked."""

    after: int
    until: float


def held_back(
    pending: Iterable[Delivery], waits: Mapping[str, GroupWait], now: float
) -> tuple[list[Delivery], float | None]:
    """The deliveries that can go now, and until when the others wait at most; None if none waits.

    Alerts of accounts wait, except those that a chat gets because it joined.
    """
    holding = {source: one for source, one in waits.items() if one.until > now}
    if not holding:
        return list(pending), None
    free, until = list[Delivery](), list[float]()
    for part in pending:
        facts, is_news = (
            part.notification.facts,
            part.notification.topic is NotificationKind.ALERT and part.notification.reason is not NotifyReason.JOINED,
        )
        wait = holding.get(facts.source or "") if is_news and facts.email is not None else None
        if wait and part.id > wait.after:
            until.append(wait.until)
        else:
            free.append(part)
    return free, min(until, default=None)


def lateness(batch: Batch, now: datetime) -> timedelta | None:
    """How late a batch is; None where that is not worth saying."""
    late = max((delay(part, now) for story in batch.stories for part in story.news), default=None)
    return late or None


def delay(part: Delivery, now: datetime) -> timedelta:
    """How late one delivery is: 0 unless it is over a minute, or a few seconds after a failed attempt."""
    age = now - part.created_at
    return age if age >= (LATE_AFTER_FAILURE if part.attempts else LATE_AFTER) else timedelta(0)
