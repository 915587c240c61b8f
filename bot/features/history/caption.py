"""The caption below a chart: the same in words, for people who cannot see it, and for a locked phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, FailureKind
from bot.domain.durations import format_duration
from bot.domain.history import PAUSED, Gap
from bot.features.history.chart import Annotation, AnnotationKind, Series
from bot.telegram.text.account_card import amount_text, is_known
from bot.telegram.text.dates import WEEKDAYS, format_clock, format_day, format_past, local
from bot.telegram.text.formatting import capitalised, format_count, format_number, joined, name_of, trouble_of
from bot.telegram.text.layout import Message, Piece, Text, bold

LONGEST_CAPTION = 1024
"""Telegram's limit on a caption, in UTF-16 units."""

LONGEST_LINE = 60
MANY = 3
DOINGS = {AnnotationKind.REFILL: "refilled", AnnotationKind.TOP_UP: "topped up", AnnotationKind.LAPSED: "plan ended"}
NEAR = timedelta(days=6)
KINDS = {kind.value: kind for kind in FailureKind}


@dataclass(frozen=True, slots=True)
class Told:
    """One account's history for a caption: changes, gaps, and the forecast in words."""

    account: Account
    trace: Series
    gaps: tuple[Gap, ...] = ()
    forecast: str = ""


def format_span(span: timedelta) -> str:
    """The span as a title: "last 7 days"."""
    return f"last {span.days:,} days"


def caption(told: Sequence[Told], left_out: Sequence[str], span: timedelta, now: datetime, zone: ZoneInfo) -> Message:
    """The caption of a chart of these accounts; ``left_out`` are the names without room in it."""
    text = Text()
    if len(told) == 1:
        text.line(bold(name_of(told[0].account.name)), f", {format_span(span)}: {now_text(told[0], now, zone)}")
        text.lines((line,) for line in lines_of_one(told[0], span, now, zone))
    else:
        text.line(bold(format_count(len(told), "account")), f", {format_span(span)}, the most urgent first")
        text.lines(line_of_many(one, now, zone) for one in told)
    if left_out:
        names = joined([name_of(name) for name in left_out], 200)
        count = format_count(len(left_out), "account")
        text.line(f"{count} not drawn: {names}. /history {name_of(left_out[0])} draws one.")
    return text.message(limit=LONGEST_CAPTION)


def no_history(told: Sequence[Told], span: timedelta, now: datetime, zone: ZoneInfo) -> Message:
    """A sentence in place of a chart, if nothing was ever read."""
    text = Text()
    for one in told[:12]:
        text.line(bold(name_of(one.account.name)), f", {format_span(span)}: {now_text(one, now, zone)}")
    return text.line("There is a picture once a number has been read.").message()


def flat_text(one: Told, span: timedelta, now: datetime, zone: ZoneInfo) -> str:
    """That the number did not change, and since when it is known."""
    at = datetime.fromtimestamp(one.trace.places[0][0], UTC)
    if at <= now - span + timedelta(seconds=1):
        return "unchanged all the time"
    return f"known and unchanged since {format_past(at, now, zone)}"


def now_text(one: Told, now: datetime, zone: ZoneInfo) -> str:
    """The number now; if it is unknown, the last one with its age."""
    said = amount_text(one.account, now, zone)
    return f"now {said}" if is_known(one.account) else said


def lines_of_one(one: Told, span: timedelta, now: datetime, zone: ZoneInfo) -> list[str]:
    """The changes of one account, a line for each kind."""
    flat = len(one.trace.places) == 1
    happened = (
        [flat_text(one, span, now, zone)] if flat else [format_spent(one.trace), *jump_text(one.trace, now, zone)]
    )
    parts = [
        ", ".join(happened),
        lowest_text(one.trace, now, zone),
        gap_text(one.gaps, now),
        one.forecast,
    ]
    return [f"{capitalised(part)}." for part in parts if part]


def line_of_many(one: Told, now: datetime, zone: ZoneInfo) -> tuple[Piece, ...]:
    rest = [now_text(one, now, zone), format_spent(one.trace)] if one.trace.places else [now_text(one, now, zone)]
    return bold(name_of(one.account.name, 32)), f": {', '.join(rest)}"


def format_spent(trace: Series) -> str:
    """The spending: "spent 3,100"."""
    return f"spent {format_number(round(trace.spent, 2))}" if round(trace.spent, 2) else "nothing spent"


def jump_text(trace: Series, now: datetime, zone: ZoneInfo) -> list[str]:
    """Refills, top-ups and ends of a plan: when, or how often if there were many."""
    said = []
    for kind, doing in DOINGS.items():
        marks = [mark for mark in trace.marks if mark.kind is kind]
        count = (trace.counts or {}).get(kind.value, len(marks))
        if count > MANY:
            said.append(f"{doing} {count:,} times")
        elif marks:
            said.append(f"{doing} {' and '.join(jump_moment(mark, now, zone) for mark in marks)}")
    return said


def jump_moment(mark: Annotation, now: datetime, zone: ZoneInfo) -> str:
    """When a change was, and for a top-up its amount: "Fri 00:48", "+5,000 Fri 09:00"."""
    when = format_when(mark.at, now, zone)
    return f"+{format_number(mark.amount)} {when}" if mark.kind is AnnotationKind.TOP_UP else when


def lowest_text(trace: Series, now: datetime, zone: ZoneInfo) -> str:
    """The lowest number, and when: "lowest 180 on Thu 14:00"."""
    if trace.lowest is None or len(trace.places) < 2:
        return ""
    at, level = trace.lowest
    return f"lowest {format_number(level)} {on(format_when(at, now, zone))}"


def on(when: str) -> str:
    """A moment inside a sentence: "on Thu 14:00", but "today 14:00"."""
    return when if when.startswith(("today", "yesterday")) else f"on {when}"


def format_when(at: float, now: datetime, zone: ZoneInfo) -> str:
    """A past moment, short: "today 14:00", "Thu 14:00", "Thu 2 Jul"."""
    when = datetime.fromtimestamp(at, UTC)
    day = format_day(when, now, zone)
    if day in ("today", "yesterday"):
        return f"{day} {format_clock(when, zone)}"
    return f"{WEEKDAYS[local(when, zone).weekday()]} {format_clock(when, zone)}" if now - when < NEAR else day


def gap_text(gaps: Sequence[Gap], now: datetime) -> str:
    """How long it could not be read, and why, and how long it was paused: "not read for 2 h (session broken)"."""
    paused = [gap for gap in gaps if gap.kind == PAUSED]
    others = [gap for gap in gaps if gap.kind != PAUSED]
    causes = joined(list(dict.fromkeys(format_cause(gap.kind) for gap in others)), LONGEST_LINE)
    said = (span_text("not read", others, now), f" ({causes})"), (span_text("paused", paused, now), "")
    return ", ".join(words + rest for words, rest in said if words)


def span_text(what: str, gaps: Sequence[Gap], now: datetime) -> str:
    """The total length of gaps, and their number; empty if it is too short to mention."""
    seconds = sum((now.timestamp() if gap.until is None else gap.until) - gap.since for gap in gaps)
    often = f" in {len(gaps):,} gaps" if len(gaps) > 1 else ""
    return f"{what} for {format_duration(timedelta(seconds=seconds))}{often}" if seconds >= 1 else ""


def format_cause(kind: str) -> str:
    """Why it could not be read, in two or three words."""
    return trouble_of(KINDS[kind]) if kind in KINDS else "the bot was not running"
