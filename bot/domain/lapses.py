"""Credits that lapse: a certain end takes those that are left by then."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.accounts import Number

PLAN, LOTS = "plan", "lots"
"""The credits that lapse: the monthly ones of a plan, or lots that have their own end."""


@dataclass(frozen=True, slots=True)
class Left:
    """Credits that are left at an end at this pace, most likely, and between which numbers."""

    likely: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Lapse:
    """``amount`` credits that lapse ``at`` a moment, of an allowance or a lot that was ``of`` so many.

    ``lot`` is ``PLAN`` or ``LOTS``; an account has several of the latter, each with its end. ``title`` is the plan's
    name. ``left`` is None while the pace is not known.
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
