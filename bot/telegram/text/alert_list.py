"""Firing alerts and silences: shared by the list of alerts and the account's card."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, Unit
from bot.domain.alerts import Alert, AlertRule, Silence, SilenceKind
from bot.domain.jobs import JobsFacts
from bot.evaluation.alert_state import MUTES, covers
from bot.evaluation.evaluate import jobs_of, with_allowances
from bot.telegram.text.dates import format_day, format_moment, format_past
from bot.telegram.text.forecast import short_forecast
from bot.telegram.text.formatting import (
    LOW,
    OUT,
    capitalised,
    format_count,
    format_total,
    in_brackets,
    is_out,
    joined,
    name_of,
    share_of,
    trouble_of,
)
from bot.telegram.text.layout import Piece, bold
from bot.telegram.text.sanitize import plain

NAMES_LENGTH = 300
MEASURES = {
    AlertRule.CREDITS: "credits",
    AlertRule.PLAN: "plan",
    AlertRule.FAILURES: "not readable",
    AlertRule.RUNWAY: "running out",
    AlertRule.SPIKE: "unusual pace",
    AlertRule.LISTING: "no account listed",
    AlertRule.BROKEN: "more broken accounts",
    AlertRule.JOBS: "jobs refused",
}
"""Each alert's cause in two or three words."""


@dataclass(frozen=True, slots=True)
class Acted:
    """The silences of one act, and their accounts by name; no name if they cover everything."""

    parts: tuple[Silence, ...]
    names: tuple[str, ...] = ()

    @property
    def silence(self) -> Silence:
        """One of them, for the fields that all share."""
        return self.parts[0]

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(one.subject for one in self.parts)


def acts(silences: Iterable[Silence], names: Mapping[str, str]) -> list[Acted]:
    """Silences by the acts that made them, the oldest first."""
    found: dict[object, list[Silence]] = {}
    for one in sorted(silences, key=lambda one: one.id):
        act = one.id if one.made_at is None else (one.kind, one.chat, one.by, one.made_at)
        found.setdefault(act, []).append(one)
    return [Acted(tuple(some), names_in(some, names)) for some in found.values()]


def names_in(silences: Iterable[Silence], names: Mapping[str, str]) -> tuple[str, ...]:
    """The accounts of silences by name, each once."""
    return tuple(dict.fromkeys(names.get(one.subject, one.subject) for one in silences if one.subject))


def format_alert(alert: Alert, account: Account, now: datetime, zone: ZoneInfo) -> str:
    """An account's alert, and since when: "low credits (19 %), since 13:48"."""
    if alert.measure is AlertRule.CREDITS:
        low = format_low(account)  # an alert that began as low is older than its present state
        refused = jobs_of(account, alert)
        behind = f", {format_refused(refused, now, zone)}" if refused else ""
        return f"{low}{since_text(alert.since, now, zone, 'low' if low in OUT.values() else '')}{behind}"
    if alert.measure is AlertRule.JOBS:
        refused = jobs_of(account, alert)
        return (
            f"{format_refused(refused, now, zone) if refused else 'jobs refused'}{since_text(alert.since, now, zone)}"
        )
    if alert.measure is AlertRule.RUNWAY:
        comes = short_forecast(account, now, zone) or "may run out soon"
        return f"{comes}{since_text(alert.since, now, zone, 'forecast')}"
    if alert.measure is AlertRule.SPIKE:
        return f"spends far above its usual pace{since_text(alert.since, now, zone)}"
    if alert.measure is AlertRule.PLAN:
        return f"{format_plan_alert(account, now, zone)}{plan_since(alert, account, now, zone)}"
    return f"{format_unreadable(account)}{since_text(account.failing_since or alert.since, now, zone)}"


def format_refused(refused: JobsFacts, now: datetime, zone: ZoneInfo) -> str:
    """The refused jobs, and up to when that is known: "3 jobs refused for want of credits (as of 13:53)"."""
    jobs = format_count(refused.count, "job")
    return f"{jobs} refused for want of credits (as of {format_past(refused.as_of, now, zone)})"


def since_text(since: datetime | None, now: datetime, zone: ZoneInfo, what: str = "") -> str:
    """Since when, after a comma; empty if unknown. ``what`` is what has been true since then."""
    return f", {what}{' ' if what else ''}since {format_past(since, now, zone)}" if since else ""


