"""Notes beside alerts: an account that is gone, a downtime of the bot, a summary, a silence."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.durations import format_duration
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.outbox.batching import PendingAlert
from bot.telegram.text.alert_list import MEASURES
from bot.telegram.text.dates import days_ahead, format_ago, format_at, format_clock, format_moment, unmarked
from bot.telegram.text.formatting import (
    CONCERNED_LENGTH,
    DOER_LENGTH,
    HEADLINE_NAME,
    NOTE,
    SERVICE,
    format_count,
    format_credits,
    in_brackets,
    name_of,
    service_name,
    share_of,
)
from bot.telegram.text.lapses import tell_lapse
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, telling
from bot.telegram.text.pauses import tell_pause
from bot.telegram.text.sanitize import plain
from bot.telegram.text.summary import tell_digest


def tell_note(story: PendingAlert, now: datetime, zone: ZoneInfo) -> MessageBody:
    facts = story.last.notification.facts
    match story.last.notification.topic:
        case NotificationKind.GONE:
            return gone(facts, now, zone)
        case NotificationKind.PAUSED | NotificationKind.RESUMED:
            return tell_pause(story.last.notification, now, zone)
        case NotificationKind.DIGEST:
            return tell_digest(facts, now, zone)
        case NotificationKind.ACK:
            return acknowledged(story.last.notification)
        case NotificationKind.MUTE:
            return muted(facts, now, zone)
        case NotificationKind.CLOSED | NotificationKind.DROPPED:
            return for_receiver(story.last.notification, now, zone)
        case NotificationKind.LAPSE:
            return tell_lapse(facts, now, zone)
        case _:
            return pause(facts, now, zone)


def gone(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """An account that its source no longer lists."""
    return telling(
        (f"{NOTE} ", bold(name_of(facts.name, HEADLINE_NAME)), f": no longer listed at {SERVICE}"),
        "It is no longer watched. If that was not meant, add it there again.",
        last_known(facts, now, zone),
    )


def acknowledged(notification: Notification) -> MessageBody:
    """Somebody in another chat acknowledged an alert that this chat got."""
    facts = notification.facts
    who = bold(name_of(facts.name, HEADLINE_NAME) if facts.email else service_name(facts.origin))
    what = f" ({MEASURES[notification.measure]})" if notification.measure else ""
    return telling((f"{NOTE} ", who, f": acknowledged by {plain(facts.by or 'somebody', 32)}{what}"))


def muted(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Somebody in another chat muted an account, or everything, in every chat."""
    who = bold(name_of(facts.name, CONCERNED_LENGTH) if facts.email else "Everything")
    until = f" until {format_moment(facts.until, now, zone)}" if facts.until else ""
    return telling((f"{NOTE} ", who, f": muted in every chat by {plain(facts.by or 'somebody', DOER_LENGTH)}{until}"))


def for_receiver(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """A note that only the webhook's receiver reads."""
    is_closed = notification.topic is NotificationKind.CLOSED
    return closed(notification) if is_closed else dropped(notification.facts, now, zone)


def closed(notification: Notification) -> MessageBody:
    """An alert that nobody watches any longer."""
    facts = notification.facts
    who = bold(name_of(facts.name, HEADLINE_NAME) if facts.email else service_name(facts.origin))
    what = f" ({MEASURES[notification.measure]})" if notification.measure else ""
    return telling(
        (f"{NOTE} ", who, f": alert closed{what}"), "Its rule was switched off, or the account is no longer watched."
    )


def dropped(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Events that waited too long for the receiver."""
    count = facts.count or 0
    span = ""
    if facts.since and facts.until:
        since, until = (unmarked(format_moment(at, now, zone), zone) for at in (facts.since, facts.until))
        span = f" They are from {since} to {format_moment(facts.until, now, zone)}." if since != until else ""
    events = format_count(count, "event")
    return telling(
        (f"{NOTE} ", bold(f"{events} dropped"), ": the webhook took none for 7 days"),
        f"GET /accounts has the present state.{span}",
    )


def last_known(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The last number with its age; "" if there is none."""
    if facts.credits is None or facts.credits_at is None:
        return ""
    amount = f"{format_credits(facts.credits)}{in_brackets(share_of(facts.credits))}"
    return f"Last known: {amount} {format_at(facts.credits_at, now, zone)}, {format_ago(facts.credits_at, now)}."


def pause(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """A period without checks."""
    if facts.since is None or facts.until is None:
        return telling((f"{NOTE} ", bold("Nobody was watching"), " for a while"), MEANWHILE)
    if facts.until > now:  # the clock was set back since: its old times would lie ahead, the length is still right
        length = format_duration(facts.until - facts.since)
        return telling((f"{NOTE} ", bold("Nobody was watching"), f" for {length}"), MEANWHILE)
    span = format_span(facts.since, facts.until, now, zone)
    return telling(
        (f"{NOTE} ", bold("Nobody was watching"), f" {span}"),
        f"No checks ran for {format_duration(facts.until - facts.since)}. {MEANWHILE}",
    )


MEANWHILE = "Every account is checked again now. Open problems follow."


def format_span(since: datetime, until: datetime, now: datetime, zone: ZoneInfo) -> str:
    """From when to when: only clock times if both were today."""
    if days_ahead(since, now, zone) == days_ahead(until, now, zone) == 0:
        return f"from {unmarked(format_clock(since, zone), zone)} to {format_clock(until, zone)}"
    return f"from {unmarked(format_moment(since, now, zone), zone)} to {format_moment(until, now, zone)}"
