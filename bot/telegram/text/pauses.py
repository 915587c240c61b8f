"""Pauses: the answer to the command, the message for other chats, and the line of a paused account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Pause
from bot.domain.durations import format_duration
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.pauses import EVERYONE
from bot.telegram.text.dates import format_ago, format_moment, format_past
from bot.telegram.text.formatting import CONCERNED_LENGTH, DOER_LENGTH, NOTE, format_count, joined, name_of
from bot.telegram.text.layout import Button, Buttons, Message, Piece, Span, Text, bold
from bot.telegram.text.message_body import MessageBody, telling
from bot.telegram.text.sanitize import plain

RESUME, END_PAUSE, UNPAUSE = "resume", "endpause", "unpause"
"""Taps that resume checks.

They stand below a message about a pause and below the list of all of them, each with the number of the act that paused;
and below an account's card, with its tag.
"""

ALL = "all accounts"
NAMES_LENGTH = 60


@dataclass(frozen=True, slots=True)
class PausedAct:
    """The pauses of one act, by name; no name if they cover all that a chat sees."""

    pause: Pause
    names: tuple[str, ...] = ()


def act_number(moment: datetime) -> int:
    """The number of an act: its moment in microseconds."""
    return round(moment.timestamp() * 1_000_000)


def act_of(pause: Pause) -> int:
    return act_number(pause.made_at or pause.since)


def resume_button(act: int) -> Buttons:
    return ((Button("Resume checks", f"{RESUME}:{act}"),),)


def resume_label(act: PausedAct) -> str:
    """The label of the button that ends it, among others."""
    more = f" +{len(act.names) - 1}" if len(act.names) > 1 else ""
    return f"Resume: {name_of(act.names[0], 24) if act.names else ALL}{more}"


def pause_lines(acts: Sequence[PausedAct], most: int, now: datetime, zone: ZoneInfo) -> list[tuple[Piece, ...]]:
    """The pauses, until when and by whom, one act a line, ``most`` lines; then how many more there are."""
    lines: list[tuple[Piece, ...]] = []
    for act in acts[:most]:
        who = joined([name_of(name) for name in act.names], NAMES_LENGTH) if act.names else ALL.capitalize()
        lines.append((bold(who), f" · checks {format_pause(act.pause, now, zone, who=True)}"))
    more = len(acts) - len(lines)
    return [*lines, *([(f"And {more:,} more paused.",)] if more else [])]


def format_pause(pause: Pause, now: datetime, zone: ZoneInfo, *, who: bool = False) -> str:
    """That an account is paused, and until when: "paused until today 15:00 by Kim"."""
    by = f" by {plain(pause.by, 32)}" if who and pause.by else ""
    return f"paused until {format_moment(pause.until, now, zone)}{by}"


def format_age(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When a number that can be old was read: "at 12:03, 1 h ago"; never "just now"."""
    ago = f", {format_ago(when, now)}" if now - when >= timedelta(minutes=1) else ""
    return f"at {format_past(when, now, zone)}{ago}"


def paused_message(name: str | None, pause: Pause, now: datetime, zone: ZoneInfo) -> Message:
    """No checks until then, of one account or, without a name, of all."""
    who = bold("All accounts" if name is None else name_of(name))
    verb, undo = ("are", "/resume") if name is None else ("is", f"/resume {name_of(name)}")
    text = Text().line(who, f" {verb} {format_pause(pause, now, zone)} ({format_duration(pause.until - now)}).")
    new = " Accounts that are added meanwhile are paused too." if pause.subject == EVERYONE else ""
    text.line(f"No checks until then: nobody is logged out of the website.{new}")
    text.line(f"Only the plan's end is still watched. {undo} ends it sooner.")
    return text.message(resume_button(act_of(pause)))


def resumed_message(name: str | None, *, was_paused: bool) -> Message:
    """Checks resume, of one account or, without a name, of all."""
    if not was_paused:
        return Text().line("Nothing was paused." if name is None else f"{name_of(name)} was not paused.").message()
    return Text().line("Checks of ", bold(ALL if name is None else name_of(name)), " go on now.").message()


RESUMED = "Resumed by "


def resumed_note(by: str, now: datetime, zone: ZoneInfo) -> str:
    """The line below a message whose pause somebody ended."""
    return f"{RESUMED}{plain(by, 40)}, {format_past(now, now, zone)}: checks go on."


def pause_over_note() -> str:
    """The answer to a tap for a pause that has ended."""
    return "This pause is over. /alerts shows what is paused."


def tell_pause(notification: Notification, now: datetime, zone: ZoneInfo) -> MessageBody:
    """The line for other chats: who paused what until when, or that checks resume."""
    facts = notification.facts
    if notification.topic is NotificationKind.PAUSED:
        until = f" until {format_moment(facts.until, now, zone)}" if facts.until else ""
        return telling(
            (f"{NOTE} ", f"{plain(facts.by or 'Somebody', DOER_LENGTH)} paused the checks of ", who(facts), f"{until}.")
        )
    by = f": resumed by {plain(facts.by, DOER_LENGTH)}" if facts.by else ""
    return telling((f"{NOTE} ", "Checks of ", who(facts), f" go on{by}."))


def who(facts: Facts) -> Span:
    """The accounts of a pause, as far as the chat sees them."""
    if facts.name:
        return bold(name_of(facts.name, CONCERNED_LENGTH))
    return bold(format_count(facts.count, "account") if facts.count else ALL)
