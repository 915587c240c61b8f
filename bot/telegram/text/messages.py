"""Batches as messages.

``account_alert`` has the text of one alert, ``grouped_alerts`` that of several, ``notices`` that of notes beside
alerts. This is what all of them share: sound, buttons, and the lines of a late message.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import FailureKind
from bot.domain.alerts import GOOD_NEWS, AlertRule, NotifyReason
from bot.domain.durations import format_duration
from bot.domain.notifications import Notification, NotificationKind
from bot.domain.quiet_hours import QuietHours
from bot.outbox.batching import Batch, PendingAlert
from bot.outbox.pacing import lateness
from bot.outbox.quiet import rings
from bot.sources.registry import service_of
from bot.telegram.text.account_alert import tell_story
from bot.telegram.text.dates import format_ago, format_at, format_past, unmarked
from bot.telegram.text.greeting import tell_greeting
from bot.telegram.text.grouped_alerts import tell_many
from bot.telegram.text.layout import Button, Buttons, Message, Text
from bot.telegram.text.message_body import MessageBody
from bot.telegram.text.notices import tell_note
from bot.telegram.text.pauses import act_number, resume_button
from bot.telegram.text.sanitize import clean
from bot.telegram.text.source_alert import tell_source

SHORT = (AlertRule.CREDITS, AlertRule.RUNWAY, AlertRule.JOBS)
"""The rules that fire while credits are, or will be, short."""

MOST_LINKS = 2

FULL = 3900
"""Above this many units a message gets no more names, although Telegram would take a few."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message, and how many of the batch's pending alerts it has; the others go into the next one."""

    message: Message
    told: int


