"""Forecasts as text: when credits run out, whether before the refill, and an unusual pace."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, ForecastRecord, ForecastSummary, Unit
from bot.domain.alerts import AlertRule, NotifyReason
from bot.domain.durations import format_duration
from bot.domain.notifications import Facts, Notification
from bot.evaluation.forecast.foresee import told_now
from bot.evaluation.forecast.run_out import COVERAGE
from bot.outbox.batching import PendingAlert
from bot.telegram.text.dates import format_clock, format_in, format_on, format_read, format_short, unmarked
from bot.telegram.text.formatting import (
    RECOVERED,
    SIGNS,
    format_amount,
    format_buckets,
    format_credits,
    format_number,
    severity_word,
)
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, about, telling

LASTS = "At this pace it lasts for weeks."
PRECISE = timedelta(hours=12)
SURE = f"{COVERAGE * 100:.0f} % sure"
"""How often a range holds."""

RANGES_NEEDED = 5
"""Fewer ranges are no record."""

WORTH_SAYING = 0.1
"""The smallest share of unused credits that is shown."""


def format_range(foretold: ForecastSummary, now: datetime, zone: ZoneInfo) -> str:
    """The range of the run-out."""
    if foretold.earliest is None:
        return "later than can be foretold"
    return format_between(foretold.earliest, foretold.latest, now, zone)


def format_between(earliest: datetime, latest: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """A range, by the hour: "Thu 14:00–19:00", "Thu 23:00 to Sat 02:00", "Thu 14:00 or later"."""
    early = to_hour(earliest)
    if latest is None:
        return f"{format_short(early, now, zone)} or later"
    late = to_hour(latest + timedelta(minutes=59))
    if late - early <= PRECISE and format_day_of(early, zone) == format_day_of(late, zone):
        return f"{unmarked(format_short(early, now, zone), zone)}–{format_clock(late, zone)}"
    return f"{unmarked(format_short(early, now, zone), zone)} to {format_short(late, now, zone)}"


def format_day_of(when: datetime, zone: ZoneInfo) -> object:
    """The zone's day of a moment."""
    return when.astimezone(zone).date()


def to_hour(when: datetime) -> datetime:
    """A moment without its minutes, which a forecast cannot know."""
    return when.replace(minute=0, second=0, microsecond=0)


def boundary_text(foretold: ForecastSummary, now: datetime, zone: ZoneInfo) -> str:
    """The refill or the plan's end, with its moment."""
    if foretold.boundary is None:
        return ""
    what = "the plan's end" if foretold.lapses else "the refill"
    return f"{what} {format_on(foretold.boundary, now, zone)}"


