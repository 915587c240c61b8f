"""Check results against thresholds, for accounts and sources.

A measurement of None is unknown, and changes nothing.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import nextafter

from bot.domain.accounts import (
    MISSING,
    SESSION_BROKEN,
    UNCERTAIN,
    Account,
    CheckFailure,
    FailureKind,
    Health,
    JobCost,
    Number,
    Plan,
    Reading,
    SourceState,
    Unit,
)
from bot.domain.alerts import Alert, Severity
from bot.domain.credit_changes import CreditChanges
from bot.domain.rules import CANCELLED, RENEWS, Rules, Threshold, Thresholds, priced
from bot.domain.subscription import KnownBroken, Subscription
from bot.evaluation.left_out import trusted_end
from bot.evaluation.listing import perhaps_none

RENEWAL_GRACE = timedelta(minutes=5)
"""A plan that renews by itself does so some seconds after its end (6 s in the recorded page), not before it."""

ENDED_MARGIN = timedelta(hours=1)
"""An ended plan goes on again only if its new end is at least this far away; one that renews, at once."""

RECOVERY_WAIT = timedelta(minutes=5)
"""How long a source's recovery waits at most for its accounts that were not checked again yet."""

REFUSED = 2
"""The level of a source's failures that are certain at once; below it they are counted to the limit."""

LAPSED, CALLED_LAPSED, OTHERWISE = 0.0, 0.5, 1.0
"""The value of a source's failures: a check was refused for want of a subscription, useapi.net only says that it is
over, or anything else. The lowest of an episode is kept.
"""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value against its thresholds; levels count from the mildest (1).

    ``fire_level`` is the deepest threshold at or above the value. ``clear_level`` is the deepest one that the value has
    not yet left by its recovery margin. ``severities`` and ``rungs`` have each level's severity and text. ``out`` is
    whether the account is out of credits, or (False) jobs run again; None: as before. ``settled``: nothing can get
    better or worse, so the alert is over once every chat has got it. ``written`` has each level's threshold as its
    setting has it, "" for a level without one.
    """

    value: float
    fire_level: int
    clear_level: int
    severities: tuple[Severity, ...]
    rungs: tuple[str, ...] = ()
    period: datetime | None = None
    renews: bool = False
    out: bool | None = None
    settled: bool = False
    written: tuple[str, ...] = ()

    def severity(self, level: int) -> Severity:
        """The severity of a level from 1; one beyond thresholds that were shortened counts as the last."""
        return self.severities[min(level, len(self.severities)) - 1]

    def rung(self, level: int) -> str | None:
        """The threshold of a level as text; None where it has none."""
        return self.rungs[min(level, len(self.rungs)) - 1] if self.rungs and level else None

    def threshold(self, level: int) -> str | None:
        """The threshold of a level as its setting has it; None where it has none."""
        return (self.written[min(level, len(self.written)) - 1] or None) if self.written and level else None


def ladder_severity(level: int, rungs: int) -> Severity:
    """The last threshold is critical, the one before it a warning, any earlier one info."""
    from_worst = rungs - level
    return Severity.CRITICAL if from_worst <= 0 else Severity.WARNING if from_worst == 1 else Severity.INFO


def ladder_severities(rungs: int) -> tuple[Severity, ...]:
    """The severity of each level, mildest first."""
    return tuple(ladder_severity(level, rungs) for level in range(1, rungs + 1))


def written_of(ladder: Thresholds) -> tuple[str, ...]:
    """The thresholds as their setting has them."""
    return tuple(threshold.written for threshold in ladder)


def deepest(rungs: list[float | None], value: float) -> int:
    """The deepest threshold at or above the value, counted from 1; a threshold of None never fires."""
    return max((level for level, rung in enumerate(rungs, 1) if rung is not None and value <= rung), default=0)


def rung_value(threshold: Threshold, allowance: Number | None, unit: Unit = Unit.CREDITS) -> float | None:
    """The threshold in the account's unit; None for percent of an allowance that is unknown or 0.

    Where only a percentage is known, an amount other than 0 means nothing.
    """
    if unit is Unit.PERCENT:
        return threshold.value if threshold.percent or threshold.value == 0 else None
    if not threshold.percent:
        return threshold.value
    return threshold.value * allowance / 100 if allowance and allowance > 0 else None


def credits_standing(account: Account, ladder: Thresholds, changes: CreditChanges | None = None) -> Measurement | None:
    """Spendable credits against the thresholds; ``changes`` are those since the last reading, if there was one.

    Where jobs have a cost, less than one is out of credits: the deepest level, whatever the thresholds.

    A threshold clears a tenth above it, and by at least the daily allowance, so that a daily refill changes nothing,
    except for an account that gets only daily credits.
    """
    if account.reading is None or not ladder:
        return None
    value, cost = account.reading.credits.total, account.job_cost
    ladder = priced(ladder, cost)
    rungs = [rung_value(threshold, account.allowance, account.reading.credits.unit) for threshold in ladder]
    severities, texts = ladder_severities(len(ladder)), [str(threshold) for threshold in ladder]
    written = written_of(ladder)
    if cost and ladder[-1].value == 0 and not ladder[-1].percent:
        rungs[-1] = nextafter(cost.amount, 0)
    elif cost:
        rungs, texts, written = [*rungs, nextafter(cost.amount, 0)], [*texts, "1 job"], (*written, "1 job")
        severities = (*severities, Severity.CRITICAL)
    daily = 0 if lives_by_the_day(account) else account.daily_allowance or 0
    margins = [None if rung is None else rung + max(rung / 10, daily) for rung in rungs]
    return Measurement(
        value=value,
        fire_level=deepest(rungs, value),
        clear_level=deepest(margins, value),
        severities=severities,
        rungs=tuple(texts),
        out=is_out(value, daily, changes or CreditChanges(), cost),
        written=written,
    )


def lives_by_the_day(account: Account) -> bool:
    """True if an account surely gets no monthly credits: its daily ones are then all that comes."""
    free = account.reading is not None and account.reading.plan.free is True
    return account.allowance == 0 or (free and account.allowance is None)


def is_out(value: Number, daily: Number, changes: CreditChanges, cost: JobCost | None = None) -> bool | None:
    """True if an account is out of credits, False if jobs run again, None if nothing changed.

    Jobs run again after a top-up, a refill or a refund, not by the ``daily`` credits of an account with a monthly
    allowance.
    """
    if value <= 0 or (cost and value < cost.amount):
        return True
    came = changes.topped_up + changes.refilled + changes.by_plan + changes.refunded
    came += 0 if daily else changes.daily_refilled
    return False if came > 0 and value > daily else None


def plan_standing(account: Account, before: Reading | None, ladder: Thresholds, now: datetime) -> Measurement | None:
    """Seconds until the plan's end, against the thresholds. Computed from its end: the API's day count is wrong.

    Level 1 is "renews", at the first threshold; level 2 is "was cancelled", whenever that is; the levels from 3 on are
    the thresholds of a plan that ends or changes; the last one, beyond them, is "has ended". A cancellation after
    "renews" is thus a worse level.
    A plan of which nobody can say whether it renews never gets beyond level 1.

    ``before`` is the last reading: a paid plan that became free is gone, which chats get once; a free account has no
    end, and nothing to renew.
    """
    reading = account.reading
    if reading is None or not ladder:
        return None
    if reading.plan.free and not is_gone(reading, before):
        return Measurement(0, 0, 0, (Severity.CRITICAL,), settled=True)
    left, renews = plan_left(reading, before, now), bool(reading.plan.renews or reading.plan.renewal_unknown)
    if left is None or (account.pause and renews and left <= 0):  # nobody checks whether it was renewed
        return None
    severities = (Severity.INFO, Severity.INFO, *ladder_severities(len(ladder)), Severity.CRITICAL)
    return Measurement(
        value=left,
        fire_level=plan_level(reading, left, ladder, margin=False),
        clear_level=plan_level(reading, left, ladder, margin=True),
        severities=severities,
        period=reading.plan.ends_at,
        renews=renews,
        written=(ladder[0].written, "", *written_of(ladder), ""),
    )


def plan_left(reading: Reading, before: Reading | None, now: datetime) -> float | None:
    """Seconds until the plan's end, below 0 after it; None without a known end."""
    if reading.plan.free:
        return 0.0 if is_gone(reading, before) else None
    end = trusted_end(reading, now)
    return None if end is None else (end - now).total_seconds()


