"""The state of one alert, and what each chat is due of it.

``transition`` moves the state and knows neither chats nor silences. ``due_notification`` compares the state with what
one chat got last and withholds what a silence covers. A silence never changes the state, a silence of one chat changes
nothing in another, and the chat gets what it withheld once it has ended.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import (
    QUIET,
    Alert,
    AlertRule,
    Notified,
    NotifyReason,
    Severity,
    Silence,
    SilenceKind,
    Transition,
)
from bot.domain.chats import Chat
from bot.domain.rules import CANCELLED, RENEWS
from bot.evaluation.measurements import Measurement

ACK_LASTS = timedelta(days=1)
MUTES = (SilenceKind.ALL, SilenceKind.ACCOUNT)
"""Silences of whole accounts, not of one alert."""


def transition(alert: Alert, standing: Measurement | None, remind_every: timedelta | None, now: datetime) -> Transition:
    """The next state of an alert. The same measurement again changes nothing.

    An unknown measurement changes nothing either: it neither fires nor resolves. One that is ``settled`` ends the alert
    without a message, once every chat has got it; ``evaluate.update`` knows when.
    """
    if standing is None or standing.settled:
        return Transition(alert, NotifyReason.NONE)
    level = max(standing.fire_level, min(alert.level, held(alert, standing)))
    if is_renewed(alert, standing):
        level = 0
    return moved(alert, standing, level, remind_every, now)


def held(alert: Alert, standing: Measurement) -> int:
    """The deepest level that is not cleared yet. For a plan that renews, only "has ended" is worse than "renews"."""
    has_ended = alert.level >= len(standing.severities)
    return min(standing.clear_level, RENEWS) if standing.renews and not has_ended else standing.clear_level


def is_renewed(alert: Alert, standing: Measurement) -> bool:
    """True if a new period began: messages about the old one are over, even if the new end is near.

    A plan that does not renew by itself counts only once its new end is above all thresholds.
    """
    off = standing.renews or standing.fire_level == CANCELLED
    if alert.level == 0 or not off or alert.period is None or standing.period is None:
        return False
    return standing.period - alert.period > timedelta(days=1)


def moved(alert: Alert, standing: Measurement, level: int, remind_every: timedelta | None, now: datetime) -> Transition:
    """The transition to a known next level."""
    if level == 0:
        return Transition(ended(alert), NotifyReason.RESOLVED if alert.level else NotifyReason.NONE)
    firing = replace(
        alert,
        level=level,
        severity=standing.severity(level),
        worst=lowest_value(alert, standing.value),
        period=standing.period,
        out=(alert.level > 0 and alert.out) if standing.out is None else standing.out,
        unattended_since=waits_since(alert, standing.severity(level), now),
    )
    firing = replace(firing, peak=max(filter(None, (peak_of(alert), firing.severity)), default=None))
    if alert.level == 0:
        episode = replace(firing, episode=alert.episode + 1, sequence=0, since=now, reminded_at=now, escalated=False)
        return Transition(replace(episode, worst=standing.value), NotifyReason.FIRED)
    if level > alert.level:
        return Transition(replace(firing, reminded_at=now), NotifyReason.WORSENED)
    return reminded(firing, remind_every, now)


def ended(alert: Alert) -> Alert:
    if all(getattr(alert, name) == value for name, value in QUIET.items()):
        return alert
    return replace(alert, **QUIET, peak=peak_of(alert) if alert.level else alert.peak)


def waits_since(alert: Alert, severity: Severity | None, now: datetime) -> datetime | None:
    """Since when an alert of that severity waits for somebody; None if it does not, or was escalated already."""
    if severity is not Severity.CRITICAL or (alert.level and alert.escalated):
        return None
    known = alert.unattended_since if alert.level and alert.severity is Severity.CRITICAL else None
    return known or now


def peak_of(alert: Alert) -> Severity | None:
    """The worst severity of the episode so far; None while nothing fires."""
    return max(filter(None, (alert.peak, alert.severity)), default=None) if alert.level else None


def has_eased(alert: Alert, level: int, *, out: bool) -> bool:
    """True if a firing alert eased since it was at ``level``, and perhaps ``out`` of credits.

    Jobs run again, or a plan that was to end renews. Any other step to a milder threshold does not count.
    """
    if alert.measure is AlertRule.PLAN:
        return alert.level == RENEWS < level
    return out and not alert.out


def lowest_value(alert: Alert, value: float) -> float:
    """The lowest value of the episode so far."""
    return value if alert.worst is None else min(alert.worst, value)


def reminded(alert: Alert, remind_every: timedelta | None, now: datetime) -> Transition:
    """A reminder if an alert stays critical, or a session stays broken.

    A clock that was set back restarts the wait, so that it cannot grow.
    """
    if alert.reminded_at is None or alert.reminded_at > now:
        return Transition(replace(alert, reminded_at=now), NotifyReason.NONE)
    due = alert.reminds and remind_every is not None and now - alert.reminded_at >= remind_every
    return (
        Transition(replace(alert, reminded_at=now), NotifyReason.REMINDED)
        if due
        else Transition(alert, NotifyReason.NONE)
    )


def due_notification(
    alert: Alert, notified: Notified | None, reason: NotifyReason, *, silenced: bool
) -> tuple[Notified | None, NotifyReason]:
    """The notification that one chat is due now, and what it has got then. ``notified`` None: it got nothing yet.

    A difference to what the chat got last is due as soon as no silence withholds it: a threshold or a recovery that it
    never got. An episode of which it got nothing ends there without a message.
    """
    known = rearmed(alert, notified)
    said = pending_reason(alert, known) or (reason if reason is NotifyReason.REMINDED else NotifyReason.NONE)
    if silenced or said is NotifyReason.NONE:
        return known, NotifyReason.NONE
    return (Notified(alert.episode, alert.level, alert.out) if alert.level else None), said


def rearmed(alert: Alert, notified: Notified | None) -> Notified | None:
    """The last notification in a chat, without the thresholds that the alert has left.

    The chat gets those again when they are reached again. An ease that it has yet to get stays.
    """
    if notified is None or alert.level == 0 or notified.episode != alert.episode or notified.level <= alert.level:
        return notified
    if has_eased(alert, notified.level, out=notified.out):
        return notified
    return replace(notified, level=alert.level)


def pending_reason(alert: Alert, notified: Notified | None) -> NotifyReason | None:
    """How the alert differs from what one chat got last; None if it does not.

    While a silence withholds the recovery, ``notified`` outlives its episode, so that the recovery stays due. With a
    level of 0, so does a message that is due once and withheld.
    """
    if alert.level == 0:
        return None if notified is None else NotifyReason.RESOLVED if notified.level else NotifyReason.FIRED
    if notified is None or notified.episode != alert.episode:
        return NotifyReason.FIRED
    if alert.level > notified.level:
        return NotifyReason.WORSENED
    return NotifyReason.EASED if has_eased(alert, notified.level, out=notified.out) else None


def is_silenced(alert: Alert, chat: Chat, silences: Iterable[Silence], now: datetime) -> bool:
    """True if any silence withholds this alert from a chat now."""
    return any(silence.chat in (None, chat) and covers(silence, alert, now) for silence in silences)


def is_muted(subject: str, chat: Chat, silences: Iterable[Silence], now: datetime) -> bool:
    """True if a mute withholds one subject from a chat, or, with "", everything."""
    mutes = (one for one in silences if one.kind in MUTES and one.chat in (None, chat) and not is_past(one, now))
    return any(one.kind is SilenceKind.ALL or one.subject == subject for one in mutes)


def covers(silence: Silence, alert: Alert, now: datetime) -> bool:
    """True if one silence withholds an alert now, in whatever chat it holds."""
    match silence.kind:
        case SilenceKind.ALL:
            return not is_past(silence, now)
        case SilenceKind.ACCOUNT:
            return silence.subject == alert.subject and not is_past(silence, now)
        case SilenceKind.SNOOZE:
            return is_about(silence, alert) and not is_past(silence, now)
        case SilenceKind.ACK:  # its time says when to ask again: whoever ends it sends that
            return is_about(silence, alert)


def is_past(silence: Silence, now: datetime) -> bool:
    return silence.until is not None and silence.until <= now


def is_about(silence: Silence, alert: Alert) -> bool:
    """True if a snooze or an ack covers an alert as it stands: the same episode, no worse than it was then."""
    same = (silence.subject, silence.measure, silence.episode) == (alert.subject, alert.measure, alert.episode)
    return same and 0 < alert.level <= silence.level


def is_over(silence: Silence, alert: Alert | None, now: datetime) -> bool:
    """True if a silence has ended for good. ``alert`` is that of a snooze or an ack; None if there is none."""
    if silence.kind in MUTES:
        return is_past(silence, now)
    if alert is None or not is_about(silence, alert):
        return True
    return is_past(silence, now) if silence.kind is SilenceKind.SNOOZE else has_lapsed(silence, alert, now)


def has_lapsed(silence: Silence, alert: Alert, now: datetime) -> bool:
    """True if an ack is so old, and its alert still reminds, that chats are asked again who works on it."""
    return silence.kind is SilenceKind.ACK and is_past(silence, now) and alert.reminds


def ack_until(remind_every: timedelta | None, now: datetime) -> datetime | None:
    """When an ack of this moment ends: after a day, later with rarer reminders; None, never, without reminders."""
    return None if remind_every is None else now + max(ACK_LASTS, remind_every)
