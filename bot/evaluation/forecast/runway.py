"""The rule ``runway``: whether credits run out before they refill or end, and how soon.

A forecast is never more than a warning. It changes with every busy or quiet hour, so a threshold fires on a likely
run-out and clears only on an unlikely or a much later one. It fires on the moment that the expected pace gives, as a
straight line does, and not on the early end of the range; and not where spending has just stopped.
"""

from datetime import datetime, timedelta

from bot.domain.alerts import Severity
from bot.domain.durations import format_duration
from bot.domain.rules import Thresholds
from bot.evaluation.forecast.run_out import FAR, Forecast
from bot.evaluation.forecast.spending import DAY
from bot.evaluation.measurements import Measurement, deepest, ladder_severities, written_of

LIKELY, UNLIKELY = 0.5, 0.25
"""The chance of a run-out that fires, and the one below which the risk is over."""

MARGIN = 1.5
"""A threshold counts as left when the likeliest run-out is so many times as far away."""

GOES_ON = 2.0
"""A threshold is reached only where the last days' pace, too, takes the rest within so many times of it."""

NO_FEAR = FAR * DAY.total_seconds()
"""The runway of credits that last to the horizon."""


def runway_standing(outlook: Forecast | None, ladder: Thresholds, now: datetime) -> Measurement | None:
    """Seconds until the likeliest run-out, against the thresholds; None without a forecast.

    ``period`` is the refill, so that a refill ends the episode and the next risk fires again. Once nothing is left, the
    credits alert says so: this one then neither fires nor resolves.
    """
    if outlook is None or not ladder:
        return None
    left, lately = seconds_until(outlook.likeliest, now), seconds_until(outlook.as_lately, now)
    fire_level = deepest([rung.value if lately <= rung.value * GOES_ON else None for rung in ladder], left)
    clear_level = deepest([rung.value * MARGIN for rung in ladder], left)
    return Measurement(
        value=left,
        fire_level=fire_level if outlook.risk > LIKELY and not outlook.is_out else 0,
        clear_level=clear_level if outlook.risk > UNLIKELY else 0,
        severities=tuple(min(severity, Severity.WARNING) for severity in ladder_severities(len(ladder))),
        rungs=tuple(format_duration(timedelta(seconds=rung.value)) for rung in ladder),
        period=outlook.boundary,
        renews=True,
        written=written_of(ladder),
    )


def seconds_until(moment: datetime | None, now: datetime) -> float:
    """Seconds until a moment; without one, beyond the horizon."""
    return NO_FEAR if moment is None else max((moment - now).total_seconds(), 0.0)
