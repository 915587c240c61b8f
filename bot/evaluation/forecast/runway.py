"""The measure ``runway``: whether the credits will run out before they are refilled or lapse, and how soon.

A forecast is never more than a warning. It wavers with every hour that is busier or quieter than foretold, so a rung is
reached on a likely run-out and left only on an unlikely or a much later one.
"""

from datetime import datetime, timedelta

from bot.domain.alerts import Severity
from bot.domain.durations import format_duration
from bot.domain.rules import Thresholds
from bot.evaluation.forecast.run_out import FAR, Forecast
from bot.evaluation.forecast.spending import DAY
from bot.evaluation.measurements import Measurement, deepest, ladder_severities

LIKELY, UNLIKELY = 0.5, 0.25
"""The chance of a run-out that fires, and the one below which the risk counts as over."""

MARGIN = 2.0
"""A rung counts as left when the earliest run-out is so many times as far away as the rung."""

TOO_FAR = 2.0
"""A rung is not reached while the run-out is more likely than not farther away than so many times the rung."""

NO_FEAR = FAR * DAY.total_seconds()
"""The runway of credits that last as far as anything is foretold."""


def runway_standing(outlook: Forecast | None, ladder: Thresholds, now: datetime) -> Measurement | None:
    """The time until the earliest run-out, in seconds, against the ladder; None without a forecast.

    ``period`` is the refill, so that one that came ends the episode and the next risk is told anew. Where nothing is
    left any more, the alert on credits says so: this one then neither fires nor resolves.
    """
    if outlook is None or not ladder:
        return None
    early, middle = seconds_until(outlook.earliest, now), seconds_until(outlook.median, now)
    fire_level = deepest([rung.value if middle <= rung.value * TOO_FAR else None for rung in ladder], early)
    clear_level = deepest([rung.value * MARGIN for rung in ladder], early)
    return Measurement(
        value=early,
        fire_level=fire_level if outlook.risk > LIKELY and not outlook.is_out else 0,
        clear_level=clear_level if outlook.risk > UNLIKELY else 0,
        severities=tuple(min(severity, Severity.WARNING) for severity in ladder_severities(len(ladder))),
        rungs=tuple(format_duration(timedelta(seconds=rung.value)) for rung in ladder),
        period=outlook.boundary,
        renews=True,
    )


def seconds_until(moment: datetime | None, now: datetime) -> float:
    """How far away a moment is; without one, beyond all that is foretold."""
    return NO_FEAR if moment is None else max((moment - now).total_seconds(), 0.0)
