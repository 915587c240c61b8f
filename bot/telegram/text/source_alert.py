"""Alerts of a whole source: its token, its subscription, its list, or a failure of all accounts."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import FailureKind
from bot.domain.alerts import AlertRule, NotifyReason
from bot.domain.durations import format_duration
from bot.domain.notifications import Facts, Notification
from bot.evaluation.measurements import LAPSED
from bot.outbox.batching import PendingAlert
from bot.sources.registry import title_of
from bot.telegram.text.dates import format_ago, format_past
from bot.telegram.text.formatting import (
    MENDS,
    RECOVERED,
    SIGNS,
    format_count,
    format_trouble,
    service_name,
    severity_word,
    trouble_of,
)
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, acked, telling
from bot.telegram.text.sanitize import plain

OWN_FILE = "its token_file"
"""The name that ``bot/config/accounts_file/build.py`` gives a token with a file of its own."""


def tell_source(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    notification = story.last.notification
    if notification.measure is AlertRule.BROKEN:
        return tell_broken(story, now, zone)
    if notification.measure is AlertRule.LISTING:
        return (
            listed_again(story) if notification.reason is NotifyReason.RESOLVED else lists_none(notification, now, zone)
        )
    if notification.reason is NotifyReason.RESOLVED:
        return readable_again(story, now, zone)
    return shut(notification, now, zone)


def shut(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The source as a whole cannot be read."""
    facts, kind = notification.facts, notification.facts.outage
    since = f" since {format_past(facts.since, now, zone)}" if facts.since else ""
    still = "still " if notification.reason is NotifyReason.REMINDED else ""
    head = {
        FailureKind.UNAUTHORIZED: f"{still}refuses the API token",
        FailureKind.LAPSED: f"subscription {'is still' if still else 'has'} lapsed",
    }.get(kind or FailureKind.UNAVAILABLE, f"{still}cannot be read{since}")
    age = f", {format_ago(facts.since, now)}" if facts.since and still else ""
    said = since if still or not head.endswith(since) else ""
    shut_for = f"{unwatched(facts)}{said}{age}"
    return telling(
        (f"{SIGNS[notification.severity]} ", bold(service_of(facts)), f"{colon_acked(notification, now, zone)} {head}"),
        f"{severity_word(notification.severity)}: {STILL_ANSWERED if is_word_alone(facts) else shut_for}.",
        f"Reason: {reason_text(facts)}.",
        mend_of(kind, facts),
    )


STILL_ANSWERED = "the last checks were still answered"


def is_word_alone(facts: Facts) -> bool:
    """True if useapi.net calls the subscription inactive, and still answers the checks."""
    return facts.outage is FailureKind.LAPSED and facts.count == 0 and bool(facts.total)


def colon_acked(notification: Notification, now: datetime, zone: ZoneInfo) -> str:
    """The ack before a reminder, after a colon: ": acknowledged by Kim yesterday,"; else empty."""
    said = acked(notification, now, zone).rstrip()
    return f": {said}" if said else ""


def service_of(facts: Facts) -> str:
    return service_name(facts.origin)


def mend_of(kind: FailureKind | None, facts: Facts) -> str:
    """The remedy. A token with a file of its own needs no restart."""
    if kind is FailureKind.UNAUTHORIZED and facts.token_from == OWN_FILE:
        return "Put a valid token into its token_file, then /reload."
    if kind is FailureKind.UNAUTHORIZED and facts.token_from:
        return MENDS[kind].replace("USEAPI_TOKEN", facts.token_from)
    return MENDS[kind] if kind in SHARED_MENDS else MENDS[FailureKind.UNAVAILABLE]


def reason_text(facts: Facts) -> str:
    """Why, in the server's words if it had some."""
    return plain(facts.said or "", 160, empty="").rstrip(".") or trouble_of(facts.outage)


SHARED_MENDS = (FailureKind.UNAUTHORIZED, FailureKind.LAPSED, FailureKind.THROTTLED, FailureKind.GARBLED)
"""Failures of a whole source with a remedy; the others need only time."""


def unwatched(facts: Facts) -> str:
    """How many accounts nobody watches."""
    total, failing = facts.total or 0, facts.count or 0
    if total and 0 < failing < total:
        return f"{failing:,} of {format_count(total, 'account')} not watched"
    if total == 1:
        return "its one account is not watched"
    return f"none of the {total:,} accounts is watched" if total else "no account is watched"


