"""Text of one alert of one account: low credits, or an unreadable account. ``plan_alert`` has plans."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import Credits, FailureKind, ForecastSummary, Plan, Unit
from bot.domain.alerts import AlertRule, NotifyReason
from bot.domain.credit_changes import ChangeKind
from bot.domain.durations import format_duration
from bot.domain.jobs import JobsFacts
from bot.domain.notifications import Facts, Notification
from bot.evaluation.forecast.foresee import FRESH_FOR, is_overtaken
from bot.outbox.batching import PendingAlert
from bot.telegram.text.dates import format_ago, format_at, format_in, format_on, format_past, format_read
from bot.telegram.text.forecast import sentence, tell_outlook
from bot.telegram.text.formatting import (
    MENDS,
    OUT,
    RECOVERED,
    SIGNS,
    capitalised,
    format_amount,
    format_buckets,
    format_count,
    format_credits,
    format_number,
    format_trouble,
    in_brackets,
    is_out,
    severity_word,
    share_of,
)
from bot.telegram.text.layout import Piece, bold
from bot.telegram.text.left_out import OF_CREDITS, told_before
from bot.telegram.text.message_body import MessageBody, about, acked, telling
from bot.telegram.text.notices import last_known
from bot.telegram.text.plan_alert import tell_plan
from bot.telegram.text.sanitize import plain

GROWTHS = {
    "refill": "Refilled.",
    "top-up": "Topped up.",
    "plan change": "Credits of another plan.",
    "daily refill": "Daily credits came in.",
    "refund": "Credits of a failed job came back.",
}


def tell_story(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    notification = story.last.notification
    resolved = notification.reason is NotifyReason.RESOLVED
    if notification.measure is AlertRule.PLAN:
        return tell_plan(story, now, zone)
    if notification.measure in (AlertRule.RUNWAY, AlertRule.SPIKE):
        return tell_outlook(story, now, zone)
    if notification.measure is AlertRule.JOBS:
        return accepted_again(story, now, zone) if resolved else refused(notification, now, zone)
    if notification.reason is NotifyReason.EASED:
        return jobs_run_again(story, now, zone)
    if notification.measure is AlertRule.CREDITS:
        return enough_again(story, now, zone) if resolved else low(notification, now, zone)
    return readable_again(story, now, zone) if resolved else unreadable(notification, now, zone)


def low(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Low credits: fired, worsened or a reminder."""
    facts, credits = notification.facts, credits_of(notification.facts)
    foretold = forecast_of(facts, credits, now)
    reminded = notification.reason is NotifyReason.REMINDED
    why = still_low(facts, now, zone) if reminded else crossed(facts, credits)
    return telling(
        about(SIGNS[notification.severity], facts.name, acked(notification, now, zone), *left(credits, still=reminded)),
        f"{severity_word(notification.severity)}: {why}",
        capitalised(refused_text(facts.jobs, now, zone)) if facts.jobs else "",
        sentence(foretold, now, zone) if foretold else "",
        what_to_do(credits, facts.plan, foretold, now, zone),
        numbers(credits, facts, now, zone),
        told_before(facts.left_out, OF_CREDITS, now, zone),
    )


