"""One sample's standing against one alert's memory: the next alert, and what of it each chat has to be told.

``transition`` moves the one state of the alert and knows nothing of chats and silences. ``due_notification`` compares
that state with what one chat was told, and knows whether a silence withholds messages there. A silence never changes
the state, a silence of one chat changes nothing in another, and what it withheld is said once it has ended.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Silence, SilenceKind, Transition
from bot.domain.chats import Chat
from bot.domain.rules import CANCELLED, RENEWS
from bot.evaluation.measurements import Measurement

ACK_LASTS = timedelta(days=1)
MUTES = (SilenceKind.ALL, SilenceKind.ACCOUNT)
"""The silences that concern whole accounts, not one alert."""


def transition(alert: Alert, standing: Measurement | None, remind_every: timedelta | None, now: datetime) -> Transition:
    """What one sample does to one alert. The same sample again changes nothing.

    An unknown standing changes nothing either: it neither fires nor resolves. One that is ``settled`` ends the alert
    without a word, once every chat has been told: ``looks.outcome`` knows when.
    """
    if standing is None or standing.settled:
        return Transition(alert, NotifyReason.NONE)
    level = max(standing.fire_level, min(alert.level, held(alert, standing)))
    if is_renewed(alert, standing):
        level = 0
    return moved(alert, standing, level, remind_every, now)


def held(alert: Alert, standing: Measurement) -> int:
    """The deepest level that is not left yet. Of a plan that renews, only that it has ended is worse than "renews"."""
    has_ended = alert.level >= len(standing.severities)
    return min(standing.clear_level, RENEWS) if standing.renews and not has_ended else standing.clear_level


def is_renewed(alert: Alert, standing: Measurement) -> bool:
    """A new period began: what was said of the old one is over, even if the new end is already in reach.

    One of a plan that does not renew by itself is told as over only where the new end is off the ladder.
    """
    off = standing.renews or standing.fire_level == CANCELLED
    if alert.level == 0 or not off or alert.period is None or standing.period is None:
        return False
    return standing.period - alert.period > timedelta(days=1)


def moved(alert: Alert, standing: Measurement, level: int, remind_every: timedelta | None, now: datetime) -> Transition:
    """The decision for an alert whose next level is known."""
    if level == 0:
        return Transition(ended(alert), NotifyReason.RESOLVED if alert.level else NotifyReason.NONE)
    firing = replace(
        alert,
        level=level,
        severity=standing.severity(level),
        worst=lowest_value(alert, standing.value),
        period=standing.period,
        out=(alert.level > 0 and alert.out) if standing.out is None else standing.out,
    )
    if alert.level == 0:
        episode = replace(firing, episode=alert.episode + 1, sequence=0, since=now, reminded_at=now)
        return Transition(replace(episode, worst=standing.value), NotifyReason.FIRED)
    if level > alert.level:
        return Transition(replace(firing, reminded_at=now), NotifyReason.WORSENED)
    return reminded(firing, remind_every, now)


def ended(alert: Alert) -> Alert:
    """The alert once it is over."""
    return replace(alert, level=0, severity=None, period=None, out=False)


def has_eased(alert: Alert, level: int, *, out: bool) -> bool:
    """Whether the worst of a firing alert is over since it was at a ``level``, and perhaps ``out`` of credits.

    Jobs run again, or a plan that was to end renews. Any other step to a milder threshold is no news.
    """
    if alert.measure is AlertRule.PLAN:
        return alert.level == RENEWS < level
    return out and not alert.out


def lowest_value(alert: Alert, value: float) -> float:
    """The lowest value of the episode so far."""
    return value if alert.worst is None else min(alert.worst, value)


def reminded(alert: Alert, remind_every: timedelta | None, now: datetime) -> Transition:
    """Reminds of an alert that stays critical, or of a session that stays broken.

    A clock set back restarts the wait, so that it cannot grow.
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
    """What one chat is told of an alert now, and what it has been told then. ``notified`` None: nothing.

    What differs from what the chat was told last is said as soon as no silence withholds it: a rung that it was never
    told, a recovery that it was never told. An episode of which it was told nothing ends there without a word.
    """
    known = rearmed(alert, notified)
    said = pending_reason(alert, known) or (reason if reason is NotifyReason.REMINDED else NotifyReason.NONE)
    if silenced or said is NotifyReason.NONE:
        return known, NotifyReason.NONE
    return (Notified(alert.episode, alert.level, alert.out) if alert.level else None), said


