"""Fields that useapi.net's answers lack or have in unreadable form, with the last known value and its age."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain.accounts import LeftOut
from bot.telegram.text.dates import format_ago, format_past
from bot.telegram.text.formatting import SERVICE, capitalised
from bot.telegram.text.sanitize import plain

NAMES = {
    "ends_at": "end of plan",
    "free": "whether the plan is a paid one",
    "name": "name of the plan",
    "next_name": "next plan",
    "cancelled_at": "cancellation",
    "renewal_at": "date of renewal",
    "expired": "whether the plan is active",
    "monthly_allowance": "monthly allowance",
    "daily_allowance": "daily allowance",
    "refresh_at": "refill",
    "daily_refresh_at": "daily refill",
}
"""Names of the fields that decide."""

NEEDED = frozenset(["ends_at", "free", "monthly_allowance"])
"""A rule needs these, so they are reported even if they were never known."""


OF_PLAN = ("ends_at", "cancelled_at", "next_name")
OF_CREDITS = ("monthly_allowance", "refresh_at")
"""The fields behind a message about a plan, or about low credits."""


def told_before(left_out: Iterable[LeftOut], names: Iterable[str], now: datetime, zone: ZoneInfo) -> str:
    """For a message: which of these values this answer lacks, and since when."""
    wanted = [one for one in left_out if one.name in names and one.known_at]
    return " ".join(left_out_lines(wanted, now, zone))


def left_out_lines(left_out: Iterable[LeftOut], now: datetime, zone: ZoneInfo) -> list[str]:
    """A line for each unreadable value, and for those that are missing, by since when."""
    every = list(left_out)
    order = [one for name in NAMES for one in every if one.name == name]
    lines = [unreadable_text(one, now, zone) for one in order if one.unreadable]
    absent = sorted((one for one in order if not one.unreadable and is_said(one)), key=age)
    for known_at, group in groupby(absent, key=lambda one: one.known_at):
        names = ", ".join(NAMES[one.name] for one in group)
        lines.append(f"Not told{since(known_at, now, zone)}: {names}.")
    return lines


def is_said(one: LeftOut) -> bool:
    """True if people read that a field is missing."""
    return one.known_at is not None or one.name in NEEDED


def age(one: LeftOut) -> float:
    """Sorts by when a field was last read, never first."""
    return one.known_at.timestamp() if one.known_at else 0.0


def since(known_at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """Since when a field is missing."""
    return f" since {format_past(known_at, now, zone)}, {format_ago(known_at, now)}" if known_at else f" by {SERVICE}"


def unreadable_text(one: LeftOut, now: datetime, zone: ZoneInfo) -> str:
    """One unreadable value, and the age of the value in its place."""
    known = (
        f"; known as of {format_past(one.known_at, now, zone)}, {format_ago(one.known_at, now)}" if one.known_at else ""
    )
    return f"{capitalised(NAMES[one.name])}: unreadable ({plain(one.unreadable or '', 90)}){known}."


def end_text(left_out: Iterable[LeftOut]) -> str:
    """That the plan's end is unknown now, after the plan's name; empty if it is known."""
    one = next((one for one in left_out if one.name == "ends_at"), None)
    return "" if one is None else f" · end of plan: {'unreadable' if one.unreadable else 'not told'}"
