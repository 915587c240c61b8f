"""One look's way from sample to what has to be said: judged, noted on the account, decided for each of its rules.

Also what a source's own state makes due. Everything here is pure; ``bot/checks.py`` loads and saves around it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.credit_changes import ChangeKind, changes_between, is_moved, point_of
from bot.core.decide import announce, decide, is_silenced
from bot.core.left_out import completed
from bot.core.measures import (
    Standing,
    account_failures,
    credits_standing,
    plan_standing,
    source_failures,
    source_listing,
)
from bot.core.model import (
    Account,
    Alert,
    Credits,
    Facts,
    Health,
    Listed,
    Listing,
    Measure,
    Notice,
    Outage,
    OutageKind,
    Plan,
    PlanChange,
    Reading,
    Reason,
    Rules,
    Sample,
    Severity,
    Silence,
    SourceState,
    Topic,
)

Alerts = Mapping[Measure, Alert]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An alert after a look, and the notice it calls for, if any."""

    alert: Alert
    notice: Notice | None = None


def judge(sample: Sample, account: Account) -> Sample:
    """The sample in the light of what is known of the account.

    A bucket that the last reading had and this one lacks would read as a loss: such a body is garbled. Whatever else
    was left out is as it was told last. A failed look
    at an account that its source lists with an error is broken, in the listing's words.
    """
    if isinstance(sample, Outage):
        if account.listed_error and not (sample.kind.refused or sample.kind is OutageKind.MISSING):
            return replace(sample, kind=OutageKind.BROKEN, said=account.listed_error)
        return sample
    missing = lost_bucket(sample, account.reading)
    if missing:
        return Outage(sample.taken_at, OutageKind.GARBLED, f"{missing} is missing")
    return completed(sample, account.reading)


def lost_bucket(reading: Reading, before: Reading | None) -> str | None:
    """The bucket that the reading before had and this one does not."""
    if before is None:
        return None
    for bucket in ("daily", "package"):
        if getattr(reading.credits, bucket) is None and getattr(before.credits, bucket) is not None:
            return f"credit_{bucket}"
    return None


def noted(account: Account, sample: Sample) -> Account:
    """The account once a judged sample is noted on it; the same sample again changes nothing."""
    if sample.taken_at == account.looked_at:
        return account
    if isinstance(sample, Outage):
        return replace(
            account,
            outage=sample,
            failures=account.failures + 1,
            failing_since=account.failing_since or sample.taken_at,
            looked_at=sample.taken_at,
        )
    fresh = sample.credits
    return replace(
        account,
        reading=sample,
        outage=None,
        failures=0,
        failing_since=None,
        looked_at=sample.taken_at,
        allowance=fresh.monthly_allowance if fresh.monthly_allowance is not None else account.allowance,
        daily_allowance=fresh.daily_allowance if fresh.daily_allowance is not None else account.daily_allowance,
    )


def is_changed(before: Reading | None, after: Reading) -> bool:
    """Whether a reading tells anything but its own moment that the one before did not."""
    return before is None or replace(before, taken_at=after.taken_at) != after


def growth(before: Reading | None, after: Reading) -> ChangeKind | None:
    """Why credits grew since the reading before; None if they did not."""
    return changes_between(point_of(before), point_of(after)).grew_by if before else None


def decide_account(
    before: Account,
    account: Account,
    alerts: Alerts,
    rules: Rules,
    health: Health,
    silences: Iterable[Silence],
    now: datetime,
) -> list[Outcome]:
    """What one look does to every alert of its account; ``before`` is the account without it."""
    standings: dict[Measure, Standing | None] = {Measure.FAILURES: account_failures(account, rules, health)}
    if account.outage is None:
        standings[Measure.CREDITS] = credits_standing(account, rules.low_credits)
        standings[Measure.PLAN] = plan_standing(account, before.reading, rules.plan_ends_within, now)
    grown = growth(before.reading, account.reading) if account.reading and account.outage is None else None
    outcomes = []
    for measure, standing in standings.items():
        alert = alerts.get(measure) or Alert(account.key, measure)
        decision = decide(alert, standing, rules.remind_every, now)
        facts = account_facts(account, decision.alert, standing, since=alert.since, grown=grown)
        if measure is Measure.PLAN:
            told = told_plan(before.reading, account.reading)
            facts = replace(facts, plan=told, plan_change=plan_change(before.reading, account.reading))
        outcomes.append(outcome(decision.alert, decision.reason, facts, silences, now))
    return outcomes


def decide_plan(account: Account, alerts: Alerts, rules: Rules, silences: Iterable[Silence], now: datetime) -> Outcome:
    """What time alone does to the plan alert of an account that nobody looks at: the end is known from its reading."""
    alert = alerts.get(Measure.PLAN) or Alert(account.key, Measure.PLAN)
    standing = plan_standing(account, account.reading, rules.plan_ends_within, now)
    decision = decide(alert, standing, rules.remind_every, now)
    facts = account_facts(account, decision.alert, standing, since=alert.since)
    return outcome(decision.alert, decision.reason, facts, silences, now)


