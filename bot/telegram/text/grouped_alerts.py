"""Many accounts with one cause in one message: grouped, the worst group first, a line each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import OutageKind, Plan
from bot.domain.alerts import GOOD_NEWS, Measure, Reason
from bot.domain.notifications import Notice, Topic
from bot.outbox.batching import Parcel, Story, worst
from bot.telegram.text.dates import say_day, say_moment, say_read
from bot.telegram.text.forecast import say_range
from bot.telegram.text.formatting import (
    MENDS,
    NOTE,
    RECOVERED,
    SERVICE,
    SIGNS,
    capitalised,
    in_brackets,
    is_out,
    name_of,
    say_count,
    say_total,
    severity_word,
    trouble_of,
)
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import Pieces, Telling, acked_words
from bot.telegram.text.plan_alert import has_ended, is_cancellation
from bot.telegram.text.sanitize import plain

GROWTHS = {"refill": "Refilled", "top-up": "Topped up", "plan change": "Another plan"}
HINT = "/credits shows every number."


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Accounts that are told in one line; the order of groups is their urgency."""

    rank: tuple[float, ...]
    words: str
    mend: str = ""


def tell_many(parcel: Parcel, more: int, now: datetime, zone: ZoneInfo) -> Telling:
    """The words for several stories of one cause; ``more`` of them follow in the next message."""
    notice = parcel.stories[0].last.notice
    recovered = notice.reason in GOOD_NEWS
    sign = NOTE if notice.topic is not Topic.ALERT else RECOVERED if recovered else SIGNS[worst(parcel)]
    follow = f", {more:,} more follow" if more else ""
    lines = group_lines(parcel.stories, grouping(notice, now, zone), spoken(notice))
    return Telling((f"{sign} ", bold(headline(parcel, now)), follow), (*lines, *age_line(parcel, now, zone)))


def age_line(parcel: Parcel, now: datetime, zone: ZoneInfo) -> tuple[Pieces, ...]:
    """How old the oldest of the numbers is, and where all of them are."""
    facts = [story.last.notice.facts for story in parcel.stories]
    read = [fact.credits_at for fact in facts if fact.credits_at]
    notice = parcel.stories[0].last.notice
    if not read or notice.measure is not Measure.CREDITS or notice.topic is not Topic.ALERT:
        return ()
    return ((f"{capitalised(say_read(min(read), now, zone))}. {HINT}",),)


def headline(parcel: Parcel, now: datetime) -> str:
    """How many there are, and what happened to all of them."""
    notice, count = parcel.stories[0].last.notice, len(parcel.stories)
    if notice.topic in (Topic.ACK, Topic.MUTE):
        by = plain(notice.facts.by or "somebody", 32)
        acked = f"{say_count(count, 'alert')} acknowledged by {by}"
        return acked if notice.topic is Topic.ACK else f"{say_count(count, 'account')} muted in every chat by {by}"
    recovered = notice.reason is Reason.RESOLVED
    are, have = ("is", "has") if count == 1 else ("are", "have")
    if notice.topic is Topic.GONE:
        return f"{say_count(count, 'account')} {are} no longer listed at {SERVICE}"
    if notice.measure is Measure.PLAN:
        return f"{say_count(count, 'plan')} {plans_verb(parcel, now)}"
    if notice.measure is Measure.RUNWAY:
        return f"{say_count(count, 'account')} {'last again' if recovered else 'may run out of credits'}"
    if notice.measure is Measure.SPIKE:
        spend = "spends" if count == 1 else "spend"
        return f"{say_count(count, 'account')} {'back to the usual pace' if recovered else f'{spend} unusually fast'}"
    what = "can be read again" if recovered else "cannot be read"
    if notice.reason is Reason.EASED:
        what = "can run jobs again, still low on credits"
    elif notice.measure is Measure.CREDITS:
        what = f"{have} enough credits again" if recovered else f"{are} low on credits"
    return f"{say_count(count, 'account')} {what}"


def plans_verb(parcel: Parcel, now: datetime) -> str:
    """What the plans do, as far as all of them do the same."""
    one = len(parcel.stories) == 1
    notices = [story.last.notice for story in parcel.stories]
    if notices[0].reason in GOOD_NEWS:
        return "goes on" if one else "go on"
    if all(notice.facts.plan and notice.facts.plan.free for notice in notices):
        return "is gone" if one else "are gone"
    if all(is_cancellation(notice) for notice in notices):
        return "was cancelled" if one else "were cancelled"
    if all(has_ended(notice, notice.facts.plan or Plan(), now) for notice in notices):
        return "has ended" if one else "have ended"
    plans = [notice.facts.plan or Plan() for notice in notices]
    ended = any(has_ended(notice, plan, now) for notice, plan in zip(notices, plans, strict=True))
    if not ended and all(plan.renews for plan in plans):
        return "renews soon" if one else "renew soon"
    return "needs attention" if one else "need attention"


def group_lines(
    stories: Iterable[Story], group_of: Callable[[Story], Group], say: Callable[[Story], str]
) -> tuple[Pieces, ...]:
    """One line a group, the most urgent first; within a group in the order of the stories."""
    groups: dict[Group, list[str]] = {}
    for story in stories:
        groups.setdefault(group_of(story), []).append(say(story))
    return tuple((bold(group.words), f": {', '.join(names)}{group.mend}") for group, names in sorted(groups.items()))


