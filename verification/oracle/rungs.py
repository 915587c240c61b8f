"""Where an answer stands on a ladder, worked out from design.md's words ("Deciding") and from nothing of the bot's.

The tolerances that the design itself grants live here: the recovery margin (a rung of credits is left a tenth above it
and never by less than the daily allowance; a plan's, a tenth of it too), the five minutes that a plan which renews by
itself may be late, and the hour by which the new end of an ended plan that does not renew must lie ahead.
"""

from dataclasses import dataclass

from verification.oracle.truth import Answer, Plan, Rules

RENEWAL_GRACE = 300.0
ENDED_MARGIN = 3600.0
NEW_PERIOD = 86400.0


@dataclass(frozen=True, slots=True)
class Standing:
    """The deepest rung that is reached, the deepest not yet left, and each rung's severity and words.

    ``out``: whether the account is out of credits, or (False) jobs run again; None: as before. ``settled``: what was
    told is all that there is to tell. From the rung ``nags_from`` on it is reminded of, however bad it is.
    """

    reached: int
    held: int
    severities: tuple[str, ...]
    rungs: tuple[str, ...] = ()
    number: float | None = None
    period: float | None = None
    renews: bool = False
    out: bool | None = None
    settled: bool = False
    nags_from: int = 99

    def severity(self, level: int) -> str:
        """How bad a rung is."""
        return self.severities[min(level, len(self.severities)) - 1]

    def rung(self, level: int) -> str | None:
        """A rung as people wrote it: "20 %"."""
        return self.rungs[min(level, len(self.rungs)) - 1] if self.rungs else None


def severities(count: int) -> tuple[str, ...]:
    """The last rung is critical, the one before it a warning, any earlier one info."""
    return ("info",) * (count - 2) + ("warning", "critical")[-min(count, 2) :] if count else ()


SETTLED = Standing(0, 0, ("critical",), settled=True)
"""A free account: it has no plan that could end. That one is gone is told once."""


def on_credits(
    answer: Answer, before: Answer | None, rules: Rules, allowance: float | None, daily: float | None
) -> Standing | None:
    """Where the credits stand; a percent rung applies where the allowance is known and above zero.

    A daily refill neither leaves a rung nor lets jobs run again, but of an account that has no monthly credits.
    """
    if not rules.low_credits:
        return None
    free = answer.plan is not None and answer.plan.free
    daily = 0 if allowance == 0 or (free and allowance is None) else daily
    lines = [line_of(rung, allowance) for rung in rules.low_credits]
    left = [None if line is None else line + max(line / 10, daily or 0) for line in lines]
    words = tuple(words_of(rung) for rung in rules.low_credits)
    credits = answer.credits
    out = True if credits <= 0 else False if credits > (daily or 0) and came(before, answer, daily) else None
    return Standing(below(lines, credits), below(left, credits), severities(len(lines)), words, credits, out=out)


def came(before: Answer | None, after: Answer, daily: float | None) -> bool:
    """Whether credits came that let jobs run again."""
    if before is None:
        return False
    by_day = not daily and before.daily is not None and after.daily is not None and after.daily > before.daily
    bought = before.package is not None and after.package is not None and after.package > before.package
    return by_day or bought or after.monthly > before.monthly


def words_of(rung: str) -> str:
    """A rung as people read it: "20 %", "3,000"."""
    return f"{float(rung.rstrip('%')):,.10g}" + (" %" if rung.endswith("%") else "")


def line_of(rung: str, allowance: float | None) -> float | None:
    """A rung in credits."""
    if not rung.endswith("%"):
        return float(rung)
    return float(rung[:-1]) * allowance / 100 if allowance and allowance > 0 else None


def below(lines: list[float | None], value: float) -> int:
    """How deep a value lies."""
    return max([0, *(depth for depth, line in enumerate(lines, 1) if line is not None and value <= line)])


def on_plan(plan: Plan, before: Plan | None, rules: Rules, clock: float) -> Standing | None:
    """Where the plan stands: 1 "renews", 2 "was cancelled", then the ladder of one that ends, at last "has ended"."""
    ladder = rules.plan_ends_within
    if not ladder:
        return None
    left: float | None
    if plan.free:
        if not (before and not before.free and before.ends_at is not None):
            return SETTLED
        left = 0.0
    else:
        left = None if plan.ends_at is None else plan.ends_at - clock
    if left is None:
        return None
    renews = bool(plan.renews) and not plan.free and plan.ends_at is not None
    least = 2 if plan.cancelled and not plan.free else 0
    depths = [max(least, plan_depth(left, ladder, margin, renews=renews)) for margin in (False, True)]
    bad = ("info", "info", *severities(len(ladder)), "critical")
    return Standing(depths[0], depths[1], bad, period=plan.ends_at, renews=renews)


def on_plan_as_known(known: Plan | None, rules: Rules, clock: float) -> Standing | None:
    """Where a plan stands that the answer left out: as it was told last, until its end has passed unconfirmed."""
    if known and known.free and rules.plan_ends_within:
        return SETTLED
    if known is None or known.ends_at is None or known.ends_at <= clock:
        return None
    return on_plan(known, known, rules, clock)


def on_plan_unseen(known: Plan, rules: Rules, clock: float) -> Standing | None:
    """Where a plan stands that nobody looks at: whether one that renews by itself has is not to be known."""
    if known.free:
        return on_plan_as_known(known, rules, clock)
    if known.ends_at is None or (known.renews and known.ends_at <= clock):
        return None
    return on_plan(known, known, rules, clock)


def plan_depth(left: float, ladder: tuple[float, ...], margin: bool, *, renews: bool) -> int:
    """How deep a plan's remaining time lies, or, with the margin, still lies."""
    over = (0.0 if margin else -RENEWAL_GRACE) if renews else ENDED_MARGIN if margin else 0.0
    if left <= over:
        return len(ladder) + 3
    depth = below([rung * 1.1 if margin else rung for rung in ladder], left)
    return min(depth, 1) if renews else depth + 2 if depth else 0