def render(batch: Batch, now: datetime, zone: ZoneInfo, quiet: QuietHours | None = None) -> Rendered:
    """The batch as a message, with as many of its pending alerts, oldest first, as fit."""
    told = len(batch.stories)
    text = lay_out(batch, told, now, zone)
    while text.length > FULL and told > 1:
        told = max(1, min(told - 1, told * FULL // text.length))
        text = lay_out(batch, told, now, zone)
    message = text.message(buttons_of(batch), silent=not rings(batch, quiet, now, zone, runs_out))
    return Rendered(message, told)


def runs_out(notification: Notification) -> datetime | None:
    """The earliest moment at which the credits of a notification run out; None without such a forecast."""
    foretold = notification.facts.foretold
    return foretold.earliest if foretold and not foretold.lasts else None


def lay_out(batch: Batch, told: int, now: datetime, zone: ZoneInfo) -> Text:
    """The text of the batch's first ``told`` pending alerts."""
    now_told = batch.first(told)
    telling = tell(now_told, len(batch.stories) - told, now, zone)
    text = Text().line(*telling.head, *late_mark(now_told, now), *repeat_mark(now_told))
    escalated = escalated_text(now_told, now, zone)
    text = (text.line(escalated) if escalated else text).lines(telling.body)
    held_up = held_up_since(now_told)
    if held_up is not None:
        since = unmarked(format_past(held_up, now, zone), zone)
        text.line(f"Telegram did not take messages from {since} to {format_past(now, now, zone)}.")
    sent = [part.sent_ways for part in now_told.deliveries if part.sent_ways]
    return text.line(also_sent(sent, now, zone)) if sent else text


def tell(batch: Batch, more: int, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The text of a batch, without the lines about its delivery."""
    story = batch.stories[0]
    alone = len(batch.stories) == 1 and not more and story.last.notification.topic is NotificationKind.ALERT
    if batch.cause.topic is NotificationKind.GREETING and not alone:
        return tell_greeting(batch, more, lambda one: teller(one)(one, now, zone), now, zone)
    if more or len(batch.stories) > 1:
        return tell_many(batch, more, now, zone)
    return teller(story)(story, now, zone)


def teller(story: PendingAlert) -> Callable[[PendingAlert, datetime, ZoneInfo], MessageBody]:
    """The function that writes one pending alert."""
    notification = story.last.notification
    if notification.topic is not NotificationKind.ALERT:
        return tell_note
    return tell_source if notification.facts.email is None else tell_story


def late_mark(batch: Batch, now: datetime) -> tuple[str, ...]:
    """The end of a late message's first line."""
    late = lateness(batch, now)
    return (f" · delayed {format_duration(late)}",) if late else ()


def repeat_mark(batch: Batch) -> tuple[str, ...]:
    """The end of the first line of a message that the chat perhaps got before."""
    repeated = [any(part.perhaps_sent for part in story.parts) for story in batch.stories]
    if not any(repeated):
        return ()
    return (" · perhaps sent before" if all(repeated) else " · some perhaps sent before",)


def escalated_text(batch: Batch, now: datetime, zone: ZoneInfo) -> str:
    """Why a message is escalated; empty where it is not."""
    last = [story.last.notification for story in batch.stories]
    since = [one.facts.unattended_since for one in last if one.reason is NotifyReason.ESCALATED]
    first = min((moment for moment in since if moment), default=None)
    if first is None:
        return ""
    waited = f"nobody has acknowledged {'it' if len(last) == 1 else 'them'} since {format_past(first, now, zone)}"
    return f"Escalated: {waited}, {format_ago(first, now)}."


def held_up_since(batch: Batch) -> datetime | None:
    """When Telegram first refused any of it; None if it did not."""
    return min((part.first_failed_at for part in batch.deliveries if part.first_failed_at), default=None)


def also_sent(sent: Iterable[tuple[datetime, str]], now: datetime, zone: ZoneInfo) -> str:
    """The line about the second channel: "Also sent by mail at 13:35"; empty if it was not used.

    ``sent`` are the moments and the channels.
    """
    first = min(sent, default=None)
    return f"Also sent by {clean(first[1], 80)} {format_at(first[0], now, zone)}." if first else ""


def buttons_of(batch: Batch) -> Buttons:
    """Buttons for a firing alert, a mute or a pause; recoveries and other notes have none."""
    notifications = [story.last.notification for story in batch.stories]
    facts = notifications[0].facts
    if notifications[0].topic is NotificationKind.PAUSED and facts.acted_at:
        return resume_button(act_number(facts.acted_at))
    if notifications[0].topic is NotificationKind.MUTE and facts.silence is not None:
        return ((Button("Unmute", f"undo:{facts.silence}"),),)
    if not any(one.topic is NotificationKind.ALERT and one.reason not in GOOD_NEWS for one in notifications):
        return ()
    outside = all(one.facts.outside for one in notifications)
    return alert_buttons(batch.deliveries[0].id, notifications, outside=outside)


def alert_buttons(delivery: int, told: Iterable[Notification], *, outside: bool = False) -> Buttons:
    """The buttons below an alert; their data is the id of the batch's first delivery. Links follow in a row.

    A chat ``outside`` gets only escalated alerts, and can acknowledge them.
    """
    links = links_of(told)
    if outside:
        return ((Button("Ack", f"ack:{delivery}"),), *((links,) if links else ()))
    return (
        (Button("Ack", f"ack:{delivery}"), Button("Snooze 1 h", f"snooze1h:{delivery}")),
        (Button("Snooze 1 day", f"snooze1d:{delivery}"), *credits_row(delivery)),
        *((links,) if links else ()),
    )


def links_of(told: Iterable[Notification]) -> tuple[Button, ...]:
    """The pages that help: the website where credits are short, how to link an account where a session is broken."""
    links = dict[Button, None]()
    for one in told:
        service = service_of(one.subject)
        if service is None or one.topic is not NotificationKind.ALERT or one.reason in GOOD_NEWS:
            continue
        if one.measure in SHORT and service.website:
            links[Button(f"Open {service.title}", service.website)] = None
        if one.facts.outage in (FailureKind.BROKEN, FailureKind.UNREFRESHED) and service.linking:
            links[Button(f"How to link a {service.title} account", service.linking)] = None
    return tuple(links)[:MOST_LINKS]


def credits_row(delivery: int) -> tuple[Button, ...]:
    """The button that shows the credits of a message's accounts."""
    return (Button("Credits", f"credits:{delivery}"),)
