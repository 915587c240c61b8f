"""The daily summary as data: stored like this, and turned into text when it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Generic, TypeVar

from bot.domain.accounts import Number
from bot.domain.alerts import AlertRule, Severity

T = TypeVar("T")
MOST_SHOWN = 24
"""Items of one list that are stored: a message holds no more, however short the names are."""


@dataclass(frozen=True)
class Listed(Generic[T]):
    """The first items of a list, as many as a message can show, and their full number."""

    first: tuple[T, ...] = ()
    count: int = 0

    @classmethod
    def of(cls, items: Sequence[T]) -> "Listed[T]":
        """A list of any length."""
        return cls(tuple(items[:MOST_SHOWN]), len(items))


Amounts = Listed[tuple[str, float]]
"""Names with amounts, the largest first."""


class ComingKind(IntEnum):
    """A date ahead, the most urgent kind first."""

    RUNS_OUT = 1
    ENDS = 2
    CHANGES = 3
    RENEWS = 4
    REFILL = 5
    ENDS_OR_RENEWS = 6


@dataclass(frozen=True, slots=True)
class SummaryEvent:
    """An alert that fired, or that has ended since; ``name`` is None for one of a whole source."""

    name: str | None
    measure: AlertRule | None
    severity: Severity
    over: bool


@dataclass(frozen=True, slots=True)
class ComingDay:
    """The dates of accounts on one day, the first of them at this moment."""

    at: datetime
    kind: ComingKind
    names: Listed[str]


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary. Dates are ordered by day, and by kind within each.

    ``credits`` are those of the accounts that were read last; ``unknown`` and ``paused`` count the others. ``begun`` is
    the first reading, where it is later than ``since``: the time before is unknown. Without ``known`` no account was
    read. ``plans`` are names with the old and the new plan. ``mixed``: the accounts are of several services, or share
    what they have, so that a sum means nothing. ``jobs`` is how many jobs the ``credits`` pay for; None if unknown.
    """

    since: datetime
    begun: datetime | None = None
    known: bool = True
    accounts: int = 0
    need: int = 0
    unknown: int = 0
    paused: int = 0
    credits: Number = 0
    spent_total: float = 0
    spent: Amounts = Listed()
    refilled: Amounts = Listed()
    topped_up: Amounts = Listed()
    lapsed: Amounts = Listed()
    plans: Listed[tuple[str, str, str]] = Listed()
    begun_alerts: Listed[SummaryEvent] = Listed()
    over_alerts: Listed[SummaryEvent] = Listed()
    coming: tuple[ComingDay, ...] = ()
    mixed: bool = False
    jobs: int | None = None
