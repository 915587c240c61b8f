"""Answers to commands: the lists and the card. ``replies`` has the short ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, FailureKind, SourceState
from bot.domain.alerts import Alert, AlertRule, Severity, Silence
from bot.domain.jobs import Slots
from bot.domain.notifications import Watched
from bot.evaluation.blackout import blackout
from bot.sources.registry import title_of
from bot.telegram.text.account_card import (
    account_line,
    account_tag,
    card_lines,
    detail_line,
    is_known,
    needs_you,
    urgency,
)
from bot.telegram.text.alert_list import Acted, format_alert, format_silences, since_text, undo_label
from bot.telegram.text.blackout import list_lines, none_text, since_when, why_text
from bot.telegram.text.dates import format_past, format_read, unmarked
from bot.telegram.text.formatting import SERVICE, SIGNS, capitalised, format_count, name_of, service_name, trouble_of
from bot.telegram.text.layout import Button, Buttons, Message, Piece, Text, bold
from bot.telegram.text.pauses import END_PAUSE, UNPAUSE, PausedAct, act_of, format_age, pause_lines, resume_label
from bot.telegram.text.pool import pool_lines
from bot.telegram.text.replies import silence_lines

PAGE_SIZE = 20
UNDO_SHOWN = 6
"""How many silences have a button each below the alerts, oldest first."""

DETAILED = 6
"""The most accounts that get a second line each."""

BACK, ON = "\u2039", "\u203a"
SAME_TIME = timedelta(minutes=2)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class SourceAlert:
    """A firing alert of a source, why it fires, its silences, and its name if there are several sources."""

    alert: Alert
    silences: tuple[Silence, ...] = ()
    outage: FailureKind | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A position in a list that can be longer than a message."""

    number: int
    count: int

    @property
    def words(self) -> str:
        """The position, such as "page 2 of 5"; empty for a list of one page."""
        return f" · page {self.number + 1} of {self.count}" if self.count > 1 else ""

    def buttons(self, turn: str, refresh: str) -> Buttons:
        """Back and on if there are pages, and Refresh."""
        before = (Button(f"{BACK} {self.number}/{self.count}", f"{turn}:{self.number - 1}"),) if self.number else ()
        last = self.number + 1 >= self.count
        after = () if last else (Button(f"{self.number + 2}/{self.count} {ON}", f"{turn}:{self.number + 1}"),)
        return ((*before, *after, Button("Refresh", f"{refresh}:{self.number}")),)


