"""The rule ``runway``: whether credits run out before they refill or end, and how soon.

A forecast is never more than a warning. It changes with every busy or quiet hour, so a threshold fires on a likely
run-out and clears only on an unlikely or a much later one.
"""

from datetime import datetime, timedelta

from bot.domain.alerts import Severity
from bot.domain.durations import format_duration
from bot.domain.rules import Thresholds
from bot.evaluation.forecast.run_out import FAR, Forecast
from bot.evaluation.forecast.spending import DAY
from bot.evaluation.measurements import Measurement, deepest, ladder_severities

LIKELY, UNLIKELY = 0.5, 0.25
"""The chance of a run-out that fires, and the one below which the risk is over."""

MARGIN = 2.0
"""A threshold clears when the earliest run-out is this many times as far away."""

TOO_FAR = 2.0
"""A threshold does not fire while the run-out is more likely than not this many times as far away."""

NO_FEAR = FAR * DAY.total_seconds()
"""The runway of credits that last to the horizon."""


def runway_standing(outlook: Forecast | None, ladder: Thresholds, now: datetime) -> Measurement | None:
    """Seconds until the earliest run-out, against the thresholds; None without a forecast.

    ``period`` is the refill, so that a refill ends the episode and the next risk fires again. Once nothing is left, the
    credits alert says so: this one then neither fires nor resolves.
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
    """Seconds until a moment; without one, beyond the horizon."""
    return NO_FEAR if moment is None else max((moment - now).total_seconds(), 0.0)
