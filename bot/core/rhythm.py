"""When to be quiet, and when the daily summary is due: both as people mean them, by the wall clock of their zone.

At the change to summer time an hour of that clock is missing, at the change back one comes twice. So every question is
asked of what the clock shows at a moment; no moment is worked out once and counted on from.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.core.delivery import Parcel
from bot.core.model import Notice, Reason, Severity

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LATEST = timedelta(hours=6)
"""A summary missed while the bot was off comes so late, and no later."""

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_SPAN = re.compile(r"([\d:]+)\s*[-–]\s*([\d:]+)", re.ASCII)

RunsOut = Callable[[Notice], datetime | None]
"""When, at the earliest, the credits that a notice speaks of run out; None where nothing is forecast."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one reading of the wall clock to another, the second not included; over midnight if it is the earlier."""

    begin: time
    end: time

    def contains(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether the zone's clock shows a quiet time at that moment."""
        shown = wall_clock(moment, zone).time()
        if self.begin <= self.end:
            return self.begin <= shown < self.end
        return shown >= self.begin or shown < self.end

    def over_at(self, moment: datetime, zone: tzinfo) -> datetime:
        """The first whole minute, from that of the moment on, that is not quiet."""
        minute = moment.replace(second=0, microsecond=0)
        while self.contains(minute, zone):
            minute += MINUTE
        return minute

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


def wall_clock(moment: datetime, zone: tzinfo) -> datetime:
    """What the zone's clock shows, without the zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def parse_quiet_hours(text: str) -> QuietHours | None:
    """Reads ``22:00-08:00``; None for nothing, which switches quiet hours off."""
    if not text.strip():
        return None
    match = _SPAN.fullmatch(text.strip())
    begin, end = (clock_of(match[1]), clock_of(match[2])) if match else (None, None)
    if begin is None or end is None:
        raise ValueError(f"is “{short(text)}”, which is not a span of the day, from one time to another")
    if begin == end:
        raise ValueError(f"is “{short(text)}”, which ends when it begins")
    return QuietHours(begin, end)


def parse_clock_time(text: str) -> time | None:
    """Reads ``09:00``; None for nothing, which switches off what would happen then."""
    if not text.strip():
        return None
    clock = clock_of(text.strip())
    if clock is None:
        raise ValueError(f"is “{short(text)}”, which is not a time of the day")
    return clock


def clock_of(text: str) -> time | None:
    """A time of the day of 24 hours, or None for a text that is none."""
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


def short(text: str) -> str:
    """At most 40 characters of what was written, for an error's text."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


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


def digest_due(last_done: date | None, now: datetime, zone: tzinfo, at: time) -> date | None:
    """The local day whose summary is to be sent now, if any.

    ``last_done`` is the last day whose summary was sent; None does not stop any. One that was missed comes late.
    """
    today = wall_clock(now, zone).date()
    for day in (today - DAY, today):
        due_at = first_moment(day, at, zone)
        if due_at is not None and due_at <= now <= due_at + LATEST and not is_done(day, last_done, today):
            return day
    return None


def is_done(day: date, last_done: date | None, today: date) -> bool:
    """Whether a day's summary was sent. A mark from beyond tomorrow was made by a wrong clock, and holds nothing up."""
    return last_done is not None and day <= last_done <= today + DAY


def first_moment(day: date, at: time, zone: tzinfo) -> datetime | None:
    """The first moment of a day at which the zone's clock shows this time or a later one; None if the day has none.

    A time that comes twice is meant the first time; one that is left out is meant when the clock has jumped over it.
    """
    wanted = datetime.combine(day, at)
    moment = wanted.replace(tzinfo=zone).astimezone(UTC)
    while wall_clock(moment - MINUTE, zone) >= wanted:
        moment -= MINUTE
    return moment if wall_clock(moment, zone).date() == day else None


def done_before(now: datetime, zone: tzinfo, at: time) -> date:
    """The last day that counts as done for a bot that never sent a summary: it has not missed any."""
    today = wall_clock(now, zone).date()
    due_at = first_moment(today, at, zone)
    return today if due_at is not None and due_at <= now else today - DAY


def mark_of(day: date) -> datetime:
    """A day as the moment that stands for it in the database."""
    return datetime.combine(day, time(12), UTC)


def day_of(mark: datetime | None) -> date | None:
    """The day that a moment in the database stands for."""
    return mark.astimezone(UTC).date() if mark else None
