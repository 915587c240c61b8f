"""The body of an event, by docs/webhook.schema.json. Pure."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRule
from bot.domain.chats import Chat
from bot.domain.events import EventType, WaitingEvent
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.evaluation.account_row import iso
from bot.evaluation.forecast.runway import NO_FEAR
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.formatting import parted_name
from bot.telegram.text.messages import render

VERSION = 1
NOBODY = Chat(0)
"""In place of a chat: an event has none."""

RULES = {
    AlertRule.CREDITS: "low_credits",
    AlertRule.PLAN: "plan_ends",
    AlertRule.RUNWAY: "runs_out",
    AlertRule.SPIKE: "runs_out",
    AlertRule.FAILURES: "unreadable",
    AlertRule.LISTING: "unreadable",
    AlertRule.BROKEN: "unreadable",
    AlertRule.JOBS: "refused_jobs",
}
"""The rules by the names that receivers read."""

TEST = "credit-bot doctor: a test. Events come here."


def body_of(waiting: WaitingEvent, zone: ZoneInfo) -> str:
    """The body as JSON. Each attempt has the same: the text is that of the event's own moment."""
    event, notification = waiting.event, waiting.event.notification
    facts, rule = notification.facts, notification.measure
    is_account = facts.email is not None
    is_named = is_account and parted_name(facts.name)[0].lower() != (facts.email or "").lower()
    subject = notification.subject or facts.source or ""
    return as_json(
        event.type,
        waiting.at,
        account=notification.subject or None if is_account else None,
        label=facts.name if is_named else None if is_account else facts.origin,
        service=subject.partition(":")[0].partition("/")[0] or None,
        alert=f"{subject}|{rule.value}|{notification.episode}" if rule else None,
        rule=rule_of(facts, rule),
        severity=notification.severity.word if rule else None,
        value=value_of(notification),
        threshold=None if event.type is EventType.RESOLVED else facts.threshold,
        since=iso(event.since),
        text=text_of(waiting, zone),
    )


def rule_of(facts: Facts, rule: AlertRule | None) -> str | None:
    """The name of a rule. That of a source's failures stays as it was when the alert fired."""
    # an event that an older version stored lacks how it fired
    fired = facts.fired_for_subscription
    is_subscription = facts.subscription if fired is None else fired
    return "subscription" if is_subscription else RULES[rule] if rule else None


def doctor_body(now: datetime) -> str:
    """The body of the notice that ``doctor`` sends."""
    return as_json(EventType.NOTICE, now, text=TEST)


def as_json(kind: EventType, at: datetime, **data: Any) -> str:
    """A body with every key of ``data``: what nobody knows, or what it does not concern, is null."""
    keys = ("alert", "account", "label", "service", "rule", "severity", "value", "threshold", "since", "text")
    whole = {"version": VERSION, **{key: data.get(key) for key in keys}}
    return json.dumps({"type": kind.value, "timestamp": iso(at), "data": whole}, ensure_ascii=False)


def value_of(notification: Notification) -> float | None:
    """The value in the rule's own unit: credits, seconds left, or failed checks in a row.

    A pace has no place in ``runs_out``, which is in seconds; nor has a run-out beyond the horizon.
    """
    value, rule = notification.facts.value, notification.measure
    if notification.topic is not NotificationKind.ALERT or value is None or rule is AlertRule.SPIKE:
        return None
    if rule is AlertRule.RUNWAY and value >= NO_FEAR:
        return None
    whole = round(value) if rule in (AlertRule.PLAN, AlertRule.RUNWAY, AlertRule.FAILURES) else value
    return int(whole) if float(whole).is_integer() else whole


def text_of(waiting: WaitingEvent, zone: ZoneInfo) -> str:
    """The message of a chat that gets the event alone and at once."""
    delivery = Delivery(waiting.id, NOBODY, waiting.event.notification, waiting.at)
    return render(Batch((PendingAlert((delivery,)),)), waiting.at, zone).message.text
