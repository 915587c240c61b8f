"""Until when the same reading again would decide nothing new, as most checks find it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bot.domain.accounts import Account, Reading
from bot.domain.alerts import Alert, AlertRule
from bot.domain.rules import Rules, Thresholds
from bot.evaluation.evaluate import Alerts
from bot.evaluation.measurements import RENEWAL_GRACE, plan_standing

LONGEST = timedelta(days=1)
"""An account is evaluated again after this at the latest, however steady it is."""

HAIR = timedelta(milliseconds=1)
"""More than the error of a plan's time left as a float."""


def steady_until(
    account: Account, alerts: Alerts, rules: Rules, now: datetime, *, owed: bool = False
) -> datetime | None:
    """The moment before which the present reading leaves the account's alerts as they are, however often it is read.

    ``alerts`` are as that reading left them at ``now``. None while a chat is ``owed`` something (a silence withholds
    it), or after a failed check.
    """
    known = [
        alerts[measure] for measure in (AlertRule.FAILURES, AlertRule.CREDITS, AlertRule.PLAN) if measure in alerts
    ]
    if owed or account.reading is None or account.outage or any(is_open(alert, now) for alert in known):
        return None
    plan = plan_standing(account, account.reading, rules.plan_ends_within, now)
    if plan and plan.settled and AlertRule.PLAN in alerts and alerts[AlertRule.PLAN].level:
        return None  # an alert about a plan that is gone ends once every chat has got it
    if plan and (AlertRule.PLAN not in alerts or plan.fire_level > alerts[AlertRule.PLAN].level):
        return None  # a renewal has just ended the alert of the period before, and the new end is near
    turns = [*plan_turns(account.reading, rules.plan_ends_within), *reminders(known, rules.remind_every)]
    return min([now + LONGEST, *(turn - HAIR for turn in turns if turn > now)])


def plan_steady_until(account: Account, alert: Alert | None, rules: Rules, now: datetime) -> datetime:
    """The moment before which time alone leaves the plan alert of an account that nobody checks as it is."""
    turns = [*plan_turns(account.reading, rules.plan_ends_within)] if account.reading else []
    turns += reminders([alert] if alert else [], rules.remind_every)
    return min([now + LONGEST, *(turn - HAIR for turn in turns if turn > now)])


def is_open(alert: Alert, now: datetime) -> bool:
    """True if the next check would move an alert, or notify, whatever it finds."""
    ahead = alert.level > 0 and (alert.reminded_at is None or alert.reminded_at > now)
    failed = alert.measure is AlertRule.FAILURES and alert.level > 0
    return ahead or failed


def plan_turns(reading: Reading, ladder: Thresholds) -> Iterator[datetime]:
    """When the plan's time left reaches a threshold, and when it is over."""
    end = reading.plan.ends_at
    if end is None or reading.plan.free:
        return
    yield from (end - timedelta(seconds=rung.value) for rung in ladder)
    yield from (end, end + RENEWAL_GRACE)


def reminders(alerts: Iterable[Alert], remind_every: timedelta | None) -> Iterator[datetime]:
    for alert in alerts:
        if alert.reminds and alert.reminded_at and remind_every:
            yield alert.reminded_at + remind_every
