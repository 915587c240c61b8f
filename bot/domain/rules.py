"""Thresholds of an account or a source."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.accounts import JobCost
from bot.domain.alerts import AlertRule


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number, or percent of the monthly allowance; for a plan, seconds.

    ``jobs`` is how many jobs it pays for, of a threshold that is written so; its ``value`` is known once the cost is.
    ``written`` is the setting's own text.
    """

    value: float
    percent: bool = False
    written: str = field(default="", compare=False)
    jobs: float = 0.0

    def __str__(self) -> str:
        if self.jobs:
            return f"{self.jobs:,.10g} job{'' if self.jobs == 1 else 's'}"
        return f"{self.value:,.10g}" + (" %" if self.percent else "")


Thresholds = tuple[Threshold, ...]
NOTHING = Threshold(0, written="0")


def priced(ladder: Thresholds, cost: JobCost | None) -> Thresholds:
    """The thresholds of an account whose jobs cost so much.

    Without a cost, those in jobs are left out; 0 then stands in their place, so that being out of credits stays
    critical.
    """
    if not any(rung.jobs for rung in ladder):
        return ladder
    if cost:
        return tuple(replace(rung, value=rung.jobs * cost.amount) if rung.jobs else rung for rung in ladder)
    left = tuple(rung for rung in ladder if not rung.jobs)
    return left if NOTHING in left else (*left, NOTHING)


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
    job_cost: JobCost | None = None

    def ladder(self, measure: AlertRule) -> Thresholds | None:
        """The thresholds of a rule, empty where it is switched off; None for a rule without thresholds."""
        return {
            AlertRule.CREDITS: self.low_credits,
            AlertRule.PLAN: self.plan_ends_within,
            AlertRule.RUNWAY: self.runs_out_within,
            AlertRule.SPIKE: self.runs_out_within,
            AlertRule.JOBS: None if self.refused_jobs else (),
        }.get(measure)
