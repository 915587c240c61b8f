"""Past alerts: when each fired, for how long, how bad it was, and who acknowledged it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Unit
from bot.domain.alerts import AlertRule, Severity
from bot.domain.durations import format_duration
from bot.domain.past_alerts import PastAlert
from bot.telegram.text.account_list import paged
from bot.telegram.text.alert_list import MEASURES
from bot.telegram.text.dates import format_past
from bot.telegram.text.formatting import LOW, OUT, SIGNS, format_amount, format_count, joined, name_of
from bot.telegram.text.layout import Message, Piece, Text, bold
from bot.telegram.text.sanitize import plain

BY_LENGTH = 80


@dataclass(frozen=True, slots=True)
class NamedAlert:
    """A past alert with its account's or source's name, and the unit of the account's credits."""

    alert: PastAlert
    name: str
    unit: Unit = Unit.CREDITS


def log_page(
    told: Sequence[NamedAlert],
    whose: str | None,
    span: timedelta,
    page: int,
    now: datetime,
    zone: ZoneInfo,
    turned_by: str,
) -> Message:
    """Past alerts, the newest first, twenty to a page counted from 0; ``whose`` None: of every account.

    ``turned_by`` is what the buttons' data says after the page.
    """
    of = f" of {name_of(whose)}" if whose else ""
    back = format_duration(span)
    if not told:
        return Text().line(f"No alerts{of} in the last {back}. /alerts shows what is firing.").message()
    shown, place = paged(told, page)
    said = f"{of} in the last {back}{severities(told)}{place.words}"
    text = Text().line(bold(format_count(len(told), "alert")), said)
    text.lines(log_line(one, now, zone, named=whose is None) for one in shown)
    (row,) = place.buttons("log", "log")
    return text.message((tuple(replace(button, data=f"{button.data}-{turned_by}") for button in row),))


def severities(told: Sequence[NamedAlert]) -> str:
    """How many of them were critical: ", 2 critical"; empty if none was."""
    critical = sum(one.alert.severity is Severity.CRITICAL for one in told)
    return f", {critical:,} critical" if critical else ""


def log_line(one: NamedAlert, now: datetime, zone: ZoneInfo, *, named: bool) -> tuple[Piece, ...]:
    """One past alert: "🔴 Studio · critical: out of credits · yesterday 14:03, for 2 h · acknowledged by Kim"."""
    alert = one.alert
    lasted = format_duration(max((alert.until or now) - alert.since, timedelta(0)))
    at = format_past(alert.since, now, zone)
    moment = f"{at}, for {lasted}" if alert.until else f"since {at}, {lasted} so far"
    by = joined([plain(name, 32) for name in alert.acked_by], BY_LENGTH)
    acked = f"acknowledged by {by}" if by else "nobody acknowledged it" if alert.severity is Severity.CRITICAL else ""
    who = (bold(name_of(one.name)), " · ") if named else ()
    return (
        f"{SIGNS[alert.severity]} ",
        *who,
        f"{alert.severity.word}: {what(one)} · {moment}",
        f" · {acked}" if acked else "",
    )


def what(one: NamedAlert) -> str:
    """The cause, with the lowest number of low credits: "low credits, down to 180"."""
    if one.alert.measure is not AlertRule.CREDITS:
        return MEASURES[one.alert.measure]
    if one.alert.worst is None:
        return LOW[one.unit]
    if one.alert.worst <= 0:
        return OUT[one.unit]
    return f"{LOW[one.unit]}, down to {format_amount(one.alert.worst, one.unit)}"