def refused(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Jobs are refused for want of credits."""
    facts, word = notification.facts, severity_word(notification.severity)
    still = "still " if notification.reason is NotifyReason.REMINDED else ""
    credits = facts.credits
    head = (bold(f"jobs are {still}refused"), ", too few credits")
    return telling(
        about(SIGNS[notification.severity], facts.name, acked(notification, now, zone), *head),
        f"{word}: {refused_text(facts.jobs, now, zone) if facts.jobs else 'useapi.net reports refused jobs.'}",
        what_to_do(credits, facts.plan, None, now, zone) if credits else "Top up to run jobs again.",
        numbers(credits, facts, now, zone) if credits else "",
    )


def refused_text(jobs: JobsFacts, now: datetime, zone: ZoneInfo) -> str:
    """How many jobs were refused, and how old that figure is; the service reports them late."""
    known = f"as of {format_past(jobs.as_of, now, zone)}, {format_ago(jobs.as_of, now)}"
    if jobs.count == 1:
        return f"1 job was refused for want of credits {format_at(jobs.last_at, now, zone)} ({known})."
    count = format_count(jobs.count, "job")
    last = f"the last {format_at(jobs.last_at, now, zone)}"
    return f"{count} were refused for want of credits within an hour, {last} ({known})."


def accepted_again(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    """A later job to the same endpoint was accepted."""
    facts, overtaken = story.last.notification.facts, story.overtaken
    missed = overtaken.notification.facts.jobs if overtaken else None
    since = f" Jobs were refused since {format_past(facts.since, now, zone)}." if facts.since else ""
    return telling(
        about(RECOVERED, facts.name, bold("jobs run again")),
        f"Not told in time: {refused_text(missed, now, zone)}" if missed else "",
        f"useapi.net accepted a job.{since}",
        numbers(facts.credits, facts, now, zone) if facts.credits else "",
    )


def forecast_of(facts: Facts, credits: Credits, now: datetime) -> ForecastSummary | None:
    """The forecast, if it has a run-out that is still ahead."""
    foretold = facts.foretold
    if foretold is None or not foretold.useful or now - foretold.made_at > FRESH_FOR or is_out(credits):
        return None
    return None if is_overtaken(foretold, credits.total, facts.credits_at or now) else foretold


def credits_of(facts: Facts) -> Credits:
    """The credits of a message; only their sum where nothing else is known."""
    return facts.credits or Credits(0 if facts.value is None else facts.value)


def left(credits: Credits, *, still: bool) -> tuple[Piece, ...]:
    """How bad it is, for the first line."""
    if is_out(credits):
        below = f" ({format_number(-credits.total)} below zero)" if credits.total < 0 else ""
        return (bold(f"still {OUT[credits.unit]}" if still else OUT[credits.unit]), below)
    share = in_brackets(share_of(credits))
    if still:
        return ("still ", bold(format_credits(credits)), share)
    return (bold(format_credits(credits)), f" left{share}")


def still_low(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """Since when it has been low."""
    if facts.since is None:
        return "not better yet."
    return f"low since {format_past(facts.since, now, zone)}, {format_ago(facts.since, now)}."


def crossed(facts: Facts, credits: Credits) -> str:
    """Which threshold the credits fell below."""
    if is_out(credits):
        if credits.total > 0 and credits.job_cost:
            return f"{format_credits(credits)} left, less than one job costs ({cost_text(credits)})."
        allowance = credits.monthly_allowance
        return f"nothing left of {format_number(allowance)}." if allowance and allowance > 0 else "nothing left."
    if facts.rung is None:
        return "credits are low."
    return f"{side_of(facts.rung, credits)} your {facts.rung} line."


def cost_text(credits: Credits) -> str:
    """The cost of one job: "35", "5 s at 720p: 35"."""
    cost = credits.job_cost
    if cost is None:
        return "unknown"
    name = f"{plain(cost.name, 40)}: " if cost.name else ""
    return f"{name}{format_amount(cost.amount, credits.unit)}"


def side_of(rung: str, credits: Credits) -> str:
    """Where the credits are: a threshold stays crossed a little above it, so that nothing flaps."""
    percent = rung.endswith(" %")
    if rung.endswith((" job", " jobs")) and credits.job_cost:
        rung = str(float(rung.partition(" ")[0].replace(",", "")) * credits.job_cost.amount)
    try:
        line = float(rung.removesuffix(" %").replace(",", ""))
    except ValueError:
        return "below"
    value = (credits.share or 0) * 100 if percent else credits.total
    return "below" if value < line else "at" if value == line else "not yet clear of"


def what_to_do(
    credits: Credits, plan: Plan | None, foretold: ForecastSummary | None, now: datetime, zone: ZoneInfo
) -> str:
    """The remedy, and which credits come by themselves when. At how many credits a job fails is unknown.

    Of seconds and percent nobody knows whether they can be bought.
    """
    refill = refill_at(credits, plan, now)
    monthly = f"the refill {format_on(refill, now, zone)} ({format_in(refill, now, zone)})" if refill else ""
    ways = " and ".join(filter(None, (daily_refill(credits, now, zone), monthly)))
    bought = credits.unit is Unit.CREDITS
    if foretold and foretold.boundary:  # the forecast already has the date
        keep = "Top up to keep jobs running." if bought else "Slow down to keep jobs running."
        advice = "Nothing to do until then, at this pace." if foretold.lasts else keep
    elif not bought:
        advice = f"Wait for {ways}." if ways else ""
    elif ways:
        advice = f"Top up, or wait for {ways}."
    else:
        advice = "Top up to run jobs again." if is_out(credits) else "Top up in time."
    return " ".join(filter(None, (advice, last_refill(plan, now, zone))))


def refill_at(credits: Credits, plan: Plan | None, now: datetime) -> datetime | None:
    """When the monthly credits refill; None if no refill is known."""
    ends = plan is not None and (plan.free or plan.renews is False)
    return credits.refresh_at if credits.refresh_at and credits.refresh_at > now and not ends else None


def last_refill(plan: Plan | None, now: datetime, zone: ZoneInfo) -> str:
    """That no refill comes, because the plan ends."""
    if plan is None or plan.renews is not False or plan.becomes or not plan.ends_at or plan.ends_at <= now:
        return ""
    return f"No refill comes: the plan ends {format_on(plan.ends_at, now, zone)}."


def daily_refill(credits: Credits, now: datetime, zone: ZoneInfo) -> str:
    at, amount = credits.daily_refresh_at, credits.daily_allowance
    return f"{format_number(amount)} daily credits {format_on(at, now, zone)}" if amount and at and at > now else ""


def numbers(credits: Credits, facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The buckets and their age."""
    read = f" · {format_read(facts.credits_at, now, zone)}" if facts.credits_at else ""
    return f"{format_buckets(credits)}{read}"


def enough_again(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Credits are above the thresholds again."""
    facts = story.last.notification.facts
    credits = credits_of(facts)
    again = (bold(format_credits(credits)), f" again{in_brackets(share_of(credits))}")
    how = growth_text(facts)
    return telling(
        about(RECOVERED, facts.name, *again),
        untold(story, now, zone),
        " ".join(filter(None, (how, how_low(story)))),
        numbers(credits, facts, now, zone),
    )


def growth_text(facts: Facts) -> str:
    """Why there is more, as a sentence; empty if there is not."""
    return GROWTHS.get(known_growth(facts), "More came in." if facts.growth else "")


def known_growth(facts: Facts) -> str:
    """Why there is more; "" if that is unknown, as for one number without buckets but after a refill."""
    single = facts.credits is not None and facts.credits.single
    return facts.growth or "" if not single or facts.growth == ChangeKind.REFILL else ""


def jobs_run_again(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Jobs run again, with fewer credits than the thresholds."""
    facts = story.last.notification.facts
    credits = credits_of(facts)
    amount = f", {format_credits(credits)}{in_brackets(share_of(credits))}"
    line = f"Still {side_of(facts.rung, credits)} your {facts.rung} line." if facts.rung else "Still low."
    return telling(
        about(RECOVERED, facts.name, bold("jobs run again"), amount),
        untold(story, now, zone),
        " ".join(filter(None, (growth_text(facts), line))),
        numbers(credits, facts, now, zone),
    )


def how_low(story: PendingAlert) -> str:
    """How long the credits were low, and the lowest value."""
    facts = story.last.notification.facts
    until = facts.taken_at or story.last.created_at
    worst = f"at worst {format_amount(facts.worst, credits_of(facts).unit)}" if facts.worst is not None else ""
    if facts.since is None or until <= facts.since:
        return f"It was low, {worst}." if worst else ""
    return f"It was low for {', '.join(filter(None, (format_duration(until - facts.since), worst)))}."


def untold(story: PendingAlert, now: datetime, zone: ZoneInfo) -> str:
    """The alert that a recovery superseded before the chat got it."""
    overtaken = story.overtaken
    if overtaken is None:
        return ""
    credits, at = credits_of(overtaken.notification.facts), format_at(overtaken.created_at, now, zone)
    was = OUT[credits.unit] if is_out(credits) else f"{format_credits(credits)} left{in_brackets(share_of(credits))}"
    return f"Not told in time: {was} {at}."


def unreadable(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """An account whose checks fail."""
    facts = notification.facts
    still = "still " if notification.reason is NotifyReason.REMINDED else ""
    since = f" since {format_past(facts.since, now, zone)}" if facts.since else ""
    return telling(
        about(
            SIGNS[notification.severity],
            facts.name,
            acked(notification, now, zone),
            bold(f"{still}cannot be read"),
            since,
        ),
        f"{severity_word(notification.severity)}: {format_trouble(facts.outage, facts.said)}.",
        MENDS[facts.outage or FailureKind.UNAVAILABLE],
        last_known(facts, now, zone) or "Its credits were never read yet.",
    )


def readable_again(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    facts, overtaken = story.last.notification.facts, story.overtaken
    until = facts.taken_at or story.last.created_at
    gap = f" for {format_duration(until - facts.since)}" if facts.since and until > facts.since else ""
    why = format_trouble(overtaken.notification.facts.outage, overtaken.notification.facts.said) if overtaken else ""
    return telling(
        about(RECOVERED, facts.name, bold("can be read again"), amount_now(facts.credits)),
        f"Not told in time: {why}." if why else "",
        f"It could not be read{gap}." if gap else "",
        numbers(facts.credits, facts, now, zone) if facts.credits else "",
    )


def amount_now(credits: Credits | None) -> str:
    """The credits after a colon: ": 2,900 credits (19 %)"."""
    return f", {format_credits(credits)}{in_brackets(share_of(credits))}" if credits else ""
