"""The rest of lots of credits at their own ends, for services whose credits lapse lot by lot.

Nobody documents which lot is spent first. If it is always the one that ends next, all spending is taken from these:
that is the least that can lapse, and the likely number, because it favours the user. The most is a whole lot.
"""

from collections.abc import Sequence
from datetime import datetime
from math import exp

from bot.domain.accounts import Account
from bot.domain.lapses import Left
from bot.evaluation.forecast.ahead import Pace
from bot.evaluation.forecast.errors import expected_errors
from bot.evaluation.forecast.foresee import holding
from bot.evaluation.forecast.run_out import FAR, LEFT_SPREAD, shares_of
from bot.evaluation.forecast.spending import DAY

Lot = tuple[datetime, float]
"""The end of some credits, and how many they are now."""


def left_of_lots(account: Account, lots: Sequence[Lot], now: datetime) -> list[Left | None]:
    """The rest of each lot at its end, the first to end first; None unless the pace is known for at least a week."""
    foretold = holding(account, now)
    if foretold is None or foretold.per_day_lately is None or account.reading is None:
        return [None for _ in lots]
    pace = Pace(foretold.per_day_lately, foretold.per_day)
    horizon = pace.days_for(float(account.reading.credits.total), FAR)
    spent = [spent_within(pace, (end - now) / DAY) for end, _ in lots]
    errors = expected_errors(horizon)
    fast, usual, _ = (exp(-errors.at(share)) for share in shares_of(LEFT_SPREAD))
    least, likely = (rests(lots, [amount * factor for amount in spent]) for factor in (fast, usual))
    return [Left(mid, low, amount) for mid, low, (_, amount) in zip(likely, least, lots, strict=True)]


def spent_within(pace: Pace, days: float) -> float:
    """The credits spent in so many days."""
    return sum(pace.on(day) * min(days - day, 1.0) for day in range(int(days) + 1))


def rests(lots: Sequence[Lot], spent: Sequence[float]) -> list[float]:
    """The rest of each lot, if so much is ``spent`` by the end of each, always from the one that ends next."""
    taken, found = 0.0, []
    for (_, amount), until in zip(lots, spent, strict=True):
        used = min(max(until - taken, 0.0), amount)
        taken += used
        found.append(amount - used)
    return found
