"""A sweep: when the change of one account is told, the others of its source are checked with it. Pure.

Accounts often change together: one payment, one refill, one trouble. Left to their own places in the interval, each
would be told alone. So whoever changes first has the others checked at once, and what they bring is one message.
Each check may end the session of a person at the website, so a sweep is rare and spares whom it can.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.accounts import FailureKind
from bot.domain.alerts import NotifyReason
from bot.domain.notifications import Notification, NotificationKind

MOST = 100
"""So many accounts one sweep checks at most."""

LATELY = timedelta(minutes=1)
"""Who was checked within that is not checked again."""

SHARE = 4
"""A source is swept once in this part of the interval at most."""


CHANGES = (NotifyReason.FIRED, NotifyReason.WORSENED, NotifyReason.EASED, NotifyReason.RESOLVED)
"""What others of a source may share: one payment, one refill, one trouble. Each is told of one account alone else."""


class Scope(StrEnum):
    """Whom a sweep may check: all, or where a reminder calls for it only those with a critical alert too."""

    ALL = "all"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Other:
    """An account as a sweep wants to know it: when it was checked last, and whether it may be checked out of turn.

    ``spared``: it is paused, or has an interval of its own, for a person works with it.
    """

    key: str
    checked_at: datetime | None
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Sweep:
    """Whom to check now, and whose checks what follows waits for: theirs, and those that are under way."""

    check: tuple[str, ...] = ()
    wait_for: tuple[str, ...] = ()


def is_allowed(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether a source that was swept at ``last`` may be swept again; no need where all are checked each minute."""
    if every <= LATELY:
        return False
    return last is None or not timedelta(0) <= now - last < every / SHARE


def sweep_of(others: Iterable[Other], under_way: Collection[str], room: int, now: datetime) -> Sweep:
    """Whom a sweep checks: the longest unchecked first, as many as there is room for."""
    wanted = [one for one in others if not one.spared and not is_fresh(one, now)]
    idle = sorted((one for one in wanted if one.key not in under_way), key=age_order)
    check = tuple(one.key for one in idle[: max(min(room, MOST), 0)])
    return Sweep(check, (*check, *(one.key for one in wanted if one.key in under_way)))


def is_fresh(other: Other, now: datetime) -> bool:
    """Whether an account was checked within a minute."""
    return other.checked_at is not None and now - other.checked_at < LATELY


def age_order(other: Other) -> tuple[bool, float, str]:
    """Who was never checked comes first, then who was not for the longest time."""
    return other.checked_at is not None, other.checked_at.timestamp() if other.checked_at else 0.0, other.key


def called_for(notifications: Iterable[Notification]) -> dict[str, Scope]:
    """The sources of which something is told that calls for a sweep, and whom of theirs it may concern."""
    found: dict[str, Scope] = {}
    for notification in notifications:
        scope, source = scope_of(notification), notification.facts.source
        if scope and source:
            found = widest(found, {source: scope})
    return found


def widest(calls: Mapping[str, Scope], more: Mapping[str, Scope]) -> dict[str, Scope]:
    """Both as one: of two calls for the same source the wider holds."""
    return {**calls, **{source: one for source, one in more.items() if calls.get(source) is not Scope.ALL}}


def scope_of(notification: Notification) -> Scope | None:
    """Whom what is told of an account may concern as well; None for what says nothing about the others.

    Nothing does that is about the source itself, or comes of a server that asks for peace.
    """
    if (
        notification.topic is not NotificationKind.ALERT
        or notification.facts.email is None
        or notification.facts.outage is FailureKind.THROTTLED
    ):
        return None
    if notification.reason in CHANGES:
        return Scope.ALL
    return Scope.CRITICAL if notification.reason is NotifyReason.REMINDED else None
