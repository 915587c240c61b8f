"""The daily summary in words: one phone screen, however many accounts there are."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRule
from bot.domain.notifications import Facts
from bot.domain.summary import ComingDate, ComingKind, Summary, SummaryEvent
from bot.telegram.text.dates import format_date, format_day, format_past
from bot.telegram.text.formatting import NOTE, SERVICE, capitalised, format_count, format_number, name_of
from bot.telegram.text.layout import Message, Text, bold
from bot.telegram.text.message_body import MessageBody, Spans
from bot.telegram.text.sanitize import plain

TITLE = "Daily summary"
LIST_LENGTH = 70
"""Characters for the names in one line: two lines of a phone."""

NAME_LENGTH = 24
TROUBLES: dict[AlertRule | None, str] = {
    AlertRule.CREDITS: "low credits",
    AlertRule.PLAN: "plan",
    AlertRule.FAILURES: "unreadable",
    AlertRule.RUNWAY: "may run out",
    AlertRule.SPIKE: "unusual pace",
    AlertRule.LISTING: "no account listed",
}
KINDS = {
    ComingKind.RUNS_OUT: "may run out",
    ComingKind.ENDS: "plan ends",
    ComingKind.CHANGES: "plan changes",
    ComingKind.RENEWS: "plan renews",
    ComingKind.REFILL: "refill",
}


def digest_message(digest: Summary, now: datetime, zone: ZoneInfo) -> Message:
    """The summary, without a sound."""
    text = Text().line(f"{NOTE} ", bold(TITLE), f" · {format_date(now, now, zone)}")
    text.line(spent_text(digest, now, zone))
    text.line(left_text(digest))
    text.lines(change_lines(digest))
    return text.lines(week_lines(digest.coming, now, zone)).message(silent=True)


def tell_digest(facts: Facts) -> MessageBody:
    """The summary again, from the words that were put into the outbox."""
    first, *rest = (facts.said or f"{NOTE} {TITLE}").split("\n")
    return MessageBody(
        (f"{NOTE} ", bold(TITLE), first.removeprefix(f"{NOTE} {TITLE}")), tuple((line,) for line in rest)
    )


def spent_text(digest: Summary, now: datetime, zone: ZoneInfo) -> str:
    """What was spent since the last summary, and by whom most. Without any number before it nothing is known."""
    if not digest.known:
        return "Nothing was read yet: what was spent is not known."
    since = format_past(digest.begun or digest.since, now, zone) + (" (the first reading)" if digest.begun else "")
    total = sum(amount for _, amount in digest.spent)
    if not total and digest.unknown:
        known = digest.unknown < digest.accounts
        return f"Nothing is known to be spent since {since}: {'not all' if known else 'no'} accounts could be read."
    if not total:
        seen = "No spending was seen" if digest.paused else "Nothing was spent"
        return f"{seen} since {since}."
    by = f": {counted(amounts(digest.spent))}" if digest.accounts > 1 else ""
    return f"Spent {format_number(round(total, 2))} since {since}{by}."


def left_text(digest: Summary) -> str:
    """What is there, in how many of the accounts that is known, and how many accounts need somebody."""
    known = digest.accounts - digest.unknown - digest.paused
    if digest.unknown >= digest.accounts > 0:
        return f"None of {format_count(digest.accounts, 'account')} can be read: what is left is not known."
    if not known and digest.accounts:
        held = (digest.unknown, "unknown"), (digest.paused, "paused")
        return f"What is left is not known: {' · '.join(f'{count:,} {what}' for count, what in held if count)}."
    of = f"{known:,} of " if known < digest.accounts else ""
    words = [f"{format_number(digest.credits)} left in {of}{format_count(digest.accounts, 'account')}"]
    words.append(f"{digest.need:,} {'needs' if digest.need == 1 else 'need'} you" if digest.need else "none needs you")
    counts = ((digest.unknown, "unknown"), (digest.paused, "paused"))
    return " · ".join([*words, *(f"{count:,} {what}" for count, what in counts if count)])


def change_lines(digest: Summary) -> list[Spans]:
    """What changed, a line for each sort of it."""
    plans = [f"{short(name)} ({plain(old, 20)} to {plain(new, 20)})" for name, old, new in digest.plans]
    sorts = {
        "New alerts": [event_text(event) for event in digest.events if not event.over],
        "Over": [event_text(event) for event in digest.events if event.over],
        "Refilled": amounts(digest.refilled, "+"),
        "Topped up": amounts(digest.topped_up, "+"),
        "Lapsed with the plan": amounts(digest.lapsed),
        "New plan": plans,
    }
    lines: list[Spans] = [(bold(sort), f": {counted(names)}") for sort, names in sorts.items() if names]
    return lines or [("Nothing else changed.",)]


def week_lines(coming: Sequence[ComingDate], now: datetime, zone: ZoneInfo) -> list[Spans]:
    """What comes within a week, a line for each day."""
    if not coming:
        return [("Nothing is due within a week.",)]
    days = groupby(coming, key=lambda one: format_day(one.at, now, zone))
    return [(bold(capitalised(day)), f" · {day_text([*due])}") for day, due in days]


def day_text(due: Sequence[ComingDate]) -> str:
    """What comes on one day: "plan ends: Studio · refill: Ads, Main"."""
    kinds = {kind: [short(one.name) for one in due if one.kind is kind] for kind in ComingKind}
    return " · ".join(f"{KINDS[kind]}: {counted(names)}" for kind, names in kinds.items() if names)


def event_text(event: SummaryEvent) -> str:
    """One alert: who, and what it is about."""
    who = SERVICE if event.name is None else short(event.name)
    return f"{who} ({TROUBLES.get(event.measure) or event.measure})"


def amounts(of: Iterable[tuple[str, float]], sign: str = "") -> list[str]:
    """Names, each with its amount."""
    return [f"{short(name)} {sign}{format_number(round(amount, 2))}" for name, amount in of]


def short(name: str) -> str:
    """A name in a list of many."""
    return name_of(name, NAME_LENGTH)


def counted(names: Sequence[str], limit: int = LIST_LENGTH) -> str:
    """As many names as there is room for, at least one, and how many more there are."""
    shown = 1
    while shown < len(names) and len(", ".join(names[: shown + 1])) <= limit:
        shown += 1
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more:,} more" if more else "")
