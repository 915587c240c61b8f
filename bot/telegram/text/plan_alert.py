"""One plan alert in words: it renews, ends, becomes another one, has ended, or goes on."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import Plan, PlanChange
from bot.domain.alerts import GOOD_NEWS, Reason, Severity
from bot.domain.notifications import Facts, Notice
from bot.domain.rules import CANCELLED
from bot.outbox.batching import Story
from bot.telegram.text.dates import say_ago, say_day_on, say_in, say_moment, say_on, say_read
from bot.telegram.text.formatting import RECOVERED, SIGNS, say_credits, say_number, say_plan, severity_word
from bot.telegram.text.layout import Piece, bold
from bot.telegram.text.left_out import OF_PLAN, told_before
from bot.telegram.text.message_body import Telling, about, acked, telling
from bot.telegram.text.sanitize import plain

PLAN_LENGTH = 24


def tell_plan(story: Story, now: datetime, zone: ZoneInfo) -> Telling:
    """The words for one plan alert."""
    notice = story.last.notice
    plan = notice.facts.plan or Plan()
    if notice.reason in GOOD_NEWS:
        return goes_on(story, plan, now, zone)
    if plan.free:
        return gone(notice, plan, now, zone)
    if has_ended(notice, plan, now):
        return ended(notice, plan, now, zone)
    return renews(notice, plan, now, zone) if plan.renews else ends(notice, plan, now, zone)


def has_ended(notice: Notice, plan: Plan, now: datetime) -> bool:
    """Whether the plan is over; of one that renews the alert says so, even if the clock was set back since."""
    if plan.renews:
        return notice.severity is not Severity.INFO
    return plan.free is True or plan.ends_at is None or plan.ends_at <= now


def renews(notice: Notice, plan: Plan, now: datetime, zone: ZoneInfo) -> Telling:
    """The same plan goes on by itself."""
    at = plan.renewal_at or plan.ends_at or now
    price = plain(plan.renewal_price or plan.price or "", 20, empty="")
    cost = f" for {price}" if price else ""
    return telling(
        about(SIGNS[notice.severity], notice.facts.name, "plan ", bold(f"renews {say_in(at, now, zone)}")),
        f"{severity_word(notice.severity)}: {say_plan(plan)} renews{cost} {say_on(at, now, zone)}. Nothing to do.",
        told_before(notice.facts.left_out, OF_PLAN, now, zone),
    )


def is_cancellation(notice: Notice) -> bool:
    """Whether it tells that a plan was cancelled, long before it ends."""
    plan = notice.facts.plan or Plan()
    return notice.facts.level == CANCELLED and plan.cancelled_at is not None


def ends(notice: Notice, plan: Plan, now: datetime, zone: ZoneInfo) -> Telling:
    """The plan ends, or becomes another one."""
    at = plan.ends_at or now
    becomes = plain(plan.becomes, PLAN_LENGTH) if plan.becomes else ""
    head = f"becomes {becomes} {say_in(at, now, zone)}" if becomes else f"ends {say_in(at, now, zone)}"
    head = f"was cancelled, {head}" if is_cancellation(notice) else head
    return telling(
        about(SIGNS[notice.severity], notice.facts.name, acked(notice, now, zone), "plan ", bold(head)),
        f"{severity_word(notice.severity)}: {end_sentence(plan, becomes, at, now, zone)}",
        "" if becomes else lapsing(notice.facts, now, zone),
        told_before(notice.facts.left_out, OF_PLAN, now, zone),
    )


def end_sentence(plan: Plan, becomes: str, at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Why and when the plan ends."""
    moment = f"{say_on(at, now, zone)}, {say_in(at, now, zone)}"
    if becomes:
        return f"{say_plan(plan)} changes to {becomes} {moment}."
    if plan.cancelled_at:
        return f"{say_plan(plan)} was cancelled {say_day_on(plan.cancelled_at, now, zone)} and ends {moment}."
    return f"{say_plan(plan)} ends {moment}."