def plan_since(alert: Alert, account: Account, now: datetime, zone: ZoneInfo) -> str:
    """Since when a plan's alert holds. One that has ended says so itself; a later cancellation counts from then."""
    plan = account.reading.plan if account.reading else None
    if plan is None or plan.ends_at is None:
        return since_text(alert.since, now, zone)
    if plan.ends_at <= now:
        return ""
    if plan.cancelled_at and alert.since and plan.cancelled_at > alert.since:
        return f", cancelled {format_past(plan.cancelled_at, now, zone)}"
    return since_text(alert.since, now, zone)


def format_low(account: Account) -> str:
    """Low credits, with their share or number if that is fresh."""
    credits = with_allowances(account)
    if credits is None or account.outage is not None:
        return LOW[credits.unit if credits else Unit.CREDITS]
    if is_out(credits):
        return OUT[credits.unit]
    return f"{LOW[credits.unit]}{in_brackets(share_of(credits) or format_total(credits))}"


def format_plan_alert(account: Account, now: datetime, zone: ZoneInfo) -> str:
    plan = account.reading.plan if account.reading else None
    if plan is None or plan.free or plan.ends_at is None:
        return "plan is gone"
    if plan.renewal_unknown:
        verb = "was due" if plan.ends_at <= now else "ends or renews"
        return f"plan {verb} {format_day(plan.ends_at, now, zone)}"
    if plan.ends_at <= now:
        return f"plan {'was not renewed, due' if plan.renews else 'ended'} {format_past(plan.ends_at, now, zone)}"
    day = format_day(plan.ends_at, now, zone)
    if plan.becomes:
        return f"plan becomes {plain(plan.becomes, 32)} {day}"
    return f"plan {'renews' if plan.renews else 'ends'} {day}"


def format_unreadable(account: Account) -> str:
    """That it cannot be read, and why."""
    return f"cannot be read: {trouble_of(account.outage.kind)}" if account.outage else "cannot be read"


def format_silences(alert: Alert, silences: Iterable[Silence], now: datetime, zone: ZoneInfo) -> str:
    """Every silence that withholds this alert now: "snoozed until today 16:00 by Ann"; "" if none does."""
    return ", ".join(format_silence(silence, now, zone) for silence in silences if covers(silence, alert, now))


def format_silence(silence: Silence, now: datetime, zone: ZoneInfo) -> str:
    by = f" by {plain(silence.by, 32)}" if silence.by else ""
    until = f" until {format_moment(silence.until, now, zone)}" if silence.until and silence.until > now else ""
    if silence.kind is SilenceKind.ACK:
        return f"acknowledged{by}{until}"
    everywhere = " in every chat" if silence.chat is None else ""
    verb = {SilenceKind.SNOOZE: "snoozed", SilenceKind.ALL: "everything muted"}.get(silence.kind, "muted")
    return f"{verb}{everywhere}{until}{by}"


def act_line(act: Acted, now: datetime, zone: ZoneInfo) -> tuple[Piece, ...]:
    """Who silenced what, how and until when: "Studio · snoozed until today 16:00 by Ann"."""
    said = format_silence(act.silence, now, zone)
    if not act.names:
        return (bold(capitalised(said)),)
    measures = {one.measure for one in act.parts if one.measure}
    what = f" ({MEASURES[measures.pop()]})" if len(measures) == 1 else ""
    return (bold(joined([name_of(name) for name in act.names], NAMES_LENGTH)), f"{what} · {said}")


def undo_label(act: Acted) -> str:
    """The label of the button that ends it."""
    verb = {SilenceKind.ACK: "Undo ack", SilenceKind.SNOOZE: "End snooze"}.get(act.silence.kind, "Unmute")
    whom = name_of(act.names[0], 24) if act.names else "everything"
    more = f" +{len(act.names) - 1}" if len(act.names) > 1 else ""
    return f"{verb}: {whom}{more}"


def format_mute(account: Account, silences: Iterable[Silence], now: datetime, zone: ZoneInfo) -> str:
    """The mutes of the whole account, whether or not anything fires; "" without one."""
    anything = Alert(account.key, AlertRule.CREDITS)
    return format_silences(anything, (silence for silence in silences if silence.kind in MUTES), now, zone)
