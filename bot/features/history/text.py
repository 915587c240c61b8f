"""``/history``: from an account's past to a chart and its caption, or a sentence if there is nothing to draw."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.accounts import Unit
from bot.domain.history import PAUSED, Gap, merged
from bot.domain.notifications import Watched
from bot.domain.rules import Thresholds
from bot.evaluation.evaluate import with_allowances
from bot.evaluation.forecast.foresee import told_now
from bot.features.history.caption import Told, caption, format_span, no_history
from bot.features.history.chart import (
    MOST_PANELS,
    SLOTS,
    Chart,
    ForecastBand,
    Panel,
    Recorded,
    Series,
    band_of,
    chart_of,
    is_drawable,
    lines_of,
    threshold_lines,
)
from bot.support.errors import ChartError
from bot.telegram.text.account_card import urgency
from bot.telegram.text.forecast import forecast_with_record, short_record
from bot.telegram.text.formatting import capitalised, format_amount, format_count, name_of, share_of
from bot.telegram.text.layout import Message
from bot.telegram.text.sanitize import clean

LONGEST_NOTE = 56
"""The most letters of a forecast on a chart."""


class Draws(Protocol):
    """Draws a chart from its description."""

    async def draw(self, picture: Chart) -> bytes:
        """The chart as PNG. Raises ChartError."""


@dataclass(frozen=True, slots=True)
class AccountPast:
    """One account with the data of its panel; ``forecast`` is the band in words, ``record`` how often such held."""

    watched: Watched
    trace: Series
    gaps: tuple[Gap, ...] = ()
    ladder: Thresholds = ()
    fan: ForecastBand | None = None
    forecast: str = ""
    record: str = ""


def past_of(watched: Watched, recorded: Recorded, now: datetime, zone: ZoneInfo) -> AccountPast:
    """The account with its stored past, and its forecast as a band and in words."""
    one = watched.account
    comes = forecast_with_record(one, now, zone).removeprefix("At this pace it ").removesuffix(".")
    trace, reading = recorded.trace, one.reading
    if not trace.places and reading is not None:  # its rows are deleted, and it is known all the same
        trace = replace(trace, places=((reading.taken_at.timestamp(), float(reading.credits.total)),))
    told = told_now(one, now)
    return AccountPast(watched, trace, recorded.gaps, recorded.ladder, band_of(told), comes, short_record(told))


def choose(watched: Sequence[Watched]) -> tuple[tuple[Watched, ...], tuple[Watched, ...]]:
    """The accounts with room on a chart, the most urgent first, and the others."""
    ordered = tuple(sorted(watched, key=urgency))
    return ordered[:MOST_PANELS], ordered[MOST_PANELS:]


def slots_for(count: int) -> int:
    """How finely each of ``count`` accounts is followed: small panels need less."""
    return SLOTS if count <= 4 else SLOTS // 4


async def draw_history(
    drawing: Draws,
    pasts: Sequence[AccountPast],
    left_out: Sequence[Watched],
    span: timedelta,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[bytes | None, Message]:
    """The chart and its caption; without a chart, a message with the same content, and why it is not drawn."""
    told = [Told(past.watched.account, past.trace, whole_gaps(past, span, now), past.forecast) for past in pasts]
    if not any(is_drawable(past.trace) for past in pasts):
        return None, no_history(told, span, now, zone)
    words = caption(told, [one.account.name for one in left_out], span, now, zone)
    try:
        return await drawing.draw(picture(pasts, span, now, zone)), words
    except ChartError as trouble:
        return None, without_picture(words, str(trouble))


def without_picture(words: Message, trouble: str) -> Message:
    """The caption alone, and why there is no chart above it."""
    return Message(f"{words.text}\n{trouble}", words.entities)


def picture(pasts: Sequence[AccountPast], span: timedelta, now: datetime, zone: ZoneInfo) -> Chart:
    title = format_span(span) if len(pasts) == 1 else f"{format_count(len(pasts), 'account')}, {format_span(span)}"
    panels = [panel(past, span, now, alone=len(pasts) == 1) for past in pasts]
    return chart_of(title, panels, (now - span).timestamp(), now.timestamp(), zone.key)


def panel(past: AccountPast, span: timedelta, now: datetime, *, alone: bool) -> Panel:
    """One account's part of the chart; ``alone``: it has the text to itself."""
    one, gaps = past.watched.account, whole_gaps(past, span, now)
    credits = with_allowances(one)
    share = share_of(credits) if credits else None
    of = (
        f" of {format_amount(credits.monthly_allowance, credits.unit)}"
        if credits and credits.monthly_allowance and alone
        else ""
    )
    return Panel(
        name=name_of(one.name),
        spare=clean(one.email, 64),
        total=float(credits.total) if credits else None,
        share=f"{share}{of}" if share else "",
        note=note_of(past) if alone else "",
        severity=past.watched.severity.word if past.watched.severity else "",
        stale=one.outage is not None or one.pause is not None,
        lines=lines_of(past.trace.places, gaps, now.timestamp()),
        gaps=gaps,
        marks=past.trace.marks,
        rungs=threshold_lines(past.ladder, one.allowance, credits.unit if credits else Unit.CREDITS),
        fan=past.fan,
    )


def note_of(past: AccountPast) -> str:
    """The forecast and its record in the one line of a chart."""
    ending = f" · {past.record}" if past.record else ""
    return f"{capitalised(brief(past.forecast, LONGEST_NOTE - len(ending)))}{ending}"


def brief(forecast: str, longest: int) -> str:
    """A forecast in a line: its first sentence, or that sentence's first part."""
    sentence = forecast.partition(". ")[0]
    return sentence if len(sentence) <= longest else re.split("[,;] ", sentence, maxsplit=1)[0]


def whole_gaps(past: AccountPast, span: timedelta, now: datetime) -> tuple[Gap, ...]:
    """The gaps within the span, without overlap; one that lasts is known from the account itself."""
    one = past.watched.account
    lasting = [Gap(one.failing_since.timestamp(), None, one.outage.kind)] if one.outage and one.failing_since else []
    lasting += [Gap(one.pause.since.timestamp(), None, PAUSED)] if one.pause else []
    return merged((*past.gaps, *lasting), (now - span).timestamp(), now.timestamp())
