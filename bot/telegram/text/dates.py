"""Moments and durations in the reader's zone. Nothing here raises, whatever the moment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.durations import format_duration

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NEAR_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
YEAR_PLAIN_WITHIN = timedelta(days=300)


def local(when: datetime, zone: ZoneInfo) -> datetime:
    """The moment in the zone; at the ends of the calendar, where that overflows, in UTC."""
    try:
        return when.astimezone(zone)
    except (OverflowError, ValueError):
        return when.replace(tzinfo=UTC)


def days_ahead(when: datetime, now: datetime, zone: ZoneInfo) -> int:
    """How many midnights of the zone lie between now and then; negative for the past."""
    return (local(when, zone).date() - local(now, zone).date()).days


def format_clock(when: datetime, zone: ZoneInfo) -> str:
    """The time of day: "14:03"; in UTC, the default of TIMEZONE and no reader's own, "14:03 UTC"."""
    there = local(when, zone)
    return f"{there.hour:02}:{there.minute:02}{mark_of(zone)}"


def mark_of(zone: ZoneInfo) -> str:
    """The text after a time of day in a zone."""
    return " UTC" if zone.key == "UTC" else ""


def unmarked(words: str, zone: ZoneInfo) -> str:
    """A time before another one, which has the zone of both: "14:00" in "14:00–19:00 UTC"."""
    return words.removesuffix(mark_of(zone))


def format_date(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The day: "Thu 23 Jul"; with the year where it is ambiguous."""
    there = local(when, zone)
    year = "" if abs(when - now) <= YEAR_PLAIN_WITHIN else f" {there.year}"
    return f"{WEEKDAYS[there.weekday()]} {there.day} {MONTHS[there.month - 1]}{year}"


def format_moment(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Day and time: "today 14:00", "tomorrow 00:48", "Thu 23 Jul, 00:48"."""
    near = NEAR_DAYS.get(days_ahead(when, now, zone))
    return (
        f"{near} {format_clock(when, zone)}" if near else f"{format_date(when, now, zone)}, {format_clock(when, zone)}"
    )


def format_on(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The moment inside a sentence: "today 14:00", but "on Thu 23 Jul, 00:48"."""
    said = format_moment(when, now, zone)
    return said if days_ahead(when, now, zone) in NEAR_DAYS else f"on {said}"


def format_at(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A past moment inside a sentence: "at 14:03" if it was today, else "on Thu 23 Jul, 14:03"."""
    return format_on(when, now, zone) if days_ahead(when, now, zone) else f"at {format_clock(when, zone)}"


def format_past(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A past moment: "14:03" if it was today, else with its day."""
    return format_moment(when, now, zone) if days_ahead(when, now, zone) else format_clock(when, zone)


def format_day(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The day alone: "today", "tomorrow", "Thu 23 Jul"."""
    return NEAR_DAYS.get(days_ahead(when, now, zone)) or format_date(when, now, zone)


def format_day_on(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The day inside a sentence: "today", but "on Thu 2 Jul"."""
    day = format_day(when, now, zone)
    return f"on {day}" if day == format_date(when, now, zone) else day


def format_short(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A coming moment, short, for lists: "today 00:48", "Fri 00:48", "24 Jul"."""
    ahead = days_ahead(when, now, zone)
    if ahead in NEAR_DAYS:
        return format_moment(when, now, zone)
    weekday, _, day = format_date(when, now, zone).partition(" ")
    return f"{weekday} {format_clock(when, zone)}" if 0 < ahead < 7 else day


def format_in(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long from now: "in 43 min", "in 14 h"; from a day on by the calendar, as people count: "in 3 days"; "now"."""
    left = when - now
    if left < timedelta(seconds=1):
        return "now"
    if left < timedelta(days=1):
        return f"in {format_duration(left)}"
    days = max(days_ahead(when, now, zone), 1)
    return "in 1 day" if days == 1 else f"in {days:,} days"


def format_ago(when: datetime, now: datetime) -> str:
    """How long ago, in its largest units: "just now", "43 min ago", "1 h 20 min ago", "5 h ago", "12 d ago"."""
    age = now - when
    if age < timedelta(minutes=1):
        return "just now"
    for unit in (timedelta(days=1), timedelta(hours=1)):
        if age >= 3 * unit:
            age = unit * (age // unit)
            break
    return f"{format_duration(age)} ago"


def format_read(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When a number was read, with its age if it is not fresh: "read 14:03", "read 09:00, 5 h ago"."""
    said = f"read {format_past(when, now, zone)}"
    return said if now - when < timedelta(minutes=10) else f"{said}, {format_ago(when, now)}"