WORKS = "subscription works"


def was_only_said(facts: Facts) -> bool:
    """True if useapi.net called the subscription inactive, and no check was refused for that."""
    return facts.subscription and facts.worst != LAPSED


def readable_again(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    facts = story.last.notification.facts
    total, failing = facts.total or 0, facts.count or 0
    return telling(
        (f"{RECOVERED} ", bold(service_of(facts)), f" {WORKS if was_only_said(facts) else 'can be read'} again"),
        watched_now(total, failing),
        out_for(story, now, zone),
        untold(story),
    )


def watched_now(total: int, failing: int) -> str:
    """How many accounts are watched again; the others have alerts of their own."""
    if failing and total:
        others = f"{failing:,} still {'fails' if failing == 1 else 'fail'}, told for each if it lasts"
        return f"{total - failing:,} of {format_count(total, 'account')} watched again; {others}."
    return f"{format_count(total, 'account')} watched again." if total else ""


def out_for(story: PendingAlert, now: datetime, zone: ZoneInfo) -> str:
    """Since when and for how long it was unreachable."""
    facts, told = story.last.notification.facts, story.last.created_at
    if facts.since is None or told <= facts.since:
        return ""
    was = "It had lapsed" if facts.subscription else "It could not be read"
    return f"{was} for {format_duration(told - facts.since)}, since {format_past(facts.since, now, zone)}."


def untold(story: PendingAlert) -> str:
    """The alert that a recovery superseded before the chat got it."""
    overtaken = story.overtaken
    if overtaken is None or overtaken.notification.measure is AlertRule.LISTING:
        return ""
    return (
        f"Not told in time: {format_trouble(overtaken.notification.facts.outage, overtaken.notification.facts.said)}."
    )


def lists_none(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The source has no account, or perhaps none: its list answers 404, and not in its own words."""
    facts, word = notification.facts, severity_word(notification.severity)
    head = (f"{SIGNS[notification.severity]} ", bold(service_of(facts)), colon_acked(notification, now, zone))
    if facts.outage is None:
        return telling(
            (*head, f" lists no {title_of(facts.source)} account: add one"),
            f"{word}: nothing is watched. The bot finds a new account by itself.",
        )
    since = f" since {format_past(facts.since, now, zone)}, {format_ago(facts.since, now)}" if facts.since else ""
    return telling(
        (*head, f" perhaps lists no {title_of(facts.source)} account"),
        f"{word}: its list has answered 404{since}, and not in its own words.",
        f"Reason: {reason_text(facts)}.",
        "Add an account there, and the bot finds it by itself. If there is one, check what stands in between.",
    )


def listed_again(story: PendingAlert) -> MessageBody:
    """The source has accounts again; if its list still cannot be read, one account could be."""
    facts = story.last.notification.facts
    total = facts.total or 0
    name = service_of(facts)
    if facts.outage is not None:
        return telling(
            (f"{RECOVERED} ", bold(name), " has accounts: one could be read"),
            f"Its list still cannot be: {reason_text(facts)}.",
        )
    count = format_count(total, "account") if total else "accounts again"
    overtaken = "For a while it listed none; that was not told in time." if story.overtaken else ""
    return telling((f"{RECOVERED} ", bold(name), f" lists {count}, now watched"), overtaken)


def tell_broken(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    """useapi.net counts more broken accounts than the bot knows; it does not say which."""
    notification = story.last.notification
    facts, title = notification.facts, title_of(notification.facts.source)
    counted, known = facts.count or 0, facts.total or 0
    if notification.reason is NotifyReason.RESOLVED:
        return telling(
            (f"{RECOVERED} ", bold(service_of(facts)), f" counts no broken {title} account that the bot does not know")
        )
    says = f"counts {format_count(counted, f'broken {title} account')}, the bot knows {known or 'none'}"
    return telling(
        (
            f"{SIGNS[notification.severity]} ",
            bold(service_of(facts)),
            f"{colon_acked(notification, now, zone)} {says}",
        ),
        f"{severity_word(notification.severity)}: it does not say which. It can be one that the bot does not watch.",
        "Look through the accounts at useapi.net: remove the broken one and add it again.",
    )