def rearmed(alert: Alert, notified: Notified | None) -> Notified | None:
    """What a chat was told, with the rungs that the alert has left forgotten: reached again, they are told again.

    What has eased is not, until that is told.
    """
    if notified is None or alert.level == 0 or notified.episode != alert.episode or notified.level <= alert.level:
        return notified
    if has_eased(alert, notified.level, out=notified.out):
        return notified
    return replace(notified, level=alert.level)


def pending_reason(alert: Alert, notified: Notified | None) -> NotifyReason | None:
    """How the alert differs from what one chat was told of it last, or None.

    What was told outlives its episode while a silence withholds the recovery, so that the recovery stays owed; so
    does, with a level of 0, what was to be told once and a silence withheld.
    """
    if alert.level == 0:
        return None if notified is None else NotifyReason.RESOLVED if notified.level else NotifyReason.FIRED
    if notified is None or notified.episode != alert.episode:
        return NotifyReason.FIRED
    if alert.level > notified.level:
        return NotifyReason.WORSENED
    return NotifyReason.EASED if has_eased(alert, notified.level, out=notified.out) else None


def is_silenced(alert: Alert, chat: Chat, silences: Iterable[Silence], now: datetime) -> bool:
    """Whether any silence withholds from a chat what is to be said of this alert now."""
    return any(silence.chat in (None, chat) and covers(silence, alert, now) for silence in silences)


def is_muted(subject: str, chat: Chat, silences: Iterable[Silence], now: datetime) -> bool:
    """Whether a mute withholds from a chat all that is said of one subject, or ("") whatever is said at all."""
    mutes = (one for one in silences if one.kind in MUTES and one.chat in (None, chat) and not is_past(one, now))
    return any(one.kind is SilenceKind.ALL or one.subject == subject for one in mutes)


def covers(silence: Silence, alert: Alert, now: datetime) -> bool:
    """Whether one silence withholds messages of one alert now, wherever it holds."""
    match silence.kind:
        case SilenceKind.ALL:
            return not is_past(silence, now)
        case SilenceKind.ACCOUNT:
            return silence.subject == alert.subject and not is_past(silence, now)
        case SilenceKind.SNOOZE:
            return is_about(silence, alert) and not is_past(silence, now)
        case SilenceKind.ACK:  # its time says when to ask again: whoever ends it says so
            return is_about(silence, alert)


def is_past(silence: Silence, now: datetime) -> bool:
    """Whether a silence's time is over."""
    return silence.until is not None and silence.until <= now


def is_about(silence: Silence, alert: Alert) -> bool:
    """Whether a snooze or an ack is about an alert as it stands: the same episode, and no worse than it was then."""
    same = (silence.subject, silence.measure, silence.episode) == (alert.subject, alert.measure, alert.episode)
    return same and 0 < alert.level <= silence.level


def is_over(silence: Silence, alert: Alert | None, now: datetime) -> bool:
    """Whether a silence has ended for good. ``alert`` is the one that a snooze or an ack is about, if there is one."""
    if silence.kind in MUTES:
        return is_past(silence, now)
    if alert is None or not is_about(silence, alert):
        return True
    return is_past(silence, now) if silence.kind is SilenceKind.SNOOZE else has_lapsed(silence, alert, now)


def has_lapsed(silence: Silence, alert: Alert, now: datetime) -> bool:
    """Whether an alert was acknowledged so long ago, and still reminds, that it is asked again who is at it."""
    return silence.kind is SilenceKind.ACK and is_past(silence, now) and alert.reminds


def ack_until(remind_every: timedelta | None, now: datetime) -> datetime | None:
    """When an ack of this moment lapses: after a day, later where reminders are rarer, never where there are none."""
    return None if remind_every is None else now + max(ACK_LASTS, remind_every)
