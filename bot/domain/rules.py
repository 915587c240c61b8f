"""Rules: the thresholds of an account or a source."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.alerts import Measure


@dataclass(frozen=True, slots=True)
class Threshold:
    """One rung of a ladder: a number, or percent of the monthly allowance; for a plan, seconds."""

    value: float
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.value:,.10g}" + (" %" if self.percent else "")


Ladder = tuple[Threshold, ...]

RENEWS, CANCELLED = 1, 2
"""The first two levels of a plan's alert; above them are the ladder of a plan that ends, and "has ended"."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When to say what. An empty ladder switches its rule off; ``remind_every`` None means never."""

    low_credits: Ladder = ()
    plan_ends_within: Ladder = ()
    unreadable_after: int = 3
    remind_every: timedelta | None = None
    runs_out_within: Ladder = ()

    def ladder(self, measure: Measure) -> Ladder | None:
        """The ladder of a measure that has one; empty where its rule is switched off."""
        return {
            Measure.CREDITS: self.low_credits,
            Measure.PLAN: self.plan_ends_within,
            Measure.RUNWAY: self.runs_out_within,
            Measure.SPIKE: self.runs_out_within,
        }.get(measure)
