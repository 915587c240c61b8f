"""Errors of forecasts: those that this account's own would have had, and those of accounts in general.

An error is the logarithm of the time that it took by the time that was forecast: 0.7 is twice as long. People ration
what runs low, so the shortest forecasts are mostly early; the longest are mostly late, for absences end. An account
whose days differ more than usual is harder to foretell, and the usual errors are then larger.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, sqrt
from statistics import fmean

from bot.evaluation.forecast.ahead import MONTH, WEEK, Pace
from bot.evaluation.forecast.spending import Day

HORIZONS = (0.5, 1.0, 2.0, 3.5, 7.0, 14.0, 28.0)
USUAL = (
    (
        -0.18, -0.11, -0.04, 0.12, 0.24, 0.34, 0.38, 0.55, 0.68, 0.74,
        0.77, 0.83, 0.87, 0.92, 0.97, 1.12, 1.23, 1.91, 2.34, 3.73,
    ),
    (
        -0.48, -0.2, -0.1, -0.04, 0.05, 0.09, 0.19, 0.22, 0.25, 0.32,
        0.35, 0.4, 0.51, 0.57, 0.62, 0.68, 0.79, 0.88, 1.2, 3.39,
    ),
    (
        -0.29, -0.17, -0.08, -0.02, 0.04, 0.07, 0.11, 0.16, 0.2, 0.23,
        0.27, 0.31, 0.34, 0.37, 0.42, 0.48, 0.59, 0.87, 1.91, 3.13,
    ),
    (
        -0.3, -0.2, -0.12, -0.05, -0.02, 0.01, 0.03, 0.07, 0.1, 0.13,
        0.16, 0.2, 0.23, 0.27, 0.33, 0.36, 0.43, 0.57, 0.86, 1.95,
    ),
    (
        -0.45, -0.21, -0.16, -0.11, -0.08, -0.05, -0.02, 0.01, 0.03, 0.06,
        0.09, 0.12, 0.14, 0.17, 0.22, 0.27, 0.35, 0.63, 0.91, 1.72,
    ),
    (
        -0.67, -0.41, -0.28, -0.2, -0.15, -0.11, -0.08, -0.04, 0.0, 0.06,
        0.09, 0.12, 0.15, 0.22, 0.3, 0.46, 0.62, 0.88, 1.07, 1.88,
    ),
    (
        -1.04, -0.65, -0.45, -0.3, -0.23, -0.17, -0.12, -0.08, -0.04, 0.02,
        0.06, 0.11, 0.15, 0.22, 0.29, 0.49, 0.71, 0.88, 1.02, 1.84,
    ),
)  # fmt: skip
"""For each horizon in days, evenly spaced quantiles of the errors on real prepaid balances.

Written by ``python -m bench.forecast FOLDER --errors``.
"""

USUAL_UNEVENNESS = 0.44
"""The median unevenness of those balances, written by the same command."""

EARLY_DAYS = 7
"""Before an account has many days, as many of the usual unevenness stand beside them."""

LEAST_SCALE, MOST_SCALE = 0.65, 2.0
"""How far the usual errors shrink for even accounts, and grow for uneven ones."""

WORTH = 5.0
"""The weight of the usual errors beside an account's own, in independent ones."""

ALIKE = 0.7
"""Errors at another horizon count by a bell of this width over its logarithm."""

LOOKED_BACK = 28
NEEDED = 3
"""Days of history that a forecast of the past must have had before it."""

MIDDLE_SPAN = 2.3
"""The middle three quarters of a normal distribution, in standard deviations."""

SHORTEST, LONGEST = 0.05, 120


