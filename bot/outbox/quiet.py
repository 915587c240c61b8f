"""The sound of a message in quiet hours. Pure."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from bot.domain.alerts import Severity
from bot.domain.notifications import Notification
from bot.domain.pending import NEWS
from bot.domain.quiet_hours import QuietHours
from bot.outbox.batching import Batch

RunsOut = Callable[[Notification], datetime | None]
"""The earliest moment at which the credits of a notification run out; None without a forecast."""


def no_forecast(_: Notification) -> datetime | None:
    return None


def rings(batch: Batch, quiet: QuietHours | None, now: datetime, zone: tzinfo, runs_out: RunsOut = no_forecast) -> bool:
    """True if a message sent now makes a sound. A merged one does if any part of it would."""
    quiet_until = quiet.over_at(now, zone) if quiet and quiet.contains(now, zone) else None
    notifications = [part.notification for part in batch.deliveries]
    return any(notification_rings(notification, quiet_until, runs_out(notification)) for notification in notifications)


def notification_rings(
    notification: Notification, quiet_until: datetime | None, runs_out_at: datetime | None = None
) -> bool:
    """True if one notification rings; ``quiet_until`` is None outside quiet hours.

    In quiet hours only what gets worse, or what nobody acknowledged, can: a critical alert, or credits that run out
    before they end.
    """
    if quiet_until is None or not notification.rings:
        return notification.rings
    if notification.reason not in NEWS:
        return False
    return notification.severity is Severity.CRITICAL or (runs_out_at is not None and runs_out_at < quiet_until)
