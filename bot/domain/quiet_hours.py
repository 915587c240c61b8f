"""Quiet hours and clock times, as people write them and as wall clocks show them."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_SPAN = re.compile(r"([\d:]+)\s*[-–]\s*([\d:]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one wall-clock time to another, the second excluded; over midnight if that is the earlier one."""

    begin: time
    end: time

    def contains(self, moment: datetime, zone: tzinfo) -> bool:
        shown = wall_clock(moment, zone).time()
        if self.begin <= self.end:
            return self.begin <= shown < self.end
        return shown >= self.begin or shown < self.end

    def over_at(self, moment: datetime, zone: tzinfo) -> datetime:
        """The first whole minute that is not quiet, from the moment's own minute on."""
        minute = moment.replace(second=0, microsecond=0)
        while self.contains(minute, zone):
            minute += MINUTE
        return minute

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


def wall_clock(moment: datetime, zone: tzinfo) -> datetime:
    """The moment as the zone's wall clock shows it, without the zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def parse_quiet_hours(text: str) -> QuietHours | None:
    """Reads ``22:00-08:00``; None for an empty text, which switches quiet hours off."""
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
    """Reads ``09:00``; None for an empty text, which switches off what would happen then."""
    if not text.strip():
        return None
    clock = clock_of(text.strip())
    if clock is None:
        raise ValueError(f"is “{short(text)}”, which is not a time of the day")
    return clock


def clock_of(text: str) -> time | None:
    """A time of the 24-hour clock; None for any other text."""
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


def short(text: str) -> str:
    """At most 40 characters of a text, for an error."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
