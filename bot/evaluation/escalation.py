"""Escalation: an alert that was critical for so long, and that nobody acknowledged, goes to further chats too. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.notifications import Facts
from bot.evaluation.alert_state import MUTES, covers
from bot.evaluation.evaluate import Alerts, AlertUpdate, Audience, event_of, is_critical, notification_of


def is_due(alert: Alert, alerts: Alerts, silences: Iterable[Silence], after: timedelta, now: datetime) -> bool:
    """True if an alert is to be escalated now; ``alerts`` are all alerts of its subject.

    An ack withholds it, and so does a mute of every chat; what one chat silenced for itself does not. Refused jobs are
    a line of critical credits, which are escalated in their place.
    """
    since = alert.unattended_since
    if not alert.level or alert.severity is not Severity.CRITICAL or alert.escalated or since is None:
        return False
    if alert.measure is AlertRule.JOBS and is_critical(alerts.get(AlertRule.CREDITS)):
        return False
    return now - since >= after and not any(is_of_all(one) and covers(one, alert, now) for one in silences)


def is_of_all(silence: Silence) -> bool:
    """True for an ack, and for a mute of every chat."""
    return silence.kind is SilenceKind.ACK or (silence.kind in MUTES and silence.chat is None)


def escalate(alert: Alert, facts: Facts, audience: Audience) -> AlertUpdate:
    """The update that escalates an alert, once an episode: its chats then have all of it, whatever they had before.

    Refused jobs whose episode made no sound make none here either.
    """
    told = replace(alert, sequence=alert.sequence + 1, escalated=True, unattended_since=None)
    quiet = alert.measure is AlertRule.JOBS and alert.since is not None and was_silent(alert, alert.since)
    facts = replace(facts, unattended_since=alert.unattended_since, hushed=quiet)
    inside = tuple(one for one in audience.escalation if one in audience.chats)
    addressed = ((facts, inside), (replace(facts, outside=True), audience.outside))
    got = Notified(alert.episode, alert.level, alert.out)
    return AlertUpdate(
        told,
        {**(audience.notified.get(alert.measure) or {}), **dict.fromkeys(audience.escalation, got)},
        tuple((notification_of(told, NotifyReason.ESCALATED, some), chats) for some, chats in addressed if chats),
        event=event_of(told, NotifyReason.ESCALATED, facts),
    )


def was_silent(alert: Alert, since: datetime) -> bool:
    """True if an episode of refused jobs made no sound, because an earlier one rang."""
    return alert.reminded_at is not None and alert.reminded_at < since
