"""From one check result to alert updates: validate it, apply it to the account, evaluate each rule.

Also evaluates a source's own alerts. Pure; ``checks/processor.py`` loads and saves around it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from operator import attrgetter

from bot.domain.accounts import (
    Account,
    CheckFailure,
    CheckResult,
    Credits,
    FailureKind,
    Health,
    Listed,
    Listing,
    Plan,
    PlanChange,
    Reading,
    SourceState,
)
from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence, Transition
from bot.domain.chats import Chat
from bot.domain.credit_changes import ChangeKind, CreditChanges, changes_between, is_moved, point_of
from bot.domain.events import TYPES, Event, EventType
from bot.domain.jobs import WITHIN, JobsFacts, facts_of
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.rules import Rules
from bot.domain.subscription import KnownBroken
from bot.evaluation.alert_state import (
    MUTES,
    due_notification,
    ended,
    has_eased,
    is_about,
    is_silenced,
    pending_reason,
    rearmed,
    transition,
)
from bot.evaluation.left_out import completed, has_become_free
from bot.evaluation.measurements import (
    Measurement,
    account_failures,
    credits_standing,
    is_about_subscription,
    plan_standing,
    source_broken,
    source_failures,
    source_listing,
)

Alerts = Mapping[AlertRule, Alert]

BESIDE_MOMENT = attrgetter(*(one.name for one in fields(Reading) if one.compare and one.name != "taken_at"))
"""Everything that a reading says; ``dataclasses.replace`` takes ten times as long for each check."""

NOT_ACTIVE = "useapi.net says that the subscription is not active"


@dataclass(frozen=True, slots=True)
class Audience:
    """The chats of one subject, what each got of its alerts, and the silences that can cover them.

    ``undelivered`` are the alerts with a delivery that waits. ``escalation`` are the chats that get an alert nobody
    acknowledged; one of them can be among ``chats``.
    """

    chats: tuple[Chat, ...] = ()
    notified: Mapping[AlertRule, Mapping[Chat, Notified]] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    undelivered: frozenset[AlertRule] = frozenset()
    escalation: tuple[Chat, ...] = ()

    @property
    def outside(self) -> tuple[Chat, ...]:
        """The chats that get nothing of the subject but what is escalated."""
        return tuple(one for one in self.escalation if one not in self.chats)


@dataclass(frozen=True, slots=True)
class AlertUpdate:
    """An alert after a check, what each chat has then got, and the notifications that this needs, with their chats.

    ``owed``: a silence withholds something from a chat. ``ended`` are the silences that the alert has ended. ``event``
    is the change itself, whatever the chats get of it.
    """

    alert: Alert
    notified: Mapping[Chat, Notified] = field(default_factory=dict)
    notifications: tuple[tuple[Notification, tuple[Chat, ...]], ...] = ()
    owed: bool = False
    ended: tuple[int, ...] = ()
    event: Event | None = None


def validate(sample: CheckResult, account: Account) -> CheckResult:
    """The result, corrected by what is known of the account.

    A reading without a bucket that the last one had would look like a loss: it is an invalid response. Other fields
    that it lacks keep their last values. A failure of an account that its source lists with an error is a broken
    session, with the listing's text.
    """
    if isinstance(sample, CheckFailure):
        if account.listed_error and not (sample.kind.refused or sample.kind is FailureKind.MISSING):
            return replace(sample, kind=FailureKind.BROKEN, said=account.listed_error)
        return sample
    missing = lost_bucket(sample, account.reading)
    if missing:
        return CheckFailure(sample.taken_at, FailureKind.GARBLED, f"{missing} is missing")
    return completed(sample, account.reading)


def lost_bucket(reading: Reading, before: Reading | None) -> str | None:
    """The bucket that the last reading had and this one lacks, by its name at the service; None if there is none."""
    if before is None:
        return None
    for bucket in ("daily", "package"):
        if getattr(reading.credits, bucket) is None and getattr(before.credits, bucket) is not None:
            return f"credit_{bucket}"
    return None


def apply_result(account: Account, sample: CheckResult) -> Account:
    """The account after a validated result; the same result again changes nothing."""
    if sample.taken_at == account.looked_at:
        return account
    if isinstance(sample, CheckFailure):
        return replace(
            account,
            outage=sample,
            failures=account.failures + 1,
            failing_since=account.failing_since or sample.taken_at,
            looked_at=sample.taken_at,
        )
    fresh = sample.credits
    known = None if has_become_free(account.reading, sample) else account.allowance
    return replace(
        account,
        reading=sample,
        outage=None,
        failures=0,
        failing_since=None,
        looked_at=sample.taken_at,
        allowance=fresh.monthly_allowance if fresh.monthly_allowance is not None else known,
        daily_allowance=fresh.daily_allowance if fresh.daily_allowance is not None else account.daily_allowance,
    )


def is_changed(before: Reading | None, after: Reading) -> bool:
    """True if two readings differ in more than their moment."""
    return before is None or BESIDE_MOMENT(before) != BESIDE_MOMENT(after)


def changes_since(before: Reading | None, after: Reading) -> CreditChanges:
    """The changes of credits since the last reading; nothing without one."""
    return changes_between(point_of(before), point_of(after)) if before else CreditChanges()


def credit_change(before: Reading | None, after: Reading) -> ChangeKind | None:
    """Why credits grew since the last reading; None if they did not."""
    return changes_since(before, after).grew_by


def decide_account(
    before: Account,
    account: Account,
    alerts: Alerts,
    rules: Rules,
    health: Health,
    audience: Audience,
    now: datetime,
) -> list[AlertUpdate]:
    """The updates of an account's alerts after one check; ``before`` is the account without it."""
    is_read = account.reading is not None and account.outage is None
    changes = changes_since(before.reading, account.reading) if account.reading and is_read else CreditChanges()
    standings: dict[AlertRule, Measurement | None] = {AlertRule.FAILURES: account_failures(account, rules, health)}
    if account.outage is None:
        standings[AlertRule.CREDITS] = credits_standing(account, rules.low_credits, changes)
        standings[AlertRule.PLAN] = plan_standing(account, before.reading, rules.plan_ends_within, now)
    updates = []
    for measure, standing in standings.items():
        alert = alerts.get(measure) or Alert(account.key, measure)
        decision = transition(alert, standing, rules.remind_every, now)
        if stays_quiet(alert, decision, audience):
            updates.append(AlertUpdate(alert))
            continue
        facts = account_facts(account, decision.alert, standing, since=alert.since, grown=changes.grew_by)
        if measure is AlertRule.CREDITS:
            facts = replace(facts, hushed=rang_for_jobs(alert, decision, alerts.get(AlertRule.JOBS)))
        if measure is AlertRule.PLAN:
            told = told_plan(before.reading, account.reading)
            facts = replace(facts, plan=told, plan_change=plan_change(before.reading, account.reading))
        updates.append(outcome_of(alert, decision, standing, facts, audience, now))
    return updates


