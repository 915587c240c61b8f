"""A message before its delivery is known: a first line, and lines below it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.alerts import NotifyReason
from bot.domain.notifications import Facts, Notification
from bot.telegram.text.dates import format_day_on
from bot.telegram.text.formatting import HEADLINE_NAME, name_of
from bot.telegram.text.layout import Piece, bold
from bot.telegram.text.sanitize import plain

Spans = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class MessageBody:
    """The first line is name, event and severity, as a locked phone shows it; the body is cause, remedy, numbers."""

    head: Spans
    body: tuple[Spans, ...] = ()


def telling(head: Spans, *body: str) -> MessageBody:
    """A body of plain lines below the first; empty lines are dropped."""
    return MessageBody(head, tuple((line,) for line in body if line))


def about(sign: str, name: str, *what: Piece) -> Spans:
    """The first line of a message about one account."""
    return (f"{sign} ", bold(name_of(name, HEADLINE_NAME)), ": ", *what)


def acked(notification: Notification, now: datetime, zone: ZoneInfo) -> str:
    """The start of a reminder after an ack: "acknowledged by Kim yesterday, "; else empty."""
    reminds = notification.reason is NotifyReason.REMINDED and notification.facts.by
    return f"{acked_text(notification.facts, now, zone)}, " if reminds else ""


def acked_text(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """Who acknowledged an alert, and on which day: "acknowledged by Kim yesterday"."""
    day = f" {format_day_on(facts.acted_at, now, zone)}" if facts.acted_at else ""
    return f"acknowledged by {plain(facts.by or 'somebody', 32)}{day}"
