"""The daily summary as data."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from bot.domain.accounts import Number
from bot.domain.alerts import AlertRule, Severity


class ComingKind(IntEnum):
    """What comes, the most urgent first."""

    RUNS_OUT = 1
    ENDS = 2
    CHANGES = 3
    RENEWS = 4
    REFILL = 5


@dataclass(frozen=True, slots=True)
class SummaryEvent:
    """An alert that began, or that is over by now; ``name`` is None for one about a whole source."""

    name: str | None
    measure: AlertRule | None
    severity: Severity
    over: bool


@dataclass(frozen=True, slots=True)
class ComingDate:
    """Something that an account has before it."""

    at: datetime
    kind: ComingKind
    name: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary. Names with amounts are in order of these, the largest first; what comes is in order of time.

    ``credits`` are those of the accounts that could be read last; ``unknown`` and ``paused`` count the others.
    ``begun`` is when the first number was read, where that was after ``since``: nothing is known of the time before.
    Without ``known`` none was read yet.
    """

    since: datetime
    begun: datetime | None = None
    known: bool = True
    accounts: int = 0
    need: int = 0
    unknown: int = 0
    paused: int = 0
    credits: Number = 0
    spent: tuple[tuple[str, float], ...] = ()
    refilled: tuple[tuple[str, float], ...] = ()
    topped_up: tuple[tuple[str, float], ...] = ()
    lapsed: tuple[tuple[str, float], ...] = ()
    plans: tuple[tuple[str, str, str], ...] = ()
    events: tuple[SummaryEvent, ...] = ()
    coming: tuple[ComingDate, ...] = ()
