"""Whether a message rings in quiet hours. Pure."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from bot.domain.alerts import Reason, Severity
from bot.domain.notifications import Notice
from bot.domain.quiet_hours import QuietHours
from bot.outbox.batching import Parcel

RunsOut = Callable[[Notice], datetime | None]
"""When, at the earliest, the credits that a notice speaks of run out; None where nothing is forecast."""


def no_forecast(_: Notice) -> datetime | None:
    """Nothing is forecast."""
    return None


def rings(
    parcel: Parcel, quiet: QuietHours | None, now: datetime, zone: tzinfo, runs_out: RunsOut = no_forecast
) -> bool:
    """Whether a message makes a sound when it is sent now. A merged one does if any part of it would."""
    quiet_until = quiet.over_at(now, zone) if quiet and quiet.contains(now, zone) else None
    notices = [part.notice for part in parcel.notifications]
    return any(notice_rings(notice, quiet_until, runs_out(notice)) for notice in notices)


def notice_rings(notice: Notice, quiet_until: datetime | None, runs_out_at: datetime | None = None) -> bool:
    """Whether one notice rings; ``quiet_until`` is None outside quiet hours.

    In them only what gets worse can: an alert that is critical, or credits that run out before the quiet is over.
    """
    if quiet_until is None or not notice.rings:
        return notice.rings
    if notice.reason not in (Reason.FIRED, Reason.WORSENED, Reason.JOINED):
        return False
    return notice.severity is Severity.CRITICAL or (runs_out_at is not None and runs_out_at < quiet_until)
