"""When the daily summary is due, by the wall clock of a zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.quiet_hours import DAY, MINUTE, wall_clock

LATEST = timedelta(hours=6)
"""A summary missed while the bot was off comes this late at most."""


def summary_due(last_done: date | None, now: datetime, zone: tzinfo, at: time) -> date | None:
    """The local day whose summary is due now; None if none is.

    ``last_done`` is the last day whose summary was sent; None blocks no day. A missed one comes late.
    """
    today = wall_clock(now, zone).date()
    for day in (today - DAY, today):
        due_at = first_moment(day, at, zone)
        if due_at is not None and due_at <= now <= due_at + LATEST and not is_done(day, last_done, today):
            return day
    return None


def is_done(day: date, last_done: date | None, today: date) -> bool:
    """True if a day's summary was sent. A mark beyond tomorrow comes from a wrong clock, and blocks nothing."""
    return last_done is not None and day <= last_done <= today + DAY


def first_moment(day: date, at: time, zone: tzinfo) -> datetime | None:
    """The first moment of a day at which the zone's clock shows this time or a later one; None if the day has none.

    A time that comes twice means the first; one that is skipped means the moment after the jump.
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
    """The moment that stands for a day in the database."""
    return datetime.combine(day, time(12), UTC)


def day_of(mark: datetime | None) -> date | None:
    return mark.astimezone(UTC).date() if mark else None
