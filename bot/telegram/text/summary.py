"""The daily summary: one phone screen, however many accounts there are."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRule
from bot.domain.notifications import Facts
from bot.domain.summary import ComingDay, ComingKind, Listed, Summary, SummaryEvent
from bot.telegram.text.dates import format_date, format_day, format_past
from bot.telegram.text.formatting import (
    NOTE,
    SERVICE,
    capitalised,
    format_count,
    format_jobs,
    format_number,
    in_brackets,
    name_of,
)
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, Spans, telling
from bot.telegram.text.sanitize import plain

T = TypeVar("T")
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
    AlertRule.BROKEN: "more broken accounts",
    AlertRule.JOBS: "jobs refused",
}
KINDS = {
    ComingKind.RUNS_OUT: "may run out",
    ComingKind.ENDS: "plan ends",
    ComingKind.CHANGES: "plan changes",
    ComingKind.RENEWS: "plan renews",
    ComingKind.REFILL: "refill",
    ComingKind.ENDS_OR_RENEWS: "plan ends or renews",
}


def tell_digest(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The summary. An older version stored its text, which is sent as it is."""
    digest = facts.summary
    if digest is None:
        first, *rest = (facts.said or f"{NOTE} {TITLE}").split("\n")
        return telling((f"{NOTE} ", bold(TITLE), first.removeprefix(f"{NOTE} {TITLE}")), *rest)
    head = (f"{NOTE} ", bold(TITLE), f" · {format_date(facts.taken_at or now, now, zone)}")
    stands = [(spent_text(digest, now, zone),), (left_text(digest),)]
    return MessageBody(head, (*stands, *change_lines(digest), *week_lines(digest.coming, now, zone)))


def spent_text(digest: Summary, now: datetime, zone: ZoneInfo) -> str:
    """The spending since the last summary, and by whom most; unknown without an earlier number."""
    if not digest.known:
        return "Nothing was read yet: what was spent is not known."
    since = format_past(digest.begun or digest.since, now, zone) + (" (the first reading)" if digest.begun else "")
    total = digest.spent_total
    if not total and digest.unknown:
        known = digest.unknown < digest.accounts
        return f"Nothing is known to be spent since {since}: {'not all' if known else 'no'} accounts could be read."
    if not total:
        seen = "No spending was seen" if digest.paused else "Nothing was spent"
        return f"{seen} since {since}."
    by = f": {counted(digest.spent, amount_text)}" if digest.accounts > 1 else ""
    if digest.mixed:
        return f"Spent since {since}{by}." if by else f"Spent {format_number(round(total, 2))} since {since}."
    return f"Spent {format_number(round(total, 2))} since {since}{by}."


def left_text(digest: Summary) -> str:
    """The remaining credits, in how many known accounts, and how many accounts need somebody."""
    known = digest.accounts - digest.unknown - digest.paused
    if digest.unknown >= digest.accounts > 0:
        return f"None of {format_count(digest.accounts, 'account')} can be read: what is left is not known."
    if not known and digest.accounts:
        held = (digest.unknown, "unknown"), (digest.paused, "paused")
        return f"What is left is not known: {' · '.join(f'{count:,} {what}' for count, what in held if count)}."
    of = f"{known:,} of " if known < digest.accounts else ""
    jobs = in_brackets(None if digest.jobs is None else format_jobs(digest.jobs))
    left = "" if digest.mixed else f"{format_number(digest.credits)}{jobs} left in "
    read = " read" if digest.mixed else ""
    words = [f"{left}{of}{format_count(digest.accounts, 'account')}{read}"]
    words.append(f"{digest.need:,} {'needs' if digest.need == 1 else 'need'} you" if digest.need else "none needs you")
    counts = ((digest.unknown, "unknown"), (digest.paused, "paused"))
    return " · ".join([*words, *(f"{count:,} {what}" for count, what in counts if count)])


def change_lines(digest: Summary) -> list[Spans]:
    sorts = {
        "New alerts": counted(digest.begun_alerts, event_text),
        "Over": counted(digest.over_alerts, event_text),
        "Refilled": counted(digest.refilled, gain_text),
        "Topped up": counted(digest.topped_up, gain_text),
        "Lapsed with the plan": counted(digest.lapsed, amount_text),
        "New plan": counted(digest.plans, plan_text),
    }
    lines: list[Spans] = [(bold(sort), f": {names}") for sort, names in sorts.items() if names]
    return lines or [("Nothing else changed.",)]


def week_lines(coming: Sequence[ComingDay], now: datetime, zone: ZoneInfo) -> list[Spans]:
    """The dates within a week, a line for each day: "Tomorrow · plan ends: Studio · refill: Ads, Main"."""
    if not coming:
        return [("Nothing is due within a week.",)]
    days = groupby(coming, key=lambda one: format_day(one.at, now, zone))
    return [
        (bold(capitalised(day)), *(f" · {KINDS[one.kind]}: {counted(one.names, short)}" for one in due))
        for day, due in days
    ]


def event_text(event: SummaryEvent) -> str:
    """One alert: its account and cause."""
    who = SERVICE if event.name is None else short(event.name)
    return f"{who} ({TROUBLES.get(event.measure) or event.measure})"


def amount_text(of: tuple[str, float], sign: str = "") -> str:
    return f"{short(of[0])} {sign}{format_number(round(of[1], 2))}"


def gain_text(of: tuple[str, float]) -> str:
    return amount_text(of, "+")


def plan_text(of: tuple[str, str, str]) -> str:
    name, old, new = of
    return f"{short(name)} ({plain(old, 20)} to {plain(new, 20)})"


def short(name: str) -> str:
    """A name in a list of many."""
    return name_of(name, NAME_LENGTH)


def counted(of: Listed[T], words: Callable[[T], str], limit: int = LIST_LENGTH) -> str:
    """As many items as fit, at least one, and how many more there are; "" for none.

    Only those get their text: thousands of names would hold everything up.
    """
    text, shown = "", 0
    for item in of.first:
        longer = f"{text}, {words(item)}" if shown else words(item)
        if shown and len(longer) > limit:
            break
        text, shown = longer, shown + 1
    more = of.count - shown
    return text + (f" and {more:,} more" if more else "")
