"""Several accounts with one cause in one message: grouped, the worst group first, a line each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import FailureKind, Plan
from bot.domain.alerts import GOOD_NEWS, AlertRule, NotifyReason
from bot.domain.notifications import Notification, NotificationKind
from bot.outbox.batching import Batch, PendingAlert, worst
from bot.telegram.text.account_alert import known_growth
from bot.telegram.text.dates import days_ahead, format_day, format_moment, format_read
from bot.telegram.text.forecast import format_range
from bot.telegram.text.formatting import (
    MENDS,
    NOTE,
    OUT,
    RECOVERED,
    SERVICE,
    SIGNS,
    capitalised,
    format_count,
    format_total,
    is_out,
    jobs_of,
    name_of,
    name_with,
    severity_word,
    trouble_of,
)
from bot.telegram.text.lapses import short_amount
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, Spans, acked_text
from bot.telegram.text.plan_alert import has_ended, is_cancellation
from bot.telegram.text.sanitize import plain

GROWTHS = {"refill": "Refilled", "top-up": "Topped up", "plan change": "Another plan"}
HINT = "/credits shows every number."


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Accounts that share one line; groups sort by urgency."""

    rank: tuple[float, ...]
    words: str
    mend: str = ""


def tell_many(batch: Batch, more: int, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The text of several pending alerts of one group; ``more`` of them follow in the next message."""
    notification = batch.stories[0].last.notification
    recovered = notification.reason in GOOD_NEWS
    signed = notification.topic in (NotificationKind.ALERT, NotificationKind.LAPSE)
    sign = NOTE if not signed else RECOVERED if recovered else SIGNS[worst(batch)]
    follow = f", {more:,} more follow" if more else ""
    lines = group_lines(batch.stories, grouping(notification, now, zone), spoken(notification))
    return MessageBody((f"{sign} ", bold(headline(batch, now)), follow), (*lines, *age_line(batch, now, zone)))


def age_line(batch: Batch, now: datetime, zone: ZoneInfo) -> tuple[Spans, ...]:
    """How old the oldest of the numbers is, and where all of them are."""
    facts = [story.last.notification.facts for story in batch.stories]
    read = [fact.credits_at for fact in facts if fact.credits_at]
    notification = batch.stories[0].last.notification
    if not read or notification.measure is not AlertRule.CREDITS or notification.topic is not NotificationKind.ALERT:
        return ()
    hint = "" if facts[0].outside else f" {HINT}"  # such a chat can ask for nothing
    return ((f"{capitalised(format_read(min(read), now, zone))}.{hint}",),)


def headline(batch: Batch, now: datetime) -> str:
    """How many there are, and what happened to all of them."""
    notification, count = batch.stories[0].last.notification, len(batch.stories)
    if notification.topic in (NotificationKind.ACK, NotificationKind.MUTE):
        by = plain(notification.facts.by or "somebody", 32)
        acked = f"{format_count(count, 'alert')} acknowledged by {by}"
        return (
            acked
            if notification.topic is NotificationKind.ACK
            else f"{format_count(count, 'account')} muted in every chat by {by}"
        )
    recovered = notification.reason is NotifyReason.RESOLVED
    are, have = ("is", "has") if count == 1 else ("are", "have")
    if notification.topic is NotificationKind.GONE:
        return f"{format_count(count, 'account')} {are} no longer listed at {SERVICE}"
    if notification.topic is NotificationKind.LAPSE:
        lapses = (story.last.notification.facts.lapse for story in batch.stories)
        when = "at this pace" if all(lapse and lapse.left for lapse in lapses) else "soon"
        return f"{format_count(count, 'account')} {have} credits that lapse {when}"
    if notification.measure is AlertRule.PLAN:
        return f"{format_count(count, 'plan')} {plans_verb(batch, now)}"
    if notification.measure is AlertRule.RUNWAY:
        return f"{format_count(count, 'account')} {'last again' if recovered else 'may run out of credits'}"
    if notification.measure is AlertRule.SPIKE:
        spend = "spends" if count == 1 else "spend"
        return (
            f"{format_count(count, 'account')} {'back to the usual pace' if recovered else f'{spend} unusually fast'}"
        )
    if notification.measure is AlertRule.JOBS:
        return f"{format_count(count, 'account')} {'can run jobs again' if recovered else f'{have} refused jobs'}"
    what = "can be read again" if recovered else "cannot be read"
    if notification.reason is NotifyReason.EASED:
        what = "can run jobs again, still low on credits"
    elif notification.measure is AlertRule.CREDITS:
        what = f"{have} enough credits again" if recovered else f"{are} low on credits"
    return f"{format_count(count, 'account')} {what}"


def plans_verb(batch: Batch, now: datetime) -> str:
    """The verb for all plans, if they do the same."""
    one = len(batch.stories) == 1
    notifications = [story.last.notification for story in batch.stories]
    if notifications[0].reason in GOOD_NEWS:
        return "goes on" if one else "go on"
    if all(notification.facts.plan and notification.facts.plan.free for notification in notifications):
        return "is gone" if one else "are gone"
    if all(is_cancellation(notification) for notification in notifications):
        return "was cancelled" if one else "were cancelled"
    if all(has_ended(notification, notification.facts.plan or Plan(), now) for notification in notifications):
        return "has ended" if one else "have ended"
    plans = [notification.facts.plan or Plan() for notification in notifications]
    ended = any(has_ended(notification, plan, now) for notification, plan in zip(notifications, plans, strict=True))
    if not ended and all(plan.renews for plan in plans):
        return "renews soon" if one else "renew soon"
    if not ended and all(plan.renewal_unknown for plan in plans):
        return "ends or renews soon" if one else "end or renew soon"
    return "needs attention" if one else "need attention"


def group_lines(
    stories: Iterable[PendingAlert], group_of: Callable[[PendingAlert], Group], say: Callable[[PendingAlert], str]
) -> tuple[Spans, ...]:
    """One line for each group, the most urgent first; within a group in the order of the pending alerts."""
    groups: dict[Group, list[str]] = {}
    for story in stories:
        groups.setdefault(group_of(story), []).append(say(story))
    return tuple((bold(group.words), f": {', '.join(names)}{group.mend}") for group, names in sorted(groups.items()))


def grouping(notification: Notification, now: datetime, zone: ZoneInfo) -> Callable[[PendingAlert], Group]:
    """Returns the function that groups alerts of this kind; acknowledged ones stand apart."""
    group_of = kinds(notification, now, zone)
    return lambda story: acknowledged(group_of(story), story.last.notification, now, zone)


def acknowledged(group: Group, notification: Notification, now: datetime, zone: ZoneInfo) -> Group:
    """The group with who acknowledged its alerts, and when, if anybody did."""
    if notification.topic is not NotificationKind.ALERT or not notification.facts.by:
        return group
    return replace(group, words=f"{group.words}, {acked_text(notification.facts, now, zone)}")


def kinds(notification: Notification, now: datetime, zone: ZoneInfo) -> Callable[[PendingAlert], Group]:
    """Returns the function that groups alerts of this kind by their content."""
    if notification.topic is not NotificationKind.ALERT:
        return note_kinds(notification, now, zone)
    if notification.reason in GOOD_NEWS:
        return recovery_group
    if notification.measure is AlertRule.CREDITS:
        return credits_group
    if notification.measure is AlertRule.JOBS:
        return lambda story: Group((0,), f"{severity_label(story.last.notification)}, too few credits")
    if notification.measure is AlertRule.PLAN:
        return lambda story: plan_group(story, now, zone)
    if notification.measure in (AlertRule.RUNWAY, AlertRule.SPIKE):
        return lambda story: outlook_group(story, now, zone)
    return trouble_group


def note_kinds(notification: Notification, now: datetime, zone: ZoneInfo) -> Callable[[PendingAlert], Group]:
    """The same for notes beside alerts."""
    match notification.topic:
        case NotificationKind.MUTE:
            at = notification.facts.until
            until = f"Until {format_moment(at, now, zone)}" if at else "Muted"
            return lambda _: Group((0,), until)
        case NotificationKind.ACK:
            return lambda story: Group((-story.last.notification.severity,), severity_label(story.last.notification))
        case NotificationKind.LAPSE:
            return lambda story: lapse_group(story, now, zone)
        case _:
            return lambda _: Group((0,), "No longer watched")


def lapse_group(story: PendingAlert, now: datetime, zone: ZoneInfo) -> Group:
    """Credits that lapse: by the day of their end, the first one first."""
    lapse = story.last.notification.facts.lapse
    if lapse is None:
        return Group((float("inf"),), "Soon")
    return Group((days_ahead(lapse.at, now, zone),), capitalised(format_day(lapse.at, now, zone)))


def recovery_group(story: PendingAlert) -> Group:
    """Recovered: those whose trouble the chat never got stand apart, because both are news."""
    again = "jobs run again" if story.last.notification.reason is NotifyReason.EASED else "well again"
    if story.overtaken:
        return Group((1,), f"{capitalised(again)}, not told in time")
    return Group((0,), GROWTHS.get(known_growth(story.last.notification.facts), capitalised(again)))


def credits_group(story: PendingAlert) -> Group:
    """Low credits: by threshold, those with nothing left first."""
    notification = story.last.notification
    label = severity_label(notification)
    if notification.facts.credits and is_out(notification.facts.credits):
        return Group((-notification.severity, 0), f"{label}, {OUT[notification.facts.credits.unit]}")
    rung = notification.facts.rung
    return Group((-notification.severity, 1), f"{label}, {f'below {rung}' if rung else 'low'}")


def severity_label(notification: Notification) -> str:
    """The severity as a sign and a word."""
    return f"{SIGNS[notification.severity]} {severity_word(notification.severity)}"


def plan_group(story: PendingAlert, now: datetime, zone: ZoneInfo) -> Group:
    """Plans: by severity, by what happens, and by the day."""
    notification = story.last.notification
    plan = notification.facts.plan or Plan()
    at = plan.ends_at
    day = f" {format_day(at, now, zone)}" if at else ""
    label = severity_label(notification)
    if plan.free:
        return Group((-notification.severity, 0.0), f"{label}, now a free account")
    if at is None or has_ended(notification, plan, now):
        return Group((-notification.severity, 0.0), f"{label}, ended{day}")
    verb = (
        "ends or renews"
        if plan.renewal_unknown
        else "renews"
        if plan.renews
        else f"becomes {plain(plan.becomes, 32)}"
        if plan.becomes
        else "ends"
    )
    return Group((-notification.severity, (at - now).total_seconds() // 86_400), f"{label}, {verb}{day}")


def outlook_group(story: PendingAlert, now: datetime, zone: ZoneInfo) -> Group:
    """Forecasts: by the range of the run-out, the earliest first."""
    notification = story.last.notification
    label = severity_label(notification)
    if notification.measure is AlertRule.SPIKE or notification.facts.foretold is None:
        return Group((float("inf"),), label)
    return Group((notification.facts.value or 0.0,), f"{label}, {format_range(notification.facts.foretold, now, zone)}")


def trouble_group(story: PendingAlert) -> Group:
    """Unreadable accounts: by kind, with what to do."""
    notification = story.last.notification
    kind = notification.facts.outage or FailureKind.UNAVAILABLE
    label = severity_label(notification)
    return Group((0 if kind.certain else 1,), f"{label}, {trouble_of(kind)}", f". {MENDS[kind]}")


def spoken(notification: Notification) -> Callable[[PendingAlert], str]:
    """Returns the function that writes one account inside a group."""
    if notification.topic is NotificationKind.LAPSE:
        return with_lapse
    if notification.measure is AlertRule.SPIKE and notification.reason is not NotifyReason.RESOLVED:
        return with_pace
    if notification.measure is AlertRule.JOBS and notification.reason is not NotifyReason.RESOLVED:
        return with_refused
    return with_number if notification.measure in (AlertRule.CREDITS, AlertRule.RUNWAY) else plain_name


def with_refused(story: PendingAlert) -> str:
    """The account's name, and how many of its jobs were refused."""
    jobs = story.last.notification.facts.jobs
    return name_with(plain_name(story), format_count(jobs.count, "job") if jobs else "")


def with_lapse(story: PendingAlert) -> str:
    """The account's name, and the credits that are most likely left at the end, or all of a lot."""
    lapse = story.last.notification.facts.lapse
    return name_with(plain_name(story), short_amount(lapse) if lapse else "")


def with_pace(story: PendingAlert) -> str:
    """The account's name, and its pace in usual paces."""
    value = story.last.notification.facts.value
    return name_with(plain_name(story), f"{value:,.0f} × the usual" if value else "")


def plain_name(story: PendingAlert) -> str:
    return name_of(story.last.notification.facts.name)


def with_number(story: PendingAlert) -> str:
    """The account's name and its credits, if any are left."""
    credits = story.last.notification.facts.credits
    number = "" if credits is None or is_out(credits) else format_total(credits)
    number = ", ".join(filter(None, (number, jobs_of(credits) if credits and number else None)))
    return name_with(plain_name(story), number)