def is_gone(reading: Reading, before: Reading | None) -> bool:
    """True if a paid plan became a free account between two readings."""
    was_paid = before is not None and before.plan.free is False and before.plan.ends_at is not None
    return reading.plan.free is True and was_paid


def plan_level(reading: Reading, left: float, ladder: Thresholds, *, margin: bool) -> int:
    """The level that ``left`` seconds reach or, with ``margin``, have not cleared yet."""
    plan = reading.plan
    if left <= over_at(plan, margin=margin):
        return CANCELLED + len(ladder) + 1
    factor = 1.1 if margin else 1
    level = deepest([rung.value * factor for rung in ladder], left)
    if plan.renews or plan.renewal_unknown:
        return RENEWS if level else 0
    return CANCELLED + level if level or plan.cancelled_at else 0


def over_at(plan: Plan, *, margin: bool) -> float:
    """The seconds left at which a plan has ended or, with ``margin``, still counts as ended."""
    if plan.renewal_unknown:  # nobody can tell that it has ended
        return -math.inf
    if plan.renews:  # once the end lies ahead, as after a clock set back, it renews: nothing is overdue
        return 0 if margin else -RENEWAL_GRACE.total_seconds()
    return ENDED_MARGIN.total_seconds() if margin else 0


def account_failures(account: Account, rules: Rules, health: Health) -> Measurement | None:
    """Failed checks in a row. None while the whole source has the trouble and its own alert says so."""
    outage = account.outage
    if outage is not None and (outage.kind.refused or (health.shared and not outage.kind.certain)):
        return None
    severities = (Severity.WARNING,) * SESSION_BROKEN
    if outage is None:
        return Measurement(0, 0, 0, severities)
    counted = UNCERTAIN if account.failures >= rules.unreadable_after else 0
    known = {FailureKind.MISSING: MISSING, FailureKind.BROKEN: SESSION_BROKEN}
    level = known.get(outage.kind, counted)
    written = (str(rules.unreadable_after), "", "")  # only the first level counts checks
    return Measurement(account.failures, level, SESSION_BROKEN, severities, written=written)


