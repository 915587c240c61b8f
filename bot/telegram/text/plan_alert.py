"""One plan alert: the plan renews, ends, changes, has ended, or goes on."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import Plan, PlanChange
from bot.domain.alerts import GOOD_NEWS, NotifyReason, Severity
from bot.domain.notifications import Facts, Notification
from bot.domain.rules import CANCELLED
from bot.outbox.batching import PendingAlert
from bot.sources.registry import title_of
from bot.telegram.text.dates import format_ago, format_day_on, format_in, format_moment, format_on, format_read
from bot.telegram.text.formatting import RECOVERED, SIGNS, format_credits, format_number, format_plan, severity_word
from bot.telegram.text.layout import Piece, bold
from bot.telegram.text.left_out import OF_PLAN, told_before
from bot.telegram.text.message_body import MessageBody, about, acked, telling
from bot.telegram.text.sanitize import plain

PLAN_LENGTH = 24


def tell_plan(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    notification = story.last.notification
    plan = notification.facts.plan or Plan()
    if notification.reason in GOOD_NEWS:
        return goes_on(story, plan, now, zone)
    if plan.free:
        return gone(notification, plan, now, zone)
    if has_ended(notification, plan, now):
        return ended(notification, plan, now, zone)
    if plan.renewal_unknown:
        return ends_or_renews(notification, plan, now, zone)
    return renews(notification, plan, now, zone) if plan.renews else ends(notification, plan, now, zone)


def has_ended(notification: Notification, plan: Plan, now: datetime) -> bool:
    """True if the plan is over. For one that renews the alert decides, even if the clock was set back since."""
    if plan.renews or plan.renewal_unknown:
        return notification.severity is not Severity.INFO
    return plan.free is True or plan.ends_at is None or plan.ends_at <= now


def renews(notification: Notification, plan: Plan, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The same plan goes on by itself."""
    at = plan.renewal_at or plan.ends_at or now
    price = plain(plan.renewal_price or plan.price or "", 20, empty="")
    cost = f" for {price}" if price else ""
    return telling(
        about(
            SIGNS[notification.severity], notification.facts.name, "plan ", bold(f"renews {format_in(at, now, zone)}")
        ),
        f"{severity_word(notification.severity)}: {format_plan(plan)} renews{cost} {format_on(at, now, zone)}. "
        "Nothing to do.",
        told_before(notification.facts.left_out, OF_PLAN, now, zone),
    )


