"""What useapi.net's answers leave out or write unreadably, in words: with what was known of it, and since when."""

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
"""What people call the fields that decide something."""

NEEDED = frozenset(["ends_at", "free", "monthly_allowance"])
"""Without these a rule cannot say anything, so it is said even where they were never told."""


OF_PLAN = ("ends_at", "cancelled_at", "next_name")
OF_CREDITS = ("monthly_allowance", "refresh_at")
"""Those that a message about a plan, or about low credits, rests on."""


def told_before(left_out: Iterable[LeftOut], names: Iterable[str], now: datetime, zone: ZoneInfo) -> str:
    """In a message: which of these values were not told with this answer, and since when."""
    wanted = [one for one in left_out if one.name in names and one.known_at]
    return " ".join(left_out_lines(wanted, now, zone))


def left_out_lines(left_out: Iterable[LeftOut], now: datetime, zone: ZoneInfo) -> list[str]:
    """A line for each value that cannot be understood, and for those that were left out, by since when."""
    every = list(left_out)
    order = [one for name in NAMES for one in every if one.name == name]
    lines = [unreadable_text(one, now, zone) for one in order if one.unreadable]
    absent = sorted((one for one in order if not one.unreadable and is_said(one)), key=age)
    for known_at, group in groupby(absent, key=lambda one: one.known_at):
        names = ", ".join(NAMES[one.name] for one in group)
        lines.append(f"Not told{since(known_at, now, zone)}: {names}.")
    return lines


def is_said(one: LeftOut) -> bool:
    """Whether that a field was left out is worth a word."""
    return one.known_at is not None or one.name in NEEDED


def age(one: LeftOut) -> float:
    """Sorts by when a field was told last, those that never were first."""
    return one.known_at.timestamp() if one.known_at else 0.0


def since(known_at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """Since when a field is not told."""
    return f" since {format_past(known_at, now, zone)}, {format_ago(known_at, now)}" if known_at else f" by {SERVICE}"


def unreadable_text(one: LeftOut, now: datetime, zone: ZoneInfo) -> str:
    """One value that cannot be understood, and since when what is shown in its place was told."""
    known = (
        f"; known as of {format_past(one.known_at, now, zone)}, {format_ago(one.known_at, now)}" if one.known_at else ""
    )
    return f"{capitalised(NAMES[one.name])}: unreadable ({plain(one.unreadable or '', 90)}){known}."


def end_text(left_out: Iterable[LeftOut]) -> str:
    """That the plan's end is not known just now, behind the plan's name; nothing where it is told."""
    one = next((one for one in left_out if one.name == "ends_at"), None)
    return "" if one is None else f" · end of plan: {'unreadable' if one.unreadable else 'not told'}"