def forecast_sentence(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """The forecast as one sentence; empty if it is too uncertain."""
    foretold = told_now(account, now)
    return sentence(foretold, now, zone) if foretold else ""


def sentence(foretold: ForecastSummary, now: datetime, zone: ZoneInfo) -> str:
    """A forecast as a sentence: "At this pace it runs out Thu 14:00–19:00, before the refill on Fri 24 Jul, 00:48."."""
    boundary = boundary_text(foretold, now, zone)
    if foretold.lasts:
        lasts = f"At this pace it lasts {'to' if foretold.lapses else 'past'} {boundary}." if boundary else LASTS
        return f"{lasts}{unused_text(foretold)}"
    if foretold.before:
        return (
            f"At this pace it runs out {format_range(foretold, now, zone)}{', before ' + boundary if boundary else ''}."
        )
    comes = f"; {boundary} may come first" if boundary else ""
    return f"At this pace it may run out {format_range(foretold, now, zone)}{comes}."


def forecast_with_record(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """The forecast, and how often such ranges held at this account."""
    return " ".join(filter(None, (forecast_sentence(account, now, zone), record_text(told_now(account, now)))))


def record_text(foretold: ForecastSummary | None) -> str:
    """How often such ranges held: "Such ranges held 8 of the last 10 times here."."""
    record = shown_record(foretold)
    return f"Such ranges held {record.held} of the last {record.counted} times here." if record else ""


def short_record(foretold: ForecastSummary | None) -> str:
    """The same in a chart's few letters: "held 8 of 10 here"."""
    record = shown_record(foretold)
    return f"held {record.held} of {record.counted} here" if record else ""


def shown_record(foretold: ForecastSummary | None) -> ForecastRecord | None:
    """The record of a forecast that is a range; None with too few ranges before it."""
    record = foretold.record if foretold and not foretold.lasts else None
    return record if record and record.counted >= RANGES_NEEDED else None


def unused_text(foretold: ForecastSummary) -> str:
    """How many credits the next refill, or the plan's end, finds unspent."""
    unused = foretold.unused or 0
    if foretold.boundary is None or unused < WORTH_SAYING * float(foretold.total) or unused < 1:
        return ""
    return f" About {format_number(round_amount(unused))} will then be unused."


def round_amount(amount: float) -> int:
    """An amount with two digits, as exact as it is known."""
    size = 10 ** max(len(str(int(amount))) - 2, 0)
    return int(round(amount / size) * size)


def short_forecast(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """The forecast in a list's few letters: "out Thu 14:00–19:00", "lasts past the refill"."""
    foretold = told_now(account, now)
    if foretold is None:
        return ""
    if foretold.lasts:
        return f"lasts {'to the plan end' if foretold.lapses else 'past the refill'}" if foretold.boundary else "lasts"
    return f"{'out' if foretold.before else 'may run out'} {format_range(foretold, now, zone)}"


def tell_outlook(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The text of an alert on the runway or on the pace."""
    notification = story.last.notification
    if notification.measure is AlertRule.SPIKE:
        return (
            usual_again(notification, now, zone)
            if notification.reason is NotifyReason.RESOLVED
            else spiking(notification, now, zone)
        )
    return (
        lasts_again(notification, now, zone)
        if notification.reason is NotifyReason.RESOLVED
        else running_out(notification, now, zone)
    )


def running_out(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Credits that run out before they refill."""
    facts, foretold = notification.facts, notification.facts.foretold
    when = bold(f"may run out {early(facts, now, zone)}")
    why = "at this pace."
    if foretold and foretold.useful:
        when = bold(f"{'runs' if foretold.before else 'may run'} out {format_range(foretold, now, zone)}")
    if foretold:
        boundary = boundary_text(foretold, now, zone)
        unit = facts.credits.unit if facts.credits else Unit.CREDITS
        pace = (
            f"a usual day costs about {format_amount(round_amount(foretold.per_day), unit)}"
            if foretold.per_day >= 1
            else ""
        )
        sure = "" if foretold.before else "likely "
        why = "; ".join(filter(None, (f"{sure}before {boundary}" if boundary else "no refill is known", pace))) + "."
    return telling(
        about(SIGNS[notification.severity], facts.name, when),
        f"{severity_word(notification.severity)}: {why}",
        "Top up, or slow down, to keep jobs running." if has_credits(facts) else "Slow down to keep jobs running.",
        numbers_of(facts, now, zone),
    )


def has_credits(facts: Facts) -> bool:
    """True unless it counts in another unit, of which nobody knows whether more can be bought."""
    return facts.credits is None or facts.credits.unit is Unit.CREDITS


def early(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The earliest moment, for a range that is too wide to show its end."""
    foretold = facts.foretold
    if foretold is None or foretold.earliest is None:
        return "soon"
    return (
        f"as early as {format_short(to_hour(foretold.earliest), now, zone)} ({format_in(foretold.earliest, now, zone)})"
    )


def numbers_of(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The buckets that are left, with their age."""
    if facts.credits is None or facts.credits_at is None:
        return ""
    return f"{format_buckets(facts.credits)} · {format_read(facts.credits_at, now, zone)}"


def lasts_again(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    facts, foretold = notification.facts, notification.facts.foretold
    amount = format_credits(facts.credits) if facts.credits else "credits"
    after = sentence(foretold, now, zone) if foretold and foretold.useful and foretold.lasts else ""
    return telling(
        about(
            RECOVERED,
            facts.name,
            bold("credits last again" if has_credits(facts) else "it lasts again"),
            f" ({amount})",
        ),
        after,
    )


def spiking(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """An unusual pace."""
    facts = notification.facts
    times = f"{facts.value:,.0f} ×" if facts.value else "far above"
    foretold = facts.foretold
    comes = sentence(foretold, now, zone) if foretold and foretold.useful and not foretold.lasts else ""
    return telling(
        about(SIGNS[notification.severity], facts.name, bold(f"spends {times} the usual pace")),
        f"{severity_word(notification.severity)}: in the last two hours. If no batch of yours runs, check what does.",
        comes,
        numbers_of(facts, now, zone),
    )


def usual_again(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    facts = notification.facts
    lasted = f"It was fast for {format_duration(now - facts.since)}." if facts.since else ""
    return telling(about(RECOVERED, facts.name, bold("back to the usual pace")), lasted, numbers_of(facts, now, zone))