def ends_or_renews(notification: Notification, plan: Plan, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The end of a plan of which its service never says whether it goes on."""
    at, facts = plan.ends_at or now, notification.facts
    when = f"ends or renews {format_in(at, now, zone)}" if at > now else f"was due {format_ago(at, now)}"
    verb = "ends or renews" if at > now else "ended or renewed"
    return telling(
        about(SIGNS[notification.severity], facts.name, "plan ", bold(when)),
        f"{severity_word(notification.severity)}: {format_plan(plan)} {verb} {format_on(at, now, zone)}. "
        f"{title_of(facts.source)} does not say which.",
        told_before(facts.left_out, OF_PLAN, now, zone),
    )


def is_cancellation(notification: Notification) -> bool:
    """True if it is about a cancellation long before the end."""
    plan = notification.facts.plan or Plan()
    return notification.facts.level == CANCELLED and plan.cancelled_at is not None


def ends(notification: Notification, plan: Plan, now: datetime, zone: ZoneInfo) -> MessageBody:
    at = plan.ends_at or now
    becomes = plain(plan.becomes, PLAN_LENGTH) if plan.becomes else ""
    head = f"becomes {becomes} {format_in(at, now, zone)}" if becomes else f"ends {format_in(at, now, zone)}"
    head = f"was cancelled, {head}" if is_cancellation(notification) else head
    return telling(
        about(
            SIGNS[notification.severity], notification.facts.name, acked(notification, now, zone), "plan ", bold(head)
        ),
        f"{severity_word(notification.severity)}: {end_sentence(plan, becomes, at, now, zone)}",
        "" if becomes else lapsing(notification.facts, now, zone),
        told_before(notification.facts.left_out, OF_PLAN, now, zone),
    )


def end_sentence(plan: Plan, becomes: str, at: datetime, now: datetime, zone: ZoneInfo) -> str:
    moment = f"{format_on(at, now, zone)}, {format_in(at, now, zone)}"
    if becomes:
        return f"{format_plan(plan)} changes to {becomes} {moment}."
    if plan.cancelled_at:
        return f"{format_plan(plan)} was cancelled {format_day_on(plan.cancelled_at, now, zone)} and ends {moment}."
    return f"{format_plan(plan)} ends {moment}."


def lapsing(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """Credits that end with the plan."""
    credits = facts.credits
    if credits is None or credits.monthly <= 0:
        return "Renew it to go on."
    read = f" ({format_read(facts.credits_at, now, zone)})" if facts.credits_at else ""
    return f"{format_number(credits.monthly)} monthly credits lapse with it{read}: use them, or renew."


def gone(notification: Notification, plan: Plan, now: datetime, zone: ZoneInfo) -> MessageBody:
    """A paid plan that became a free account."""
    end = plan.ends_at if plan.ends_at and plan.ends_at > now else None
    was = f" {format_plan(plan)} was to last until {format_moment(end, now, zone)}." if end else ""
    return telling(
        about(SIGNS[notification.severity], notification.facts.name, "plan is ", bold("gone"), ", now a free account"),
        f"{severity_word(notification.severity)}: no more monthly credits come.{was}",
        "Subscribe again to go on.",
        remaining(notification.facts, now, zone),
    )


def ended(notification: Notification, plan: Plan, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The plan's end has passed."""
    return telling(
        about(
            SIGNS[notification.severity],
            notification.facts.name,
            acked(notification, now, zone),
            bold(ended_head(notification, plan, now, zone)),
        ),
        f"{severity_word(notification.severity)}: {ended_sentence(plan, notification.facts.source, now, zone)}",
        remaining(notification.facts, now, zone),
        told_before(notification.facts.left_out, OF_PLAN, now, zone),
    )


def ended_head(notification: Notification, plan: Plan, now: datetime, zone: ZoneInfo) -> str:
    """That it has ended, for the first line."""
    still = notification.reason is NotifyReason.REMINDED
    if plan.ends_at is None:
        return "still without a paid plan" if still else "plan has ended"
    if plan.renews or still:
        return "plan still not renewed" if still else "plan was not renewed"
    return f"plan ended {format_day_on(plan.ends_at, now, zone)}"


def ended_sentence(plan: Plan, source: str | None, now: datetime, zone: ZoneInfo) -> str:
    """When the plan ended, and what to do."""
    if plan.ends_at is None:
        return "no refill comes. Subscribe again to go on."
    ago = f", {format_ago(plan.ends_at, now)}" if plan.ends_at <= now else ""
    when = f"{format_on(plan.ends_at, now, zone)}{ago}"
    if plan.renews:
        return f"{format_plan(plan)} was due {when}. Check its payment at {title_of(source)}."
    return f"{format_plan(plan)} ended {when}. No refill comes. Renew it to go on."


def remaining(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """Credits that stay after the end."""
    if facts.credits is None or facts.credits_at is None:
        return ""
    return f"{format_credits(facts.credits)} left · {format_read(facts.credits_at, now, zone)}"


def goes_on(story: PendingAlert, plan: Plan, now: datetime, zone: ZoneInfo) -> MessageBody:
    """A new end is far enough away, or the old one no longer matters: only what really happened."""
    facts = story.last.notification.facts
    until = f" until {format_moment(plan.ends_at, now, zone)}" if plan.ends_at else ""
    overtaken = story.overtaken
    was = f"Not told in time: {overtaken_text(overtaken.notification, now, zone)}." if overtaken else ""
    return telling(
        about(RECOVERED, facts.name, "plan ", *what_became(facts.plan_change, plan), until),
        was,
        next_end(plan, now, zone),
        remaining(facts, now, zone),
    )


def what_became(change: str | None, plan: Plan) -> tuple[Piece, ...]:
    """How the plan changed, for the first line."""
    match change:
        case PlanChange.RENEWED:
            return (bold("renewed" if plan.renews or plan.renewal_unknown else "goes on"),)
        case PlanChange.CHANGED:
            return ("is now ", bold(plain(plan.name or "another one", PLAN_LENGTH)))
        case PlanChange.KEPT:
            return (bold("goes on"), ", no longer cancelled,")
        case _:
            return (bold("goes on"),)


def next_end(plan: Plan, now: datetime, zone: ZoneInfo) -> str:
    """How long it goes on."""
    if plan.ends_at is None:
        return ""
    verb = "ends or renews" if plan.renewal_unknown else "renews again" if plan.renews else "ends"
    return f"{format_plan(plan)} {verb} {format_in(plan.ends_at, now, zone)}."


def overtaken_text(notification: Notification, now: datetime, zone: ZoneInfo) -> str:
    """The alert that a recovery superseded before the chat got it."""
    plan = notification.facts.plan or Plan()
    if plan.free:
        return "it had become a free account"
    if plan.ends_at is None:
        return "it had ended"
    if plan.renewal_unknown:
        return f"it was to end or renew {format_on(plan.ends_at, now, zone)}"
    verb = "was to renew" if notification.severity is Severity.INFO and plan.renews else "was to end"
    return f"it {verb} {format_on(plan.ends_at, now, zone)}"
