"""The bot's health, by its last successes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from bot.domain.alerts import AlertRule, NotifyReason
from bot.domain.chats import Chat
from bot.domain.durations import format_duration
from bot.domain.pending import NEWS

DELIVERY_WAIT = timedelta(minutes=2)
POLLING_WAIT = 120.0
NONE_READ = "no account could be read"
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class UndeliveredAlert:
    """A delivery of a firing alert that waits in a chat that refuses messages; ``reached`` if another chat got it."""

    alert: tuple[str, AlertRule | str]
    reason: NotifyReason
    created_at: datetime
    reached: bool


@dataclass(frozen=True, slots=True)
class RefusedChat:
    """A chat that refuses messages: why, in Telegram's words, since when, and when the next try is."""

    chat: Chat
    why: str
    since: datetime | None = None
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """The bot's last successes. ``polling_silent`` is seconds since Telegram last answered the polling.

    ``waiting_since`` is the oldest delivery that Telegram keeps waiting; one that is only paced does not count, nor one
    for a chat that refuses. ``backlog_since`` is the oldest delivery that still waits from a chat's refusal, although
    the chat takes messages again. ``unreached_since`` is the oldest firing alert that reached nobody.
    ``readable_until`` is until when the last readings count, each by its account's interval. ``round_every`` is the
    time between two rounds, where it differs from the setting; ``more_often_since`` is when an account was resumed or
    got a shorter interval: earlier due moments do not count by the new one. ``read_by`` is when a reading of one of
    those is due, by their own intervals. With ``all_paused`` nothing has to be checked. ``database`` is its trouble.
    While the database is unreadable, ``readable`` is False and its values are None.
    """

    last_round_at: datetime | None
    readable_until: datetime | None
    last_delivery_at: datetime | None
    waiting: int | None
    waiting_since: datetime | None
    failed: int | None
    polling_silent: float
    polling_trouble: str | None
    polling_notes: tuple[str, ...] = ()
    refused: tuple[RefusedChat, ...] = ()
    unreached_since: datetime | None = None
    backlog_since: datetime | None = None
    round_every: timedelta | None = None
    more_often_since: datetime | None = None
    read_by: datetime | None = None
    all_paused: bool = False
    database: str | None = None
    readable: bool = True

    @property
    def polling_ok(self) -> bool:
        return self.polling_silent <= POLLING_WAIT


def problems(vitals: Vitals, every: timedelta, now: datetime) -> list[str]:
    """Reasons why the bot does not work, in words; empty if it is well."""
    database = [vitals.database] if vitals.database else []
    checks = check_problems(vitals, every, now) if vitals.readable and not vitals.all_paused else []
    return [*database, *checks, *delivery_problems(vitals, now)]


def delivery_problems(vitals: Vitals, now: datetime) -> list[str]:
    """Problems of sending messages and getting commands."""
    found = []
    waited = overdue(vitals.waiting_since, now)
    if waited is not None:
        found.append(f"a message has waited {format_duration(waited)} for Telegram to take it")
    unreached = unreached_for(vitals, now)
    if unreached is not None:
        found.append(f"an alert has reached nobody for {format_duration(unreached)}: no chat, no second channel")
    if not vitals.polling_ok:
        since = format_duration(timedelta(seconds=vitals.polling_silent))
        found.append(vitals.polling_trouble or f"Telegram has not answered the polling for {since}")
    return found


def check_problems(vitals: Vitals, every: timedelta, now: datetime) -> list[str]:
    """Problems with the checks of accounts that are not paused."""
    window = window_of(vitals.round_every or every)
    since = vitals.more_often_since + window if vitals.more_often_since else None
    ended = vitals.last_round_at + window if vitals.last_round_at else None
    found = []
    if now > max(filter(None, (ended, since)), default=NEVER):
        found.append(f"no round of checks ended in the last {format_duration(window)}")
    if now > max(filter(None, (vitals.readable_until, vitals.read_by)), default=NEVER):
        found.append(f"{NONE_READ} in the last {format_duration(window)}")
    return found


def window_of(every: timedelta) -> timedelta:
    """How long a round, or a reading, can take with one check each interval."""
    return 2 * every + timedelta(minutes=1)


def unreached_for(vitals: Vitals, now: datetime) -> timedelta | None:
    """How long a firing alert has reached nobody; None if that is within a delivery's usual time."""
    return overdue(vitals.unreached_since, now)


def overdue(since: datetime | None, now: datetime) -> timedelta | None:
    """How long something has waited since a moment; None if that is within a delivery's usual time."""
    age = now - since if since else timedelta(0)
    return age if age > DELIVERY_WAIT else None


def unreached_since(untold: Iterable[UndeliveredAlert]) -> datetime | None:
    """Since when the oldest alert that reached nobody waits; None if each reached somebody.

    Only what came after the last that reached somebody counts, because an older message does not say how bad it is now.
    A reminder alone does not count.
    """
    by_alert: dict[tuple[str, AlertRule | str], list[UndeliveredAlert]] = {}
    for one in untold:
        by_alert.setdefault(one.alert, []).append(one)
    news: list[datetime] = []
    for parts in by_alert.values():
        unreached = takewhile(lambda one: not one.reached, reversed(parts))
        news += [one.created_at for one in unreached if one.reason in NEWS]
    return min(news, default=None)


def notes(vitals: Vitals) -> list[str]:
    """Notes for people although the bot works."""
    found = [refusal_text(one) for one in vitals.refused]
    if vitals.polling_ok and vitals.polling_trouble:
        found.append(vitals.polling_trouble)
    if vitals.failed:
        messages = "1 message was" if vitals.failed == 1 else f"{vitals.failed} messages were"
        found.append(f"{messages} given up: overtaken, or for a chat that is no longer told")
    return [*found, *vitals.polling_notes]


def refusal_text(refused: RefusedChat) -> str:
    """A chat that refuses messages, for machines: times in UTC."""
    since = f", since {refused.since:%d %b %H:%M} UTC" if refused.since else ""
    return f"chat {refused.chat}: {refused.why}{since}"