def paged(items: Sequence[Item], number: int) -> tuple[Sequence[Item], Page]:
    """The items of one page, counted from 0; a number beyond the list is its nearest page."""
    count = max(-(-len(items) // PAGE_SIZE), 1)
    number = min(max(number, 0), count - 1)
    return items[number * PAGE_SIZE : (number + 1) * PAGE_SIZE], Page(number, count)


def credits_page(
    watched: Sequence[Watched],
    page: int,
    now: datetime,
    zone: ZoneInfo,
    lists: Sequence[SourceState] = (),
    *,
    whole: bool = True,
) -> Message:
    """Every account, the most urgent first, twenty to a page counted from 0; the card if there is only one.

    ``lists`` are the sources whose list cannot be read: why there can be no account. Without ``whole`` the chat sees
    other accounts, too, and these have no sum.
    """
    return ordered_page(by_urgency(watched), page, now, zone, lists, whole=whole)


def by_urgency(watched: Sequence[Watched]) -> list[Watched]:
    return sorted(watched, key=urgency)


def ordered_page(
    watched: Sequence[Watched],
    page: int,
    now: datetime,
    zone: ZoneInfo,
    lists: Sequence[SourceState] = (),
    *,
    whole: bool = True,
) -> Message:
    """The same page of accounts that are sorted already."""
    if not watched:
        return no_accounts(lists, now, zone)
    if len(watched) == 1:
        return account_card(watched[0], now, zone, alone=True)
    shown, place = paged(watched, page)
    text, dark = Text(), blackout(one.account for one in watched)
    if dark:
        since = since_when(dark.since, now, zone)
        text.line(f"{SIGNS[Severity.CRITICAL]} ", bold(capitalised(none_text(dark))), f"{since}{place.words}")
        text.line(f"Reason: {why_text(dark)}.")
    else:
        text.lines(pool_lines(watched, now, zone) if whole and not place.number else ())
        text.line(bold(format_count(len(watched), "account")), f", {health_text(watched, now, zone)}{place.words}")
    detailed = len(watched) <= DETAILED
    for one in shown:
        text.line(*account_line(one, now, zone, detailed=detailed))
        text.lines(((line,),) if detailed and (line := detail_line(one, now, zone)) else ())
    return text.message(place.buttons("page", "refresh"))


def health_text(watched: Sequence[Watched], now: datetime, zone: ZoneInfo) -> str:
    """How many need somebody, and when the numbers were read."""
    need = sum(map(needs_you, watched))
    paused = sum(one.account.pause is not None for one in watched)
    unknown = sum(not is_known(one.account) for one in watched) - paused
    words = [f"{need:,} {'needs' if need == 1 else 'need'} you" if need else "none needs you"]
    words += [f"{count:,} {what}" for count, what in ((unknown, "unknown"), (paused, "paused")) if count]
    return " · ".join([*words, *read_text(watched, now, zone)])


def read_text(watched: Sequence[Watched], now: datetime, zone: ZoneInfo) -> list[str]:
    """When the fresh numbers were read, from the oldest to the newest; others show their own age."""
    moments = [one.account.reading.taken_at for one in watched if one.account.reading and is_known(one.account)]
    if not moments:
        return []
    oldest, newest = min(moments), max(moments)
    if newest - oldest < SAME_TIME:
        return [format_read(oldest, now, zone)]
    return [f"read {unmarked(format_past(oldest, now, zone), zone)} to {format_past(newest, now, zone)}"]


def no_accounts(lists: Sequence[SourceState], now: datetime, zone: ZoneInfo) -> Message:
    """No account to list, perhaps because no list can be read."""
    text, unread = Text(), list_lines(lists, now, zone)
    if unread:
        text.line(f"{SIGNS[Severity.CRITICAL]} ", bold("No account is watched"), ".")
        text.lines((f"{capitalised(line)}.",) for line in unread)
    else:
        text.line("No account is watched yet.")
    text.line(f"Add an account at {SERVICE}, and the bot finds it by itself; /check finds it at once.")
    return text.message(Page(0, 1).buttons("page", "refresh"))


def account_card(
    watched: Watched, now: datetime, zone: ZoneInfo, slots: Slots | None = None, *, alone: bool = False
) -> Message:
    """Everything about one account; ``alone``: it is the only one, so if it cannot be read, none can."""
    dark = alone and blackout([watched.account]) is not None
    text, tag = Text().lines(card_lines(watched, now, zone, slots, dark=dark)), account_tag(watched.account.key)
    resume = ((Button("Resume checks", f"{UNPAUSE}:{tag}"),),) if watched.account.pause else ()
    return text.message(((Button("Refresh", f"refresh:{tag}"),), *resume))


Firing = tuple[Severity, tuple[Piece, ...]]


def alerts_page(
    watched: Sequence[Watched],
    sources: Sequence[SourceAlert],
    silences: Sequence[Acted],
    page: int,
    now: datetime,
    zone: ZoneInfo,
    pauses: Sequence[PausedAct] = (),
) -> Message:
    """Firing alerts, since when, silenced or not; the worst first, twenty to a page counted from 0.

    Below stand the silences of what does not fire, and the pauses, with a button that ends each.
    """
    firing = [source_firing(source, now, zone) for source in sources if source.alert.severity]
    firing += [account_firing(one, alert, now, zone) for one in watched for alert in one.alerts if alert.severity]
    undo = [(Button(undo_label(act), f"end:{act.silence.id}"),) for act in silences[:UNDO_SHOWN]]
    undo += [(Button(resume_label(act), f"{END_PAUSE}:{act_of(act.pause)}"),) for act in pauses[:UNDO_SHOWN]]
    if not firing:
        text = Text().line("No alerts: nothing is firing. /credits shows the numbers.")
        text.lines(silence_lines(silences, now, zone)).lines(pause_lines(pauses, UNDO_SHOWN, now, zone))
        return text.message(tuple(undo))
    firing.sort(key=lambda item: -item[0])
    shown, place = paged(firing, page)
    text = Text().line(bold(format_count(len(firing), "alert")), f": {format_severities(firing)}{place.words}")
    named = {one.account.key for one in watched if one.alerts} | {source.alert.subject for source in sources}
    text.lines(pieces for _, pieces in shown)
    text.lines(silence_lines([act for act in silences if not act.subjects <= named], now, zone))
    text.lines(pause_lines(pauses, UNDO_SHOWN, now, zone))
    return text.message((*undo, *place.buttons("alerts", "alerts")))


def format_severities(firing: Sequence[Firing]) -> str:
    """The count of each severity: "1 critical, 2 warning"."""
    counts = Counter(severity for severity, _ in firing)
    return ", ".join(f"{counts[severity]:,} {severity.word}" for severity in sorted(counts, reverse=True))


def account_firing(one: Watched, alert: Alert, now: datetime, zone: ZoneInfo) -> Firing:
    account = one.account
    said = f"{format_alert(alert, account, now, zone)}{paused_text(account, now, zone)}"
    return firing_line(alert, name_of(account.name), said, format_silences(alert, one.silences, now, zone))


def paused_text(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """That an account is paused, and how old its numbers thus are."""
    if account.pause is None:
        return ""
    age = f", last read {format_age(account.reading.taken_at, now, zone)}" if account.reading else ""
    return f" · paused{age}"


def source_firing(source: SourceAlert, now: datetime, zone: ZoneInfo) -> Firing:
    said = f"{source_trouble(source)}{since_text(source.alert.since, now, zone)}"
    silenced = format_silences(source.alert, source.silences, now, zone)
    return firing_line(source.alert, service_name(source.origin), said, silenced)


def source_trouble(source: SourceAlert) -> str:
    """The trouble of a source as a whole."""
    title = title_of(source.alert.subject)
    match source.alert.measure:
        case AlertRule.LISTING:
            return f"{'perhaps ' if source.outage else ''}lists no {title} account"
        case AlertRule.BROKEN:
            return f"counts more broken {title} accounts than the bot knows"
        case _ if source.outage is FailureKind.LAPSED:
            return "subscription lapsed"
        case _:
            return f"cannot be read: {trouble_of(source.outage)}"


def firing_line(alert: Alert, name: str, said: str, silenced: str) -> Firing:
    """One firing alert: name, severity, cause, since when, and its silences."""
    severity = alert.severity or Severity.INFO
    quiet = f" · {silenced}" if silenced else ""
    return severity, (f"{SIGNS[severity]} ", bold(name), f" · {severity.word}: {said}{quiet}")