def source_failures(
    source: SourceState, health: Health, rules: Rules, alert: Alert, now: datetime
) -> Measurement | None:
    """The measurement of a source's failures: an invalid token or subscription, or one long failure of all accounts.

    A source that answers again has recovered once all failed accounts were checked again, so that the recovery's text
    is true; ``period`` is since when it answers.
    """
    severities, verdict = (Severity.CRITICAL, Severity.CRITICAL), source.subscription
    refused = source_refusal(source, health, severities)
    if refused is not None:
        return refused
    if alert.level and is_about_subscription(alert) and awaits_answer(verdict, health):
        return Measurement(CALLED_LAPSED, 0, REFUSED, severities)
    listing = source.outage
    if listing is not None and has_answered_since(listing, health, verdict):
        listing = None
    if health.shared:
        return Measurement(1, UNCERTAIN if health.fewest_failures >= rules.unreadable_after else 0, REFUSED, severities)
    if health.total == 0:
        if health.all_paused or (listing is None and source.listed_at is None):
            return None
        failed = listing is not None and source.failures >= rules.unreadable_after
        return Measurement(source.failures, UNCERTAIN if failed else 0, REFUSED if listing else 0, severities)
    since = (alert.period or answered_at(health, verdict)) if alert.level else None
    waits_for = health.oldest_failure is not None and since is not None and health.oldest_failure < since
    if since and waits_for and timedelta(0) <= now - since < RECOVERY_WAIT:
        return Measurement(1, 0, REFUSED, severities, period=since)
    return Measurement(0, 0, 0, severities)


def source_refusal(source: SourceState, health: Health, severities: tuple[Severity, ...]) -> Measurement | None:
    """The measurement of a refused token or a subscription that is over; None if a check was answered since.

    One check is enough, and useapi.net's own word that the subscription is not active needs none.
    """
    verdict = source.subscription
    if verdict is not None and verdict.active is False:
        return Measurement(LAPSED if health.refused else CALLED_LAPSED, REFUSED, REFUSED, severities)
    found = (
        (health.outage, health.refused > 0),
        (source.outage, source.outage is not None and source.outage.kind.refused),
    )
    for failure, is_refused in found:
        # one that is checked once a day can have been refused long ago
        if is_refused and not (failure and has_answered_since(failure, health, verdict)):
            return Measurement(value_of(failure), REFUSED, REFUSED, severities)
    return None


def value_of(refusal: CheckFailure | None) -> float:
    return LAPSED if refusal is not None and refusal.kind is FailureKind.LAPSED else OTHERWISE


def is_about_subscription(alert: Alert) -> bool:
    """True if a source's alert was about its subscription at any time of its episode."""
    return alert.worst is not None and alert.worst < OTHERWISE


def has_answered_since(failure: CheckFailure, health: Health, verdict: Subscription | None) -> bool:
    """True if a check was answered after a failure or, of a lapsed subscription, useapi.net calls it active since."""
    found = answered_at(health, verdict if failure.kind is FailureKind.LAPSED else None)
    return found is not None and found > failure.taken_at


def answered_at(health: Health, verdict: Subscription | None) -> datetime | None:
    """When a check was answered last, or useapi.net called the subscription active."""
    confirmed = verdict.asked_at if verdict is not None and verdict.active else None
    return max((at for at in (health.read_at, confirmed) if at), default=None)


def awaits_answer(verdict: Subscription | None, health: Health) -> bool:
    """True if useapi.net gave no verdict on the subscription, and no check was answered since."""
    if verdict is None or verdict.active is not None or health.total == 0:
        return False
    return health.read_at is None or health.read_at <= verdict.asked_at


def source_broken(counted: int | None, known: KnownBroken) -> Measurement | None:
    """More broken accounts by useapi.net's own count than the bot knows; a paused one can be among them."""
    if counted is None:
        return None
    level = 1 if counted > known.broken + known.paused else 0
    return Measurement(counted, level, level, (Severity.WARNING,))


def source_listing(source: SourceState, health: Health, now: datetime) -> Measurement | None:
    """The measurement of a source's listing: it has an account or none; None while its listing cannot be read.

    A list that answers 404 for long is perhaps empty; once an account was read, it is not.
    """
    severities = (Severity.WARNING,)
    if perhaps_none(source, health.read_at, now):
        return Measurement(0, 1, 1, severities)
    if source.absent_since and health.read_at and health.read_at >= source.absent_since:
        return Measurement(health.total, 0, 0, severities)
    if source.outage is not None or source.listed is None:
        return None
    empty = 0 if source.listed else 1
    return Measurement(source.listed, empty, empty, severities)