def stays_quiet(before: Alert, decision: Transition, audience: Audience) -> bool:
    """True if an alert does not fire, as before, no chat is owed its end, and no silence can end: the usual case."""
    is_quiet = decision.alert is before and not before.level
    return is_quiet and not audience.notified.get(before.measure) and not audience.silences


def decide_plan(account: Account, alerts: Alerts, rules: Rules, audience: Audience, now: datetime) -> AlertUpdate:
    """The update of the plan alert of an account that nobody checks: its last reading has the end."""
    alert = alerts.get(AlertRule.PLAN) or Alert(account.key, AlertRule.PLAN)
    standing = plan_standing(account, account.reading, rules.plan_ends_within, now)
    decision = transition(alert, standing, rules.remind_every, now)
    facts = account_facts(account, decision.alert, standing, since=alert.since)
    return outcome_of(alert, decision, standing, facts, audience, now)


def outcome_of(
    before: Alert, decision: Transition, standing: Measurement | None, facts: Facts, audience: Audience, now: datetime
) -> AlertUpdate:
    """The update after a transition of an account's alert; it can ease or settle the alert."""
    after = decision.alert
    eased = after.level > 0 and has_eased(after, before.level, out=before.out)
    settled = standing is not None and standing.settled
    return update(after, decision.reason, facts, audience, now, eased=eased, settled=settled)


