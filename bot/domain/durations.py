"""Durations as people write and read them: ``90s``, ``15m``, ``1h30m``; "3 d 4 h"."""

import re
from datetime import timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = timedelta(days=3650)
_PARTS = re.compile(r"(?:\d{1,9}(?:\.\d{1,6})?[smhd]\s*)+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Reads ``90s``, ``15m``, ``24h``, ``7d``, a sum such as ``1h30m``, or ``0``.

    Raises ValueError for anything else, and for more than ten years.
    """
    words = text.strip().lower()
    if words == "0":
        return timedelta(0)
    if not _PARTS.fullmatch(words):
        raise ValueError("is not a duration")
    seconds = sum(float(number) * UNITS[unit] for number, unit in _PART.findall(words))
    if seconds > LONGEST.total_seconds():
        raise ValueError("is longer than ten years")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """The duration in its two largest units: "3 d 4 h", "43 min", "12 s". Its sign is dropped."""
    seconds = round(abs(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 14 else f"{days} d"