@dataclass(frozen=True, slots=True)
class Error:
    """A forecast of the past that can be judged: its horizon in days, and by how much it was off."""

    horizon: float
    off: float


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors in order, those that end earliest first, each with the weight of all up to it: the last weight is 1."""

    offs: Sequence[float]
    weights: Sequence[float]

    def at(self, share: float) -> float:
        """The error at a share of all weight."""
        return self.offs[min(bisect_left(self.weights, share), len(self.offs) - 1)]

    def share_until(self, holds: Callable[[float], bool]) -> float:
        """The weight of the errors before the first that something holds of; of all after it, it holds too."""
        place = bisect_left(self.offs, True, key=holds)
        return self.weights[place - 1] if place else 0.0


def own_errors(days: Sequence[Day], stocks: Sequence[float], paces: Sequence[Pace]) -> list[Error]:
    """The errors that forecasts of the last days would have had.

    ``stocks`` are what there was at the end of each day, ``paces`` what was expected then, all the latest first. A
    forecast whose moment has not come yet is judged by the amount spent so far.
    """
    found = []
    totals = [day.total for day in days]
    for age in range(1, min(LOOKED_BACK, len(days) - NEEDED, len(stocks) - 1) + 1):
        since = totals[:age][::-1]
        amount = min(stocks[age], sum(since))
        if amount <= 0:
            continue
        expected = max(paces[age].days_for(amount, LONGEST), SHORTEST)
        found.append(Error(expected, log(max(taken(since, amount), SHORTEST) / expected)))
    return found


def taken(costs: Sequence[float], amount: float) -> float:
    """In how many days so much was spent, the oldest first."""
    for day, cost in enumerate(costs):
        if cost >= amount:
            return day + (amount / cost if cost else 0.0)
        amount -= cost
    return float(len(costs))


def unevenness(days: Sequence[Day]) -> float:
    """The standard deviation of the last four weeks' daily costs, as a share of their mean."""
    totals = [day.total for day in days[:MONTH]]
    mean = fmean(totals)
    if mean <= 0:
        return USUAL_UNEVENNESS
    own = sum((total / mean - 1) ** 2 for total in totals)
    return sqrt((own + EARLY_DAYS * USUAL_UNEVENNESS**2) / (len(totals) + EARLY_DAYS))


def expected_errors(
    horizon: float, own: Sequence[Error] = (), uneven: float = USUAL_UNEVENNESS, seen_days: float = WEEK
) -> Errors:
    """The errors to be expected at a horizon in days, where so many days of the last week were seen."""
    usual = scaled_errors(horizon, uneven, seen_days)
    weights = [exp(-0.5 * ((log(error.horizon) - log(max(horizon, SHORTEST))) / ALIKE) ** 2) for error in own]
    seen = sum(weights) / max(horizon / 2, 1.0)  # forecasts of days that follow each other share what came
    share = seen / (seen + WORTH)
    found = [(off, (1 - share) / len(usual)) for off in usual]
    whole = sum(weights)
    for error, weight in zip(own, weights, strict=True):
        if weight > 0:  # an absence that ended makes errors that say nothing of the pace: none counts beyond the usual
            found.append((min(max(error.off, usual[0]), usual[-1]), share * weight / whole))
    found.sort()
    sums = accumulate(weight for _, weight in found)
    return Errors([off for off, _ in found], [round(weight, 9) for weight in sums])


def scaled_errors(horizon: float, uneven: float, seen_days: float = WEEK) -> list[float]:
    """The usual quantiles at a horizon, for an account of some unevenness and so many days seen of the last week.

    Days that differ make two errors: that of the mean of the last week's days, and that of the days until nothing is
    left. The rest of the usual errors, a change of the pace, is every account's.
    """
    usual = usual_errors(horizon)
    middle, variance = (usual[9] + usual[10]) / 2, ((usual[17] - usual[2]) / MIDDLE_SPAN) ** 2
    ahead, behind = 1 / max(horizon, 0.5), 1 / min(max(seen_days, 1.0), WEEK)
    more = uneven**2 * (ahead + behind) - USUAL_UNEVENNESS**2 * (ahead + 1 / WEEK)
    scale = min(max(sqrt(max(1 + more / variance, 0.0)), LEAST_SCALE), MOST_SCALE) if variance else 1.0
    return [middle + (off - middle) * scale for off in usual]


def usual_errors(horizon: float) -> list[float]:
    """The usual quantiles at a horizon, between those of the table."""
    place = bisect_right(HORIZONS, horizon)
    if place in (0, len(HORIZONS)):
        return list(USUAL[min(place, len(HORIZONS) - 1)])
    before, after = HORIZONS[place - 1], HORIZONS[place]
    way = log(horizon / before) / log(after / before)
    return [low + (high - low) * way for low, high in zip(USUAL[place - 1], USUAL[place], strict=True)]
