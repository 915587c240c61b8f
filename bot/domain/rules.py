"""Thresholds of an account or a source."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.alerts import AlertRule


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number, or percent of the monthly allowance; for a plan, seconds. ``written`` is the setting's own text."""

    value: float
    percent: bool = False
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.value:,.10g}" + (" %" if self.percent else "")


Thresholds = tuple[Threshold, ...]

RENEWS, CANCELLED = 1, 2
"""The first two levels of a plan's alert; above them are the thresholds of a plan that ends, and "has ended"."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds and intervals. Empty thresholds switch a rule off; ``remind_every`` None means never.

    ``refused_jobs`` is how many refused jobs within an hour alert; 0 switches that off.
    """

    low_credits: Thresholds = ()
    plan_ends_within: Thresholds = ()
    unreadable_after: int = 3
    remind_every: timedelta | None = None
    runs_out_within: Thresholds = ()
    refused_jobs: int = 0

    def ladder(self, measure: AlertRule) -> Thresholds | None:
        """The thresholds of a rule, empty where it is switched off; None for a rule without thresholds."""
        return {
            AlertRule.CREDITS: self.low_credits,
            AlertRule.PLAN: self.plan_ends_within,
            AlertRule.RUNWAY: self.runs_out_within,
            AlertRule.SPIKE: self.runs_out_within,
            AlertRule.JOBS: None if self.refused_jobs else (),
        }.get(measure)