def rang_for_jobs(before: Alert, decision: Transition, jobs: Alert | None) -> bool:
    """True if credits get critical and make no sound, because refused jobs rang before."""
    if jobs is None or not jobs.level or jobs.since is None or jobs.reminded_at is None:
        return False
    return is_critical(decision.alert) and not is_critical(before) and jobs.reminded_at >= jobs.since


def is_critical(alert: Alert | None) -> bool:
    return alert is not None and alert.level > 0 and alert.severity is Severity.CRITICAL


def told_plan(before: Reading | None, after: Reading | None) -> Plan | None:
    """The plan that a message names: a paid plan that became free keeps its own name and end."""
    if after is not None and after.plan.free and before is not None and before.plan.free is False:
        return replace(before.plan, free=True)
    return after.plan if after else None


def plan_change(before: Reading | None, after: Reading | None) -> PlanChange | None:
    """How a plan changed between two readings; None if it did not, for example after another rule came into force."""
    if before is None or after is None:
        return None
    old, new = before.plan, after.plan
    if old.name is not None and new.name is not None and old.name != new.name:
        return PlanChange.CHANGED
    if is_moved(old.ends_at, new.ends_at):
        return PlanChange.RENEWED
    return PlanChange.KEPT if old.cancelled_at and not new.cancelled_at else None


def decide_source(
    source: SourceState, alerts: Alerts, rules: Rules, health: Health, audience: Audience, now: datetime
) -> list[AlertUpdate]:
    """The updates of a source's own two alerts."""
    failing = alerts.get(AlertRule.FAILURES) or Alert(source.key, AlertRule.FAILURES)
    standings = {
        AlertRule.FAILURES: source_failures(source, health, rules, failing, now),
        AlertRule.LISTING: source_listing(source, health, now),
    }
    updates = []
    for measure, standing in standings.items():
        alert = alerts.get(measure) or Alert(source.key, measure)
        decision = transition(alert, standing, rules.remind_every, now)
        after = decision.alert
        if decision.reason is NotifyReason.FIRED:
            after = replace(after, subscription=measure is AlertRule.FAILURES and is_about_subscription(after))
        updates.append(update(after, decision.reason, source_facts(source, health, after), audience, now))
    return updates


def decide_broken(
    source: SourceState,
    alerts: Alerts,
    rules: Rules,
    counted: int | None,
    known: KnownBroken,
    audience: Audience,
    now: datetime,
) -> AlertUpdate:
    """The update of the alert about broken accounts that the bot does not know."""
    alert = alerts.get(AlertRule.BROKEN) or Alert(source.key, AlertRule.BROKEN)
    decision = transition(alert, source_broken(counted, known), rules.remind_every, now)
    return update(decision.alert, decision.reason, broken_facts(source, counted, known, decision.alert), audience, now)