def grouping(notice: Notice, now: datetime, zone: ZoneInfo) -> Callable[[Story], Group]:
    """How stories of this cause are grouped; apart from the others those that somebody acknowledged."""
    group_of = kinds(notice, now, zone)
    return lambda story: acknowledged(group_of(story), story.last.notice, now, zone)


def acknowledged(group: Group, notice: Notice, now: datetime, zone: ZoneInfo) -> Group:
    """The group with who acknowledged its alerts, and when, if somebody did."""
    if notice.topic is not Topic.ALERT or not notice.facts.by:
        return group
    return replace(group, words=f"{group.words}, {acked_words(notice.facts, now, zone)}")


def kinds(notice: Notice, now: datetime, zone: ZoneInfo) -> Callable[[Story], Group]:
    """How stories of this cause are grouped by what they tell."""
    if notice.topic is Topic.MUTE:
        until = f"Until {say_moment(notice.facts.until, now, zone)}" if notice.facts.until else "Muted"
        return lambda _: Group((0,), until)
    if notice.topic is Topic.ACK:
        return lambda story: Group((-story.last.notice.severity,), severity_label(story.last.notice))
    if notice.topic is Topic.GONE:
        return lambda _: Group((0,), "No longer watched")
    if notice.reason in GOOD_NEWS:
        return recovery_group
    if notice.measure is Measure.CREDITS:
        return credits_group
    if notice.measure is Measure.PLAN:
        return lambda story: plan_group(story, now, zone)
    if notice.measure in (Measure.RUNWAY, Measure.SPIKE):
        return lambda story: outlook_group(story, now, zone)
    return trouble_group


def recovery_group(story: Story) -> Group:
    """Recovered: those whose trouble was never told stand apart, since they are news twice."""
    again = "jobs run again" if story.last.notice.reason is Reason.EASED else "well again"
    if story.overtaken:
        return Group((1,), f"{capitalised(again)}, not told in time")
    return Group((0,), GROWTHS.get(story.last.notice.facts.growth or "", capitalised(again)))


def credits_group(story: Story) -> Group:
    """Low credits: by rung, those with nothing left first."""
    notice = story.last.notice
    label = severity_label(notice)
    if notice.facts.credits and is_out(notice.facts.credits):
        return Group((-notice.severity, 0), f"{label}, out of credits")
    rung = notice.facts.rung
    return Group((-notice.severity, 1), f"{label}, {f'below {rung}' if rung else 'low'}")


def severity_label(notice: Notice) -> str:
    """How bad, as a sign and a word."""
    return f"{SIGNS[notice.severity]} {severity_word(notice.severity)}"


def plan_group(story: Story, now: datetime, zone: ZoneInfo) -> Group:
    """Plans: by severity, by what happens, and by the day."""
    notice = story.last.notice
    plan = notice.facts.plan or Plan()
    at = plan.ends_at
    day = f" {say_day(at, now, zone)}" if at else ""
    label = severity_label(notice)
    if plan.free:
        return Group((-notice.severity, 0.0), f"{label}, now a free account")
    if at is None or has_ended(notice, plan, now):
        return Group((-notice.severity, 0.0), f"{label}, ended{day}")
    verb = "renews" if plan.renews else f"becomes {plain(plan.becomes, 32)}" if plan.becomes else "ends"
    return Group((-notice.severity, (at - now).total_seconds() // 86_400), f"{label}, {verb}{day}")


def outlook_group(story: Story, now: datetime, zone: ZoneInfo) -> Group:
    """What is foreseen: by the range in which each runs out, the earliest first."""
    notice = story.last.notice
    label = severity_label(notice)
    if notice.measure is Measure.SPIKE or notice.facts.foretold is None:
        return Group((float("inf"),), label)
    return Group((notice.facts.value or 0.0,), f"{label}, {say_range(notice.facts.foretold, now, zone)}")


def trouble_group(story: Story) -> Group:
    """Unreadable accounts: by kind, with what to do."""
    notice = story.last.notice
    kind = notice.facts.outage or OutageKind.UNAVAILABLE
    label = severity_label(notice)
    return Group((0 if kind.certain else 1,), f"{label}, {trouble_of(kind)}", f". {MENDS[kind]}")


def spoken(notice: Notice) -> Callable[[Story], str]:
    """How one account is said inside a group."""
    if notice.measure is Measure.SPIKE and notice.reason is not Reason.RESOLVED:
        return with_pace
    return with_number if notice.measure in (Measure.CREDITS, Measure.RUNWAY) else plain_name


def with_pace(story: Story) -> str:
    """The account's name, and how many times its usual pace."""
    value = story.last.notice.facts.value
    return f"{plain_name(story)}{in_brackets(f'{value:,.0f} × the usual' if value else '')}"


def plain_name(story: Story) -> str:
    """The account's name."""
    return name_of(story.last.notice.facts.name)


def with_number(story: Story) -> str:
    """The account's name and its credits, where any are left."""
    credits = story.last.notice.facts.credits
    number = "" if credits is None or is_out(credits) else say_total(credits)
    return f"{plain_name(story)}{in_brackets(number)}"
