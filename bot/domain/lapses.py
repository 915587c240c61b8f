"""Credits that lapse: a certain end takes those that are left by then."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.accounts import Number


@dataclass(frozen=True, slots=True)
class Left:
    """Credits that are left at an end at this pace, most likely, and between which numbers."""

    likely: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Lapse:
    """``amount`` credits that lapse ``at`` a moment, of an allowance or a lot that was ``of`` so many.

    ``lot`` tells several of one account apart; ``title`` is the plan or the lot for people. ``left`` is None while the
    pace is not known.
    """

    lot: str
    at: datetime
    amount: Number
    of: Number
    title: str | None = None
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class ToldLapse:
    """A lapse that was put into the outbox, under the ``key`` of its notification.

    ``over``: it no longer held, and messages say so. ``waits``: a delivery waits, or a message may still have to say
    that it is over.
    """

    key: str
    lapse: Lapse
    over: bool = False
    waits: bool = True