def lapsing(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """What goes with the plan."""
    credits = facts.credits
    if credits is None or credits.monthly <= 0:
        return "Renew it to go on."
    read = f" ({say_read(facts.credits_at, now, zone)})" if facts.credits_at else ""
    return f"{say_number(credits.monthly)} monthly credits lapse with it{read}: use them, or renew."


def gone(notice: Notice, plan: Plan, now: datetime, zone: ZoneInfo) -> Telling:
    """A paid plan that became a free account."""
    end = plan.ends_at if plan.ends_at and plan.ends_at > now else None
    was = f" {say_plan(plan)} was to last until {say_moment(end, now, zone)}." if end else ""
    return telling(
        about(SIGNS[notice.severity], notice.facts.name, "plan is ", bold("gone"), ", now a free account"),
        f"{severity_word(notice.severity)}: no more monthly credits come.{was}",
        "Subscribe again to go on.",
        remaining(notice.facts, now, zone),
    )


def ended(notice: Notice, plan: Plan, now: datetime, zone: ZoneInfo) -> Telling:
    """The plan's end has passed."""
    return telling(
        about(
            SIGNS[notice.severity],
            notice.facts.name,
            acked(notice, now, zone),
            bold(ended_head(notice, plan, now, zone)),
        ),
        f"{severity_word(notice.severity)}: {ended_sentence(plan, now, zone)}",
        remaining(notice.facts, now, zone),
        told_before(notice.facts.left_out, OF_PLAN, now, zone),
    )


def ended_head(notice: Notice, plan: Plan, now: datetime, zone: ZoneInfo) -> str:
    """That it has ended, in the first line."""
    still = notice.reason is Reason.REMINDED
    if plan.ends_at is None:
        return "still without a paid plan" if still else "plan has ended"
    if plan.renews or still:
        return "plan still not renewed" if still else "plan was not renewed"
    return f"plan ended {say_day_on(plan.ends_at, now, zone)}"


def ended_sentence(plan: Plan, now: datetime, zone: ZoneInfo) -> str:
    """When the plan ended, and what to do."""
    if plan.ends_at is None:
        return "no refill comes. Subscribe again to go on."
    ago = f", {say_ago(plan.ends_at, now)}" if plan.ends_at <= now else ""
    when = f"{say_on(plan.ends_at, now, zone)}{ago}"
    if plan.renews:
        return f"{say_plan(plan)} was due {when}. Check its payment at PixVerse."
    return f"{say_plan(plan)} ended {when}. No refill comes. Renew it to go on."


def remaining(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """What can still be spent after the end."""
    if facts.credits is None or facts.credits_at is None:
        return ""
    return f"{say_credits(facts.credits)} left · {say_read(facts.credits_at, now, zone)}"


def goes_on(story: Story, plan: Plan, now: datetime, zone: ZoneInfo) -> Telling:
    """A new end is far enough away, or the old one no longer matters: what happened, and nothing that did not."""
    facts = story.last.notice.facts
    until = f" until {say_moment(plan.ends_at, now, zone)}" if plan.ends_at else ""
    overtaken = story.overtaken
    was = f"Not told in time: {overtaken_words(overtaken.notice, now, zone)}." if overtaken else ""
    return telling(
        about(RECOVERED, facts.name, "plan ", *what_became(facts.plan_change, plan), until),
        was,
        next_end(plan, now, zone),
        remaining(facts, now, zone),
    )


def what_became(change: str | None, plan: Plan) -> tuple[Piece, ...]:
    """What became of the plan, in the first line."""
    match change:
        case PlanChange.RENEWED:
            return (bold("renewed" if plan.renews else "goes on"),)
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
    return f"{say_plan(plan)} {'renews again' if plan.renews else 'ends'} {say_in(plan.ends_at, now, zone)}."


def overtaken_words(notice: Notice, now: datetime, zone: ZoneInfo) -> str:
    """What a recovery overtook before it could be told."""
    plan = notice.facts.plan or Plan()
    if plan.free:
        return "it had become a free account"
    if plan.ends_at is None:
        return "it had ended"
    verb = "was to renew" if notice.severity is Severity.INFO and plan.renews else "was to end"
    return f"it {verb} {say_on(plan.ends_at, now, zone)}"