def told_plan(before: Reading | None, after: Reading | None) -> Plan | None:
    """The plan that a message is about: a paid plan that became free is told by its own name and end."""
    ended = after is not None and after.plan.free and before is not None and before.plan.free is False
    spoken = before if ended else after
    return spoken.plan if spoken else None


def plan_change(before: Reading | None, after: Reading | None) -> PlanChange | None:
    """What became of a plan between two readings; None where nothing did, as when another rule came into force."""
    if before is None or after is None:
        return None
    old, new = before.plan, after.plan
    if old.name is not None and new.name is not None and old.name != new.name:
        return PlanChange.CHANGED
    if is_moved(old.ends_at, new.ends_at):
        return PlanChange.RENEWED
    return PlanChange.KEPT if old.cancelled_at and not new.cancelled_at else None


def decide_source(
    source: SourceState, alerts: Alerts, rules: Rules, health: Health, silences: Iterable[Silence], now: datetime
) -> list[Outcome]:
    """What a source's state does to its own two alerts."""
    standings = {
        Measure.FAILURES: source_failures(source, health, rules),
        Measure.LISTING: source_listing(source, health, now),
    }
    outcomes = []
    for measure, standing in standings.items():
        alert = alerts.get(measure) or Alert(source.key, measure)
        decision = decide(alert, standing, rules.remind_every, now)
        facts = source_facts(source, health, decision.alert)
        outcomes.append(outcome(decision.alert, decision.reason, facts, silences, now))
    return outcomes


def outcome(alert: Alert, reason: Reason, facts: Facts, silences: Iterable[Silence], now: datetime) -> Outcome:
    """The alert with what is to be said of it put in a notice and noted as told."""
    said = announce(alert, reason, silenced=is_silenced(alert, silences, now))
    if said.reason is Reason.NONE:
        return Outcome(said.alert)
    told = said.alert
    notice = Notice(
        key=f"{told.subject}|{told.measure}|{told.episode}|{said.reason}|{told.sequence}",
        topic=Topic.ALERT,
        severity=told.severity or Severity.INFO,
        reason=said.reason,
        subject=told.subject,
        measure=told.measure,
        episode=told.episode,
        facts=facts,
    )
    return Outcome(told, notice)


def account_facts(
    account: Account, alert: Alert, standing: Standing | None, since: datetime | None = None, grown: str | None = None
) -> Facts:
    """What a message about an account's alert has to tell, as it is now."""
    reading, outage = account.reading, account.outage
    return Facts(
        name=account.name,
        email=account.email,
        taken_at=account.looked_at,
        value=standing.value if standing else None,
        rung=standing.rung(alert.level) if standing else None,
        level=alert.level,
        since=account.failing_since if outage and alert.measure is Measure.FAILURES else (alert.since or since),
        worst=alert.worst,
        credits=with_allowances(account),
        credits_at=reading.taken_at if reading else None,
        plan=reading.plan if reading else None,
        left_out=reading.left_out if reading else (),
        growth=grown,
        foretold=account.foretold,
        outage=outage.kind if outage else None,
        said=outage.said if outage else None,
        source=account.source,
    )


def with_allowances(account: Account) -> Credits | None:
    """The last credits, with the allowances last known where the reading left them out."""
    if account.reading is None:
        return None
    credits, known = account.reading.credits, (account.allowance, account.daily_allowance)
    if (credits.monthly_allowance, credits.daily_allowance) == known:
        return credits
    return replace(credits, monthly_allowance=account.allowance, daily_allowance=account.daily_allowance)


def source_facts(source: SourceState, health: Health, alert: Alert) -> Facts:
    """What a message about a source's alert has to tell, as it is now."""
    listing = alert.measure is Measure.LISTING
    outage = source.outage if listing else health.outage or source.outage
    return Facts(
        name=source.key,
        source=source.key,
        since=source.absent_since if listing else health.since or source.failing_since or alert.since,
        level=alert.level,
        outage=outage.kind if outage and (alert.level or listing) else None,
        said=outage.said if outage and (alert.level or listing) else None,
        count=health.failing,
        total=source.listed if listing else health.total,
        origin=source.origin,
        token_from=source.token_from,
    )


def gone_notice(account: Account, now: datetime) -> Notice:
    """Said once of an account that its source no longer lists."""
    facts = Facts(
        name=account.name,
        email=account.email,
        credits=with_allowances(account),
        credits_at=account.reading.taken_at if account.reading else None,
        taken_at=now,
        source=account.source,
    )
    key = f"{account.key}|gone|{now.isoformat()}"
    return Notice(key=key, topic=Topic.GONE, severity=Severity.INFO, subject=account.key, facts=facts)


def newly_listed(listing: Listing, known: Iterable[str]) -> list[Listed]:
    """The accounts of a listing that are not watched yet, in its order, each once."""
    seen = {email.lower() for email in known}
    fresh: list[Listed] = []
    for entry in listing.accounts:
        if entry.email.lower() not in seen:
            seen.add(entry.email.lower())
            fresh.append(entry)
    return fresh
