"""The measure ``spike``: how many times the usual pace an account spends just now.

The usual pace is that of the hours in which anything was spent: a burst after a quiet night is no spike, a burst such
as there never was is one.
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
"""Hours that count as just now."""

USUAL_DAYS, USUAL_HOURS = 3, 12
"""What is usual is known from so many days, with spending in so many hours of them."""

SPIKE, CALM = 5.0, 2.0
"""Times the usual pace that fire, and below which the spike is over."""


def spike(account: Account, history: Iterable[Point], now: datetime, unseen: Sequence[Span] = ()) -> float | None:
    """The pace of the last hours in usual paces; None where the usual pace, or that of these hours, is not known."""
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
    """Whether an account spends strikingly fast; never more than a warning."""
    if times is None:
        return None
    return Measurement(times, int(times >= SPIKE), int(times >= CALM), (Severity.WARNING,), (f"{SPIKE:.0f} ×",))