def update(
    alert: Alert,
    reason: NotifyReason,
    facts: Facts,
    audience: Audience,
    now: datetime,
    *,
    eased: bool = False,
    settled: bool = False,
) -> AlertUpdate:
    """The alert with the notifications that its chats are due, noted as what they have got.

    The memory of a chat outside the audience is dropped once the alert is over. A ``settled`` alert is over without a
    message as soon as Telegram has taken all of it; a chat from which a mute withheld it gets it afterwards, while the
    plan is still gone, unless somebody acknowledged or snoozed it.
    """
    before = audience.notified.get(alert.measure) or {}
    if not alert.level and not is_plan_gone(alert, facts):
        before = {chat: one for chat, one in before.items() if one.level}
    left_behind = ended_by(alert, audience.silences, eased=eased)
    silences = [one for one in audience.silences if one not in left_behind]
    over = ids_of(left_behind)
    event = event_of(alert, NotifyReason.EASED if eased else reason, facts)
    if not alert.level and not before:
        return AlertUpdate(alert, ended=over, event=event)
    after = {chat: known for chat, one in before.items() if alert.level and (known := rearmed(alert, one))}
    said: dict[NotifyReason, list[Chat]] = {}
    owed = False
    for chat in audience.chats:
        silenced = is_silenced(alert, chat, silences, now)
        known, why = due_notification(alert, before.get(chat), reason, silenced=silenced)
        if known:
            after[chat] = known
        if why is not NotifyReason.NONE:
            said.setdefault(why, []).append(chat)
        owed |= pending_reason(alert, known) is not None
    for chat in () if alert.level else audience.outside:  # of an alert that was escalated there only the end follows
        silenced = is_silenced(alert, chat, silences, now)
        known, why = due_notification(alert, before.get(chat), NotifyReason.NONE, silenced=silenced)
        if known:
            after[chat] = known
        if why is NotifyReason.RESOLVED:
            said.setdefault(why, []).append(chat)
    told = replace(alert, sequence=alert.sequence + 1) if said else alert
    shown = told if alert.level or NotifyReason.FIRED not in said else replace(told, severity=Severity.CRITICAL)
    notifications = tuple((notification_of(shown, why, facts), tuple(chats)) for why, chats in said.items())
    if settled and alert.level and alert.measure not in audience.undelivered:
        told = ended(told)
        of_it = [one for one in silences if one.kind not in MUTES]
        unaware = (chat for chat in audience.chats if not is_silenced(alert, chat, of_it, now))
        after = {chat: Notified(alert.episode, 0) for chat in unaware if pending_reason(alert, after.get(chat))}
        over = ids_of(ended_by(told, audience.silences))
        as_it_stands = notification_of(replace(alert, severity=alert.peak or alert.severity), NotifyReason.FIRED, facts)
        event = Event(EventType.RESOLVED, as_it_stands, alert.since)
    return AlertUpdate(told, after, notifications, owed, over, event)


def event_of(alert: Alert, reason: NotifyReason, facts: Facts) -> Event | None:
    """The event of an alert's change; None if nothing changed. That of a recovery has the alert's worst severity."""
    if reason not in TYPES:
        return None
    severity = alert.severity if alert.level else alert.peak
    notification = notification_of(replace(alert, severity=severity), reason, facts)
    return Event(TYPES[reason], notification, alert.since)


def is_plan_gone(alert: Alert, facts: Facts) -> bool:
    """True if an alert is about a plan that is gone: the account is a free one now."""
    return alert.measure is AlertRule.PLAN and facts.plan is not None and facts.plan.free is True


def ended_by(alert: Alert, silences: Iterable[Silence], *, eased: bool = False) -> list[Silence]:
    """The snoozes and acks that an alert ends: it is over, worse than it was then, or eased."""
    of_it = (one for one in silences if (one.subject, one.measure) == (alert.subject, alert.measure))
    return [one for one in of_it if eased or not is_about(one, alert)]


def ids_of(silences: Iterable[Silence]) -> tuple[int, ...]:
    return tuple(one.id for one in silences)


def notification_of(alert: Alert, reason: NotifyReason, facts: Facts) -> Notification:
    """The notification of an alert. All chats that get it at the same moment share its key."""
    return Notification(
        key=f"{alert.subject}|{alert.measure}|{alert.episode}|{alert.sequence}",
        topic=NotificationKind.ALERT,
        severity=alert.severity or Severity.INFO,
        reason=reason,
        subject=alert.subject,
        measure=alert.measure,
        episode=alert.episode,
        facts=facts,
    )


def standing_of(measure: AlertRule, account: Account, rules: Rules, now: datetime) -> Measurement | None:
    """The measurement of the last reading, for an alert that is sent again without a check; None if unknown."""
    if account.outage is not None or account.reading is None:
        return None
    if measure is AlertRule.CREDITS:
        return credits_standing(account, rules.low_credits)
    return plan_standing(account, account.reading, rules.plan_ends_within, now) if measure is AlertRule.PLAN else None


def closed_event(alert: Alert, facts: Facts) -> Event:
    """The end of an alert whose rule was switched off, or whose account is no longer watched.

    No chat gets a message of it.
    """
    as_it_was = replace(alert, severity=alert.peak or alert.severity)
    named = replace(facts, fired_for_subscription=alert.subscription)
    notification = replace(notification_of(as_it_was, NotifyReason.RESOLVED, named), topic=NotificationKind.CLOSED)
    return Event(EventType.RESOLVED, notification, alert.since)


