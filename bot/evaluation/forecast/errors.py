"""Errors of forecasts: those that this account's own would have had, and those of accounts in general.

An error is the logarithm of the time that it took by the time that was forecast: 0.7 is twice as long. People ration
what runs low, so the shortest forecasts are mostly early; the longest are mostly late, for absences end.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from bot.evaluation.forecast.ahead import Pace

HORIZONS = (1.0, 2.0, 3.5, 7.0, 14.0, 28.0)
USUAL = (
    (
        -0.48, -0.18, -0.09, -0.04, 0.05, 0.11, 0.2, 0.24, 0.28, 0.34,
        0.38, 0.44, 0.52, 0.59, 0.65, 0.69, 0.85, 0.96, 1.94, 3.13,
    ),
    (
        -0.29, -0.16, -0.08, -0.02, 0.04, 0.08, 0.11, 0.16, 0.2, 0.23,
        0.28, 0.32, 0.35, 0.38, 0.44, 0.5, 0.62, 0.96, 1.91, 3.13,
    ),
    (
        -0.3, -0.2, -0.12, -0.05, -0.02, 0.01, 0.03, 0.07, 0.1, 0.14,
        0.17, 0.2, 0.24, 0.29, 0.33, 0.36, 0.43, 0.57, 0.86, 1.95,
    ),
    (
        -0.45, -0.21, -0.16, -0.11, -0.08, -0.05, -0.02, 0.01, 0.03, 0.06,
        0.09, 0.12, 0.14, 0.18, 0.23, 0.29, 0.35, 0.61, 0.91, 1.72,
    ),
    (
        -0.67, -0.41, -0.28, -0.2, -0.15, -0.11, -0.08, -0.04, 0.0, 0.06,
        0.09, 0.12, 0.15, 0.22, 0.3, 0.47, 0.62, 0.88, 1.07, 1.9,
    ),
    (
        -1.04, -0.65, -0.45, -0.3, -0.23, -0.17, -0.12, -0.08, -0.04, 0.01,
        0.06, 0.11, 0.15, 0.22, 0.29, 0.49, 0.71, 0.88, 1.02, 1.84,
    ),
)  # fmt: skip
"""For each horizon in days, evenly spaced quantiles of the errors on real prepaid balances.

Written by ``python -m bench.forecast FOLDER --errors``.
"""

WORTH = 5.0
"""The weight of the usual errors beside an account's own, in independent ones."""

ALIKE = 0.7
"""Errors at another horizon count by a bell of this width over its logarithm."""

LOOKED_BACK = 28
NEEDED = 3
"""Days of history that a forecast of the past must have had before it."""

SHORTEST, LONGEST = 0.05, 120


@dataclass(frozen=True, slots=True)
class Error:
    """A forecast of the past that can be judged: its horizon in days, and by how much it was off."""

    horizon: float
    off: float


def own_errors(totals: Sequence[float], stocks: Sequence[float]) -> list[Error]:
    """The errors that forecasts of the last days would have had.

    ``totals`` are the costs of the days, ``stocks`` what there was at the end of each, both the latest first. A
    forecast whose moment has not come yet is judged by the amount spent so far.
    """
    found = []
    for age in range(1, min(LOOKED_BACK, len(totals) - NEEDED, len(stocks) - 1) + 1):
        since = totals[:age][::-1]
        amount = min(stocks[age], sum(since))
        if amount <= 0:
            continue
        expected = max(Pace.of(totals[age:]).days_for(amount, LONGEST), SHORTEST)
        found.append(Error(expected, log(max(taken(since, amount), SHORTEST) / expected)))
    return found


def taken(costs: Sequence[float], amount: float) -> float:
    """In how many days so much was spent, the oldest first."""
    for day, cost in enumerate(costs):
        if cost >= amount:
            return day + (amount / cost if cost else 0.0)
        amount -= cost
    return float(len(costs))


def expected_errors(horizon: float, own: Sequence[Error]) -> list[tuple[float, float]]:
    """The errors to be expected at a horizon in days, each with its weight, in order; the weights add up to 1."""
    usual = usual_errors(horizon)
    weights = [exp(-0.5 * ((log(error.horizon) - log(max(horizon, SHORTEST))) / ALIKE) ** 2) for error in own]
    seen = sum(weights) / max(horizon / 2, 1.0)  # forecasts of days that follow each other share what came
    share = seen / (seen + WORTH)
    found = [(off, (1 - share) / len(usual)) for off in usual]
    whole = sum(weights)
    for error, weight in zip(own, weights, strict=True):
        if weight > 0:  # an absence that ended makes errors that say nothing of the pace: none counts beyond the usual
            found.append((min(max(error.off, usual[0]), usual[-1]), share * weight / whole))
    return sorted(found)


def usual_errors(horizon: float) -> list[float]:
    """The usual quantiles at a horizon, between those of the table."""
    place = bisect_right(HORIZONS, horizon)
    if place in (0, len(HORIZONS)):
        return list(USUAL[min(place, len(HORIZONS) - 1)])
    before, after = HORIZONS[place - 1], HORIZONS[place]
    way = log(horizon / before) / log(after / before)
    return [low + (high - low) * way for low, high in zip(USUAL[place - 1], USUAL[place], strict=True)]
