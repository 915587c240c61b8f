"""A sweep: when a chat gets the change of one account, the others of its source are checked with it. Pure.

Accounts often change together: one payment, one refill, one trouble. In their own places in the interval, each would be
a message of its own; the first change checks the others at once, and all are one message. Each check can end a person's
session on the website, so sweeps are rare and spare such accounts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.accounts import FailureKind
from bot.domain.alerts import NotifyReason
from bot.domain.notifications import Notification, NotificationKind

MOST = 100
"""Accounts that one sweep checks at most."""

LATELY = timedelta(minutes=1)
"""A sweep skips accounts checked within this."""

SHARE = 4
"""A source is swept at most once in this part of the interval."""


CHANGES = (NotifyReason.FIRED, NotifyReason.WORSENED, NotifyReason.EASED, NotifyReason.RESOLVED)
"""Reasons that other accounts of a source can share: one payment, one refill, one trouble."""


class Scope(StrEnum):
    """Which accounts a sweep can check: all, or after a reminder only those with a critical alert."""

    ALL = "all"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Other:
    """An account that a sweep can check: its last check, and whether it can be checked out of turn.

    ``spared``: it is paused, or has its own interval, because a person works with it.
    """

    key: str
    checked_at: datetime | None
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Sweep:
    """The accounts to check now, and those whose checks deliveries wait for: these, and the ones under way."""

    check: tuple[str, ...] = ()
    wait_for: tuple[str, ...] = ()


def is_allowed(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """True if a source with a sweep at ``last`` can be swept again; never where all are checked each minute."""
    if every <= LATELY:
        return False
    return last is None or not timedelta(0) <= now - last < every / SHARE


def sweep_of(others: Iterable[Other], under_way: Collection[str], room: int, now: datetime) -> Sweep:
    """The accounts that a sweep checks: the longest unchecked first, as many as there is room for."""
    wanted = [one for one in others if not one.spared and not is_fresh(one, now)]
    idle = sorted((one for one in wanted if one.key not in under_way), key=age_order)
    check = tuple(one.key for one in idle[: max(min(room, MOST), 0)])
    return Sweep(check, (*check, *(one.key for one in wanted if one.key in under_way)))


def is_fresh(other: Other, now: datetime) -> bool:
    return other.checked_at is not None and now - other.checked_at < LATELY


def age_order(other: Other) -> tuple[bool, float, str]:
    """Sorts accounts that were never checked first, then by the age of the last check."""
    return other.checked_at is not None, other.checked_at.timestamp() if other.checked_at else 0.0, other.key


def called_for(notifications: Iterable[Notification]) -> dict[str, Scope]:
    """The sources whose notifications call for a sweep, and the scope of each."""
    found: dict[str, Scope] = {}
    for notification in notifications:
        scope, source = scope_of(notification), notification.facts.source
        if scope and source:
            found = widest(found, {source: scope})
    return found


def widest(calls: Mapping[str, Scope], more: Mapping[str, Scope]) -> dict[str, Scope]:
    """Both merged: of two calls for the same source the wider holds."""
    return {**calls, **{source: one for source, one in more.items() if calls.get(source) is not Scope.ALL}}


def scope_of(notification: Notification) -> Scope | None:
    """Which other accounts a notification can concern; None if it says nothing about them.

    None, too, for one about the source itself, or after a server asked for a pause.
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
