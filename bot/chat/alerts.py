"""What fires and what is silenced, in words: shared by the list of alerts and the account's card."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.chat.clean import plain
from bot.chat.outlook import short_forecast
from bot.chat.times import say_day, say_moment, say_past
from bot.chat.words import in_brackets, is_out, say_number, share_of, trouble_of
from bot.core.decide import covers
from bot.core.looks import with_allowances
from bot.core.model import Account, Alert, Measure, Silence, SilenceKind

MUTES = (SilenceKind.ALL, SilenceKind.ACCOUNT)
"""The silences that concern whole accounts, not one alert."""


def say_alert(alert: Alert, account: Account, now: datetime, zone: ZoneInfo) -> str:
    """What an account's alert is about, and since when: "low credits (19 %), since 13:48"."""
    if alert.measure is Measure.CREDITS:
        return f"{say_low(account)}{since_words(alert.since, now, zone)}"
    if alert.measure is Measure.RUNWAY:
        return f"{short_forecast(account, now, zone) or 'may run out soon'}{since_words(alert.since, now, zone)}"
    if alert.measure is Measure.SPIKE:
        return f"spends far above its usual pace{since_words(alert.since, now, zone)}"
    if alert.measure is Measure.PLAN:
        return f"{say_plan_alert(account, now, zone)}{since_words(alert.since, now, zone)}"
    return f"{say_unreadable(account)}{since_words(account.failing_since or alert.since, now, zone)}"


def since_words(since: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """Since when, behind a comma; nothing where that is not known."""
    return f", since {say_past(since, now, zone)}" if since else ""


def say_low(account: Account) -> str:
    """Low credits, with their share or number while that is fresh."""
    credits = with_allowances(account)
    if credits is None or account.outage is not None:
        return "low credits"
    if is_out(credits):
        return "out of credits"
    return f"low credits{in_brackets(share_of(credits) or say_number(credits.total))}"


def say_plan_alert(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """What the plan is about to do, or has done."""
    plan = account.reading.plan if account.reading else None
    if plan is None or plan.ends_at is None:
        return "plan has ended"
    day = say_day(plan.ends_at, now, zone)
    if plan.ends_at <= now:
        return f"plan {'was not renewed' if plan.renews else 'ended'} {day}"
    if plan.becomes:
        return f"plan becomes {plain(plan.becomes, 32)} {day}"
    return f"plan {'renews' if plan.renews else 'ends'} {day}"


def say_unreadable(account: Account) -> str:
    """That it cannot be read, and why."""
    return f"cannot be read: {trouble_of(account.outage.kind)}" if account.outage else "cannot be read"


def say_silences(alert: Alert, silences: Iterable[Silence], now: datetime, zone: ZoneInfo) -> str:
    """Every silence that withholds this alert's messages now: "snoozed until today 16:00 by Ann"; "" if it rings."""
    return ", ".join(say_silence(silence, now, zone) for silence in silences if covers(silence, alert, now))


def say_silence(silence: Silence, now: datetime, zone: ZoneInfo) -> str:
    """One silence in words."""
    by = f" by {plain(silence.by, 32)}" if silence.by else ""
    until = f" until {say_moment(silence.until, now, zone)}" if silence.until else ""
    verb = {SilenceKind.ACK: "acknowledged", SilenceKind.SNOOZE: "snoozed", SilenceKind.ALL: "everything muted"}
    return f"{verb.get(silence.kind, 'muted')}{until}{by}"


def say_mute(account: Account, silences: Iterable[Silence], now: datetime, zone: ZoneInfo) -> str:
    """The mutes that hold for the whole account, whether or not anything fires; "" without one."""
    anything = Alert(account.key, Measure.CREDITS)
    return say_silences(anything, (silence for silence in silences if silence.kind in MUTES), now, zone)
