"""That no account can be read: since when and why."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import SourceState
from bot.evaluation.blackout import Blackout
from bot.telegram.text.dates import format_ago, format_past
from bot.telegram.text.formatting import format_count, format_trouble, service_name, trouble_of
from bot.telegram.text.sanitize import plain


def none_text(blackout: Blackout) -> str:
    """That none can be read: "none of 3 accounts can be read"."""
    if blackout.accounts == 1:
        return "the one account cannot be read"
    return f"none of {format_count(blackout.accounts, 'account')} can be read"


def why_text(blackout: Blackout) -> str:
    """Why: the one reason in the server's words, or each kind with its number of accounts."""
    if len(blackout.kinds) == 1:
        return format_trouble(blackout.kinds[0][0], blackout.said)
    return ", ".join(f"{trouble_of(kind)} ({count:,})" for kind, count in blackout.kinds)


def since_when(since: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """Since when, and how long ago that is."""
    return f" since {format_past(since, now, zone)}, {format_ago(since, now)}" if since else ""


def list_lines(lists: Iterable[SourceState], now: datetime, zone: ZoneInfo) -> list[str]:
    return [
        f"the list of accounts at {service_name(one.origin)} cannot be read"
        f"{since_when(one.failing_since, now, zone)}: {why_not_listed(one)}"
        for one in lists
        if one.outage
    ]


def why_not_listed(state: SourceState) -> str:
    """Why a list cannot be read, in the server's words if it had some; or that it is perhaps empty."""
    outage = state.outage
    words = format_trouble(outage.kind, outage.said) if outage else ""
    return f"{plain(words, 200)}. Perhaps no account is configured there" if state.absent_since else words
