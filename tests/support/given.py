"""What the tests of the words are given: one account's story at one moment, and ways to vary it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings

from bot.domain.accounts import Credits, FailureKind, Plan
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.outbox.batching import Batch, PendingAlert

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Under coverage, on a busy machine, an example may take its time."""

UTC_ZONE = ZoneInfo("Etc/UTC")
"""UTC as the zone that somebody has chosen; "UTC" itself stands behind each time of day."""

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
"""A Monday."""

CHAT = Chat(-100123)
REFILL = datetime(2026, 7, 24, 0, 48, tzinfo=UTC)
LOW = Credits(monthly=2900, daily=0, package=0, monthly_allowance=15000, refresh_at=REFILL)
VERY_LOW = Credits(monthly=180, daily=0, package=0, monthly_allowance=15000, refresh_at=REFILL)
NONE_LEFT = Credits(monthly=0, daily=0, package=0, monthly_allowance=15000, refresh_at=REFILL)
FULL = Credits(monthly=15000, daily=0, package=0, monthly_allowance=15000, refresh_at=REFILL + timedelta(days=30))
PREMIUM = Plan(
    name="Premium - Monthly",
    next_name="Premium - Monthly",
    ends_at=datetime(2026, 7, 23, 0, 48, tzinfo=UTC),
    price="60",
    renewal_price="60",
)
CANCELLED = Plan(
    name="Premium - Monthly", ends_at=PREMIUM.ends_at, cancelled_at=datetime(2026, 7, 2, 9, 0, tzinfo=UTC), price="60"
)
CHANGING = Plan(name="Premium - Monthly", next_name="Basic", ends_at=PREMIUM.ends_at)
GIFT = Plan(name="Premium - Monthly", ends_at=PREMIUM.ends_at)
"""A gift card's: no next plan is named."""

FREE = Plan(name="Free", free=True)
ids: Iterator[int] = count(1)


def ago(**length: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(**length)


def facts(name: str = "Studio", email: str | None = "alice@example.com", **more: Any) -> Facts:
    """What is known of one account, read just now."""
    return Facts(**{"name": name, "email": email, "taken_at": NOW, "credits_at": NOW, **more})


def notification(measure: AlertRule | None, reason: NotifyReason, severity: Severity, told: Facts) -> Notification:
    """One alert's notice, of a subject of its own."""
    subject = f"pixverse:{told.email}" if told.email else "pixverse"
    return Notification(f"key-{next(ids)}", NotificationKind.ALERT, severity, reason, subject, measure, 1, told)


def note(topic: NotificationKind, told: Facts) -> Notification:
    """A note beside alerts."""
    return Notification(f"key-{next(ids)}", topic, Severity.INFO, subject=told.email or "", facts=told)


def sent(told: Notification, at: datetime = NOW, failed_at: datetime | None = None, number: int = 7) -> Delivery:
    """The notice addressed to the chat, fresh, or refused by Telegram since a moment."""
    return Delivery(number, CHAT, told, at, attempts=1 if failed_at else 0, first_failed_at=failed_at)


def batch(*notifications: Notification) -> Batch:
    """One story a notice, all fresh."""
    return Batch(tuple(PendingAlert((sent(told),)) for told in notifications))


def low(reason: NotifyReason = NotifyReason.FIRED, severity: Severity = Severity.WARNING, **more: Any) -> Notification:
    """Low credits: 2,900 of 15,000 unless said otherwise."""
    return notification(AlertRule.CREDITS, reason, severity, facts(**{"credits": LOW, "rung": "20 %", **more}))


def plan(reason: NotifyReason = NotifyReason.FIRED, severity: Severity = Severity.WARNING, **more: Any) -> Notification:
    """A plan's alert: cancelled unless said otherwise."""
    return notification(AlertRule.PLAN, reason, severity, facts(**{"plan": CANCELLED, "credits": LOW, **more}))


def unreadable(
    reason: NotifyReason = NotifyReason.FIRED, severity: Severity = Severity.WARNING, **more: Any
) -> Notification:
    """An account that cannot be read: its session is broken unless said otherwise."""
    defaults = {"credits": LOW, "credits_at": ago(hours=1), "since": ago(minutes=48), "outage": FailureKind.BROKEN}
    return notification(AlertRule.FAILURES, reason, severity, facts(**{**defaults, **more}))


def source(
    reason: NotifyReason = NotifyReason.FIRED, measure: AlertRule = AlertRule.FAILURES, **more: Any
) -> Notification:
    """A source's alert: all of its 12 accounts, since 13:15."""
    severity = Severity.WARNING if measure in (AlertRule.LISTING, AlertRule.BROKEN) else Severity.CRITICAL
    defaults = {"since": ago(minutes=48), "total": 12, "count": 12, "credits_at": None}
    return notification(measure, reason, severity, facts("pixverse", None, **{**defaults, **more}))
