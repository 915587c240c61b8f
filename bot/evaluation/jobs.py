"""The rule of refused jobs: so many within an hour for want of credits. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.notifications import Facts
from bot.domain.rules import Rules
from bot.evaluation.alert_state import transition
from bot.evaluation.evaluate import (
    Alerts,
    AlertUpdate,
    Audience,
    account_facts,
    ended_by,
    event_of,
    ids_of,
    is_critical,
    update,
)
from bot.evaluation.measurements import Measurement

RINGS_EVERY = timedelta(days=1)
"""An alert of refused jobs rings at most this often where there are no reminders."""

REFUSED = 1


def jobs_standing(account: Account, rules: Rules, now: datetime, *, covered: bool) -> Measurement | None:
    """Refused jobs within the hour against the limit; None where the rule is off, or nothing is known.

    Jobs that were refused before critical credits were over say nothing new. ``covered``: credits are critical now, so
    that refused jobs are a line of that alert. It holds while the last refusal is younger than an hour and no later
    request was accepted.
    """
    limit, jobs = rules.refused_jobs, account.jobs
    if not limit:
        return None
    if jobs is None:
        return Measurement(0, 0, 0, (Severity.CRITICAL,))
    count, still = jobs.refused(now, account.jobs_settled_at), jobs.is_open(now, account.jobs_settled_at)
    fires = still and not covered and count >= limit
    levels = REFUSED if fires else 0, REFUSED if still else 0
    return Measurement(count, *levels, (Severity.CRITICAL,), written=(str(limit),))


def decide_jobs(account: Account, alerts: Alerts, rules: Rules, audience: Audience, now: datetime) -> AlertUpdate:
    """The update of the alert of refused jobs.

    It resolves when a job was accepted, and ends without a message when the hour is over. It rings once in
    ``REMIND_EVERY``: an episode that begins earlier is silent. While credits are critical their alert reminds for both.
    """
    alert = alerts.get(AlertRule.JOBS) or Alert(account.key, AlertRule.JOBS)
    covered = is_critical(alerts.get(AlertRule.CREDITS))
    standing = jobs_standing(account, rules, now, covered=covered)
    decision = transition(alert, standing, None if covered else rules.remind_every, now)
    after = decision.alert
    if decision.reason is NotifyReason.RESOLVED and not (account.jobs and account.jobs.accepted_at):
        event = event_of(after, decision.reason, account_facts(account, after, standing, since=alert.since))
        return AlertUpdate(after, ended=ids_of(ended_by(after, audience.silences)), event=event)
    quiet = decision.reason is NotifyReason.FIRED and has_rung(alert, rules.remind_every, now)
    if quiet:
        after = replace(after, reminded_at=alert.reminded_at)
    facts = replace(account_facts(account, after, standing, since=alert.since), hushed=quiet or covered)
    return update(after, decision.reason, facts, audience, now)


def jobs_facts(account: Account, alert: Alert, alerts: Alerts, rules: Rules, now: datetime) -> Facts:
    """The facts of an alert of refused jobs that is sent again without statistics."""
    covered = is_critical(alerts.get(AlertRule.CREDITS))
    facts = account_facts(account, alert, jobs_standing(account, rules, now, covered=covered))
    return replace(facts, hushed=covered)


def has_rung(alert: Alert, remind_every: timedelta | None, now: datetime) -> bool:
    """True if an earlier episode rang within the time of a reminder."""
    rang = alert.reminded_at
    return rang is not None and timedelta(0) <= now - rang < (remind_every or RINGS_EVERY)
