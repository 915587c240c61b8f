"""The rule ``spike``: how many times its usual pace an account spends now.

The usual pace is that of the hours with spending: a burst after a quiet night is no spike, a burst without precedent is
one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.accounts import Account
from bot.domain.alerts import Severity
from bot.domain.credit_changes import Point, point_of
from bot.domain.history import Span
from bot.evaluation.forecast.spending import DAY, DAY_HOURS, HOUR, hourly, orderly
from bot.evaluation.measurements import Measurement

LATELY = 2
"""The hours of the present pace."""

USUAL_DAYS, USUAL_HOURS = 3, 12
"""The usual pace needs this many days, with spending in this many of their hours."""

SPIKE, CALM = 5.0, 2.0
"""Multiples of the usual pace that fire, and below which the spike is over."""


def spike(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> float | None:
    """The pace of the last hours in usual paces; None where either is unknown."""
    reading = account.reading
    if reading is None or now - reading.taken_at > LATELY * HOUR:
        return None
    points = orderly([*history, point_of(reading)], reading.taken_at)
    days = (reading.taken_at - points[0].taken_at) // DAY if points else 0
    if days < USUAL_DAYS:
        return None
    spent, known = hourly(points, reading.taken_at, days * DAY_HOURS, unseen)
    busy = [cost for cost in spent[LATELY:] if cost > 0]
    if len(busy) < USUAL_HOURS or sum(known[:LATELY]) < LATELY / 2:
        return None
    return (sum(spent[:LATELY]) / sum(known[:LATELY])) / (sum(busy) / len(busy))


def spike_standing(times: float | None) -> Measurement | None:
    """The measurement of a pace: an account spends far faster than usual; never more than a warning."""
    if times is None:
        return None
    return Measurement(times, int(times >= SPIKE), int(times >= CALM), (Severity.WARNING,), (f"{SPIKE:.0f} ×",))