def account_facts(
    account: Account,
    alert: Alert,
    standing: Measurement | None,
    since: datetime | None = None,
    grown: str | None = None,
) -> Facts:
    reading, outage = account.reading, account.outage
    return Facts(
        name=account.name,
        email=account.email,
        taken_at=account.looked_at,
        value=standing.value if standing else None,
        rung=standing.rung(alert.level) if standing else None,
        threshold=standing.threshold(alert.level) if standing else None,
        level=alert.level,
        since=account.failing_since if outage and alert.measure is AlertRule.FAILURES else (alert.since or since),
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
        jobs=jobs_of(account, alert),
    )


def jobs_of(account: Account, alert: Alert) -> JobsFacts | None:
    """The refused jobs, where they belong to a message: their own, or one about critical credits."""
    found = facts_of(account.jobs)
    if found is None or alert.measure is AlertRule.JOBS:
        return found if alert.measure is AlertRule.JOBS else None
    fresh = account.looked_at is None or account.looked_at - found.last_at < WITHIN
    return found if alert.measure is AlertRule.CREDITS and is_critical(alert) and fresh else None


def with_allowances(account: Account) -> Credits | None:
    """The last credits, with the last known allowances where the reading lacks them."""
    if account.reading is None:
        return None
    credits, known = account.reading.credits, (account.allowance, account.daily_allowance, account.job_cost)
    if (credits.monthly_allowance, credits.daily_allowance, credits.job_cost) == known:
        return credits
    return replace(credits, monthly_allowance=known[0], daily_allowance=known[1], job_cost=known[2])


def source_facts(source: SourceState, health: Health, alert: Alert) -> Facts:
    listing = alert.measure is AlertRule.LISTING
    outage = source.outage if listing else source_outage(source, health, alert)
    return Facts(
        name=source.key,
        source=source.key,
        since=source.absent_since if listing else health.since or source.failing_since or alert.since,
        level=alert.level,
        outage=outage.kind if outage and (alert.level or listing) else None,
        said=outage.said if outage and (alert.level or listing) else None,
        count=health.total if alert.level and outage and health.refused and outage.kind.refused else health.failing,
        total=source.listed if listing else health.total,
        origin=source.origin,
        token_from=source.token_from,
        subscription=not listing and is_about_subscription(alert),
        fired_for_subscription=alert.subscription,
        worst=None if listing else alert.worst,
    )


def source_outage(source: SourceState, health: Health, alert: Alert) -> CheckFailure | None:
    """Why a source cannot be read: what its accounts or its list answer, or useapi.net's word on the subscription."""
    verdict = source.subscription
    known = None if health.refused else verdict
    if known is not None and (known.active is False or (health.outage is None and is_open_lapse(alert))):
        return CheckFailure(known.asked_at, FailureKind.LAPSED, NOT_ACTIVE)
    return health.outage or source.outage


def is_open_lapse(alert: Alert) -> bool:
    """True if a subscription was over, and nothing has shown yet that it works again."""
    return alert.level > 0 and is_about_subscription(alert)


def broken_facts(source: SourceState, counted: int | None, known: KnownBroken, alert: Alert) -> Facts:
    """How many accounts useapi.net calls broken, and how many the bot knows (``total``)."""
    return Facts(
        name=source.key,
        source=source.key,
        since=alert.since,
        level=alert.level,
        count=counted,
        total=known.broken,
        origin=source.origin,
    )


def gone_notification(account: Account, now: datetime) -> Notification:
    """The one notification of an account that its source no longer lists."""
    facts = Facts(
        name=account.name,
        email=account.email,
        credits=with_allowances(account),
        credits_at=account.reading.taken_at if account.reading else None,
        taken_at=now,
        source=account.source,
    )
    key = f"{account.key}|gone|{now.isoformat()}"
    return Notification(key=key, topic=NotificationKind.GONE, severity=Severity.INFO, subject=account.key, facts=facts)


def newly_listed(listing: Listing, known: Iterable[str]) -> list[Listed]:
    """The accounts of a listing that are not watched yet, in its order, each once."""
    seen = {email.lower() for email in known}
    fresh: list[Listed] = []
    for entry in listing.accounts:
        if entry.email.lower() not in seen:
            seen.add(entry.email.lower())
            fresh.append(entry)
    return fresh
