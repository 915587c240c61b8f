"""One sample's standing against one alert's memory: the next alert, and what of it has to be said.

``decide`` moves the state and knows nothing of silences; ``announce`` knows what was told and what a silence withholds.
So a silence never changes state, and what it withheld is said once it has ended.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.measures import Standing
from bot.core.model import Alert, Decision, Reason, Severity, Silence, SilenceKind


def decide(alert: Alert, standing: Standing | None, remind_every: timedelta | None, now: datetime) -> Decision:
    """What one sample does to one alert. The same sample again changes nothing.

    An unknown standing changes nothing either: it neither fires nor resolves.
    """
    if standing is None:
        return Decision(alert, Reason.NONE)
    level = max(standing.reach, min(alert.level, standing.hold))
    if is_renewed(alert, standing):
        level = 0
    return moved(alert, standing, level, remind_every, now)


def is_renewed(alert: Alert, standing: Standing) -> bool:
    """A new period began: what was said of the old one is over, even if the new end is already in reach."""
    if alert.level == 0 or not standing.renews or alert.period is None or standing.period is None:
        return False
    return standing.period - alert.period > timedelta(days=1)


def moved(alert: Alert, standing: Standing, level: int, remind_every: timedelta | None, now: datetime) -> Decision:
    """The decision for an alert whose next level is known."""
    if level == 0:
        quiet = replace(alert, level=0, severity=None, period=None)
        return Decision(quiet, Reason.RESOLVED if alert.level else Reason.NONE)
    firing = replace(
        alert,
        level=level,
        severity=standing.severity(level),
        worst=worst_of(alert, standing.value),
        period=standing.period,
        told_level=min(alert.told_level, level),
    )
    if alert.level == 0:
        episode = replace(firing, episode=alert.episode + 1, sequence=0, since=now, reminded_at=now)
        return Decision(replace(episode, worst=standing.value), Reason.FIRED)
    if level > alert.level:
        return Decision(replace(firing, reminded_at=now), Reason.WORSENED)
    return reminded(firing, remind_every, now)


def worst_of(alert: Alert, value: float) -> float:
    """The lowest value of the episode so far."""
    return value if alert.worst is None else min(alert.worst, value)


def reminded(alert: Alert, remind_every: timedelta | None, now: datetime) -> Decision:
    """Reminds of an alert that stays critical. A clock set back restarts the wait, so that it cannot grow."""
    if alert.reminded_at is None or alert.reminded_at > now:
        return Decision(replace(alert, reminded_at=now), Reason.NONE)
    due = alert.severity is Severity.CRITICAL and remind_every is not None and now - alert.reminded_at >= remind_every
    return Decision(replace(alert, reminded_at=now), Reason.REMINDED) if due else Decision(alert, Reason.NONE)


def announce(alert: Alert, reason: Reason, *, silenced: bool) -> Decision:
    """What of an alert's state is to be said now, and the alert with that noted as told.

    What differs from what was told last is said as soon as no silence withholds it: a rung never told, a recovery
    never told. An episode of which nothing was told ends without a word.
    """
    said = untold(alert) or (reason if reason is Reason.REMINDED else Reason.NONE)
    if silenced or said is Reason.NONE:
        return Decision(alert, Reason.NONE)
    return Decision(replace(alert, told_level=alert.level, sequence=alert.sequence + 1), said)


def untold(alert: Alert) -> Reason | None:
    """How the alert differs from what was told of it last, or None.

    A told rung outlives its episode while a silence withholds the recovery, so that the recovery stays owed.
    ``sequence`` is 0 as long as nothing was told of the present episode.
    """
    if alert.level == 0:
        return Reason.RESOLVED if alert.told_level else None
    if alert.sequence == 0:
        return Reason.FIRED
    return Reason.WORSENED if alert.level > alert.told_level else None


def is_silenced(alert: Alert, silences: Iterable[Silence], now: datetime) -> bool:
    """Whether any silence withholds what is to be said of this alert now."""
    return any(covers(silence, alert, now) for silence in silences)


def covers(silence: Silence, alert: Alert, now: datetime) -> bool:
    """Whether one silence withholds messages of one alert now."""
    if silence.until is not None and silence.until <= now:
        return False
    match silence.kind:
        case SilenceKind.ALL:
            return True
        case SilenceKind.ACCOUNT:
            return silence.subject == alert.subject
        case SilenceKind.SNOOZE:
            return (silence.subject, silence.measure) == (alert.subject, alert.measure)
        case SilenceKind.ACK:
            same = (silence.subject, silence.measure, silence.episode) == (alert.subject, alert.measure, alert.episode)
            return same and 0 < alert.level <= silence.level
