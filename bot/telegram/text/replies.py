"""Short replies: the bot's status, its help, the results of commands, and their errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import SourceState
from bot.domain.alerts import Severity, Silence, SilenceKind
from bot.domain.boards import BoardTrouble
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.durations import format_duration
from bot.domain.events import ReceiverState
from bot.domain.health import RefusedChat
from bot.domain.subscription import ListedService, service_key
from bot.evaluation.blackout import Blackout
from bot.sources.registry import SERVICES
from bot.telegram.text.alert_list import Acted, act_line
from bot.telegram.text.blackout import list_lines, none_text, since_when, why_text
from bot.telegram.text.dates import format_ago, format_moment, format_past
from bot.telegram.text.formatting import (
    NOTE,
    RECOVERED,
    SIGNS,
    capitalised,
    format_count,
    in_brackets,
    joined,
    name_of,
)
from bot.telegram.text.layout import Button, Message, Piece, Span, Text, bold
from bot.telegram.text.pauses import RESUMED, PausedAct, pause_lines
from bot.telegram.text.sanitize import clean, plain

LIST_LENGTH = 700
FAULTS_SHOWN = 8
SILENCES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Status:
    """The bot's own status. ``polling`` is text; ``problems`` are whole sentences, none if all is well.

    ``notes`` are past or harmless trouble, ``boards`` those that are out of date. ``silences`` and ``pauses`` are those
    of the chat that asks. ``blackout``: no account can be read. ``lists`` are the sources whose list cannot be read.
    ``backlog`` is how long a message waits for a chat that refused and takes messages again. ``subscriptions`` are the
    sources with a token each, and what useapi.net says of it. ``webhook`` None: there is
    none.
    """

    version: str
    uptime: timedelta
    check_every: timedelta
    watched: int | None
    last_round_at: datetime | None = None
    failing: tuple[str, ...] = ()
    waiting: int | None = 0
    oldest_waiting: timedelta | None = None
    refused: tuple[RefusedChat, ...] = ()
    nobody_told: bool = False
    backlog: timedelta | None = None
    polling: str = "working"
    last_delivery_at: datetime | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    clock_step: ClockStep | None = None
    silences: tuple[Acted, ...] = ()
    boards: Mapping[Chat, BoardTrouble] = field(default_factory=dict)
    blackout: Blackout | None = None
    lists: tuple[SourceState, ...] = ()
    paused: int = 0
    pauses: tuple[PausedAct, ...] = ()
    subscriptions: tuple[SourceState, ...] = ()
    webhook: ReceiverState | None = None


def status_message(status: Status, now: datetime, zone: ZoneInfo) -> Message:
    unread, notes = unread_text(status, now, zone)
    wrong = len(unread) + len(status.problems) + len(status.refused) + len(status.boards)
    wrong += (status.backlog is not None) + is_away(status.webhook)
    ill = status.nobody_told or unread or status.problems  # /healthz answers 503 for these
    severity = Severity.CRITICAL if ill else Severity.WARNING
    sign, verdict = (SIGNS[severity], format_count(wrong, "problem")) if wrong else (RECOVERED, "the bot is well")
    text = Text().line(f"{sign} ", bold(capitalised(verdict)), f" · up {format_duration(status.uptime)}")
    text.lines((f"Problem: {clean(problem, 300)}",) for problem in (*unread, *status.problems))
    text.lines((f"Cannot write to {refusal_text(refused, now, zone)}",) for refused in status.refused)
    if status.backlog is not None:
        waits = f"A message has waited {format_duration(status.backlog)} for a chat that takes messages again"
        text.line(f"{waits}. It follows.")
    text.lines((board_text(chat, trouble, now, zone),) for chat, trouble in status.boards.items())
    if status.webhook and is_away(status.webhook):
        text.line(away_text(status.webhook, now, zone))
    if status.watched is None:
        text.line("Rounds, accounts and messages are not known while the database cannot be read.")
    else:
        text.line(round_text(status, now, zone))
        text.line(watched_text(status))
        text.line(outbox_text(status, now, zone))
        text.lines((line,) for one in status.subscriptions for line in subscription_lines(one, now, zone))
    if status.webhook:
        text.line(webhook_text(status.webhook, now))
    polling = "not working" if status.polling in status.problems else status.polling
    text.line(f"Telegram polling: {clean(polling, 200)}")
    text.lines((f"{NOTE} {clean(capitalised(note), 300)}",) for note in (*notes, *status.notes))
    if status.clock_step:
        text.line(clock_text(status.clock_step, now, zone))
    text.lines(silence_lines(status.silences, now, zone))
    text.lines(pause_lines(status.pauses, SILENCES_SHOWN, now, zone))
    return text.line(f"Version {clean(status.version, 40)}").message()


def unread_text(status: Status, now: datetime, zone: ZoneInfo) -> tuple[list[str], list[str]]:
    """That no account can be read, and why, as problems; and trouble with lists while accounts are read."""
    lists = list_lines(status.lists, now, zone)
    if status.blackout:
        since = since_when(status.blackout.since, now, zone)
        return [f"{none_text(status.blackout)}{since}: {why_text(status.blackout)}"], lists
    return (lists, []) if status.watched == 0 else ([], lists)


def refusal_text(refused: RefusedChat, now: datetime, zone: ZoneInfo) -> str:
    """A chat that refuses messages, in Telegram's words, since when, and when the next try is."""
    since = f", since {format_past(refused.since, now, zone)}" if refused.since else ""
    again = f", next try {format_past(refused.next_try, now, zone)}" if refused.next_try else ""
    return f"chat {refused.chat}: {plain(refused.why, 200)}{since}{again}"


def board_text(chat: Chat, trouble: BoardTrouble, now: datetime, zone: ZoneInfo) -> str:
    """A board that is out of date: since when, and why."""
    since = f"{format_past(trouble.since, now, zone)}, {format_ago(trouble.since, now)}"
    return f"Problem: the board of chat {chat} was last current {since}: {plain(trouble.why, 200)}"


def is_away(webhook: ReceiverState | None) -> bool:
    """True if the webhook's receiver takes no events, or lost some."""
    return webhook is not None and (webhook.failing_since is not None or webhook.dropped > 0)


def away_text(webhook: ReceiverState, now: datetime, zone: ZoneInfo) -> str:
    """Since when the webhook's receiver takes nothing, and why."""
    lost = f" Dropped after 7 days: {format_count(webhook.dropped, 'event')}." if webhook.dropped else ""
    if webhook.failing_since is None:
        return f"Problem: the webhook has not taken all events.{lost}"
    since = f"{format_past(webhook.failing_since, now, zone)}, {format_ago(webhook.failing_since, now)}"
    return f"Problem: the webhook has taken nothing since {since}: it {clean(webhook.failure, 200)}.{lost}"


def webhook_text(webhook: ReceiverState, now: datetime) -> str:
    """How many events wait for the webhook's receiver."""
    if not webhook.waiting:
        return "Webhook: no events waiting"
    oldest = f", the oldest for {format_duration(now - webhook.oldest_at)}" if webhook.oldest_at else ""
    return f"Webhook: {format_count(webhook.waiting, 'event')} waiting{oldest}"


def round_text(status: Status, now: datetime, zone: ZoneInfo) -> str:
    """When all accounts were last checked."""
    every = f"one every {format_duration(status.check_every)}"
    if status.last_round_at is None:
        return f"Last round: none yet, {every}"
    return (
        f"Last round: {format_past(status.last_round_at, now, zone)}, {format_ago(status.last_round_at, now)} ({every})"
    )


def watched_text(status: Status) -> str:
    """How many accounts are watched, and which cannot be read."""
    paused = f", {status.paused:,} paused" if status.paused else ""
    accounts = f"Accounts: {status.watched:,} watched{paused}"
    if not status.failing:
        others = (status.watched or 0) - status.paused
        return f"{accounts}, {'the others' if paused else 'all'} readable" if others else accounts
    names = joined([name_of(name) for name in status.failing], LIST_LENGTH)
    return f"{accounts}, {len(status.failing):,} cannot be read: {names}"


def outbox_text(status: Status, now: datetime, zone: ZoneInfo) -> str:
    """The waiting deliveries, and when the last message was."""
    last = f"last delivered {format_past(status.last_delivery_at, now, zone)}" if status.last_delivery_at else ""
    if not status.waiting:
        return f"Messages: none waiting{', ' + last if last else ''}"
    oldest = f", the oldest for {format_duration(status.oldest_waiting)}" if status.oldest_waiting is not None else ""
    return f"Messages: {status.waiting:,} waiting{oldest}{', ' + last if last else ''}"


def subscription_lines(source: SourceState, now: datetime, zone: ZoneInfo) -> list[str]:
    """A token's subscription: active or not, when it was renewed, and the accounts that useapi.net calls broken.

    When a subscription ends is in none of its answers.
    """
    known = source.subscription
    if known is None:
        return []
    name = f"Subscription{in_brackets(clean(source.origin, 32) if source.origin else None)}"
    if known.answered_at is None:
        return [f"{name}: unknown, because useapi.net's page about it cannot be read"]
    verdict = {True: "active", False: "not active", None: "active or not is unknown"}[known.page.active]
    renewed = f", renewed {known.page.renewed_on:%-d %b %Y}" if known.page.renewed_on else ""
    at = f"{format_past(known.answered_at, now, zone)}, {format_ago(known.answered_at, now)}"
    accounts = [f"Broken by useapi.net's own count: {broken_text(known.page.services)}"] if known.page.services else []
    return [f"{name}: {verdict}{renewed} (as of {at})", *accounts]


def broken_text(services: Sequence[ListedService]) -> str:
    """The services with broken accounts, and that the others have none: "PixVerse 1 of 3, elsewhere none"."""
    broken = [broken_of(one) for one in services if one.broken]
    if not broken:
        totals = [one.total for one in services]
        return "none" if None in totals else f"none of {sum(total or 0 for total in totals):,}"
    return joined([*broken, *(["elsewhere none"] if len(broken) < len(services) else [])], LIST_LENGTH)


def broken_of(service: ListedService) -> str:
    """One service: "PixVerse 1 of 3"."""
    known = {service_key(one.account_name): one.title for one in SERVICES.values()}
    spelt = service.name.removesuffix("API").removesuffix("AP").strip()
    total = f" of {service.total:,}" if service.total is not None else ""
    return f"{known.get(service_key(service.name)) or plain(spelt, 32)} {service.broken:,}{total}"


def clock_text(step: ClockStep, now: datetime, zone: ZoneInfo) -> str:
    when = "while the bot was off" if step.while_off else f"at {format_past(step.at, now, zone)}"
    return f"{step.words} {when}"


def help_message(rows: Sequence[tuple[str, str]]) -> Message:
    """The help: each command with its line, from the table of commands."""
    text = Text().line(bold("Ask me"))
    text.lines((command, f" – {line}") for command, line in rows)
    text.line("An account goes by its label or email, or any part of one that fits no other.")
    return text.message()


def silence_lines(acts: Sequence[Acted], now: datetime, zone: ZoneInfo) -> list[tuple[Piece, ...]]:
    if not acts:
        return []
    lines = [act_line(act, now, zone) for act in acts[:SILENCES_SHOWN]]
    more = len(acts) - len(lines)
    return [("Silenced here:",), *lines, *([(f"And {more:,} more.",)] if more else [])]


def muted_message(name: str | None, mute: Silence, now: datetime, zone: ZoneInfo) -> Message:
    """No messages until then, about one account or, without a name, about anything."""
    who = "Everything" if name is None else name_of(name)
    until = mute.until or now
    where = (
        "In this chat only; the others still get messages." if mute.chat else "In every chat; the others got a message."
    )
    text = Text().line(
        bold(who), f" is muted until {format_moment(until, now, zone)} ({format_duration(until - now)})."
    )
    text.line(f"{where} Checks go on. Open problems are reported when the mute ends.")
    return text.message(((Button("Unmute", f"undo:{mute.id}"),),))


def unmuted_message(
    name: str | None, ended: Sequence[Acted], left: Sequence[Acted], now: datetime, zone: ZoneInfo
) -> Message:
    """Messages resume, about one account or, without a name, about everything.

    ``left`` are mutes of everything that still hold.
    """
    who, text = "" if name is None else name_of(name), Text()
    if left and name is not None:
        was = "'s own mute is over, and everything is still muted:" if ended else " has no mute of its own:"
        return text.line(bold(who), was).lines(act_line(act, now, zone) for act in left).message()
    if not ended:
        return text.line("Nothing was muted." if name is None else f"{who} was not muted.").message()
    subject, verb = ("Nothing", "is muted now") if name is None else (who, "is no longer muted")
    return text.line(bold(subject), f" {verb}. /alerts shows what is firing.").message()


def which_account(names: Sequence[str], said: str = "", example: str = "/credits {}") -> Message:
    """No account, or several, match what was typed; ``names`` are all there are, or the matches."""
    if not names:
        return Text().line("No account is watched yet. /check asks for accounts now.").message()
    shown = [name_of(name) for name in names]
    asked = f"No single account is called “{clean(said, 40)}”. " if said.strip() else "Which account? "
    return Text().line(f"{asked}Say {example.format(shown[0])}, or one of: {joined(shown, LIST_LENGTH)}.").message()


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The result of a reload. ``faults`` are why the old file stays in force; ``file``: there is an accounts file."""

    file: bool = True
    faults: tuple[str, ...] = ()
    sources: int = 0
    watched: int = 0
    new: int = 0
    left: int = 0


def reloaded_message(done: Reloaded) -> Message:
    if not done.file:
        return Text().line("There is no accounts file: the settings are read when the bot starts.").message()
    if done.faults:
        text = Text().line(f"{SIGNS[Severity.WARNING]} ", bold("The accounts file is wrong"), ": the old one goes on.")
        text.lines((clean(fault, 400),) for fault in done.faults[:FAULTS_SHOWN])
        more = len(done.faults) - FAULTS_SHOWN
        return (text.line(f"And {more:,} more; the log has them.") if more > 0 else text).message()
    changes = [f"{done.new:,} new" if done.new else "", f"{done.left:,} no longer watched" if done.left else ""]
    sources = format_count(done.sources, "source") if done.sources else ""
    what = filter(None, [sources, format_count(done.watched, "account"), *changes])
    text = Text().line(f"{RECOVERED} ", bold("Accounts file read again"), f": {', '.join(what)}.")
    return text.line("Changed rules hold from the next check on.").message()


def stranger_start(chat: Chat) -> Message:
    """All that a chat learns that is not allowed: its own id, with the topic of the question."""
    text = Text().line("This chat's id is ", Span(str(chat), "code"), ".")
    return text.line("If the bot is yours, put it into TELEGRAM_CHAT_IDS and restart the bot.").message()


def unknown_command(name: str, near: str | None) -> Message:
    """An unknown command; ``near`` is a similar one, with its arguments."""
    hint = f"Did you mean {near}? " if near else ""
    return Text().line(f"There is no /{clean(name, 32)}. {hint}/help lists what there is.").message()


def only_commands() -> Message:
    """The answer to a text that is no command."""
    return Text().line("I only know commands. /credits shows the numbers, /help lists the rest.").message()


def went_wrong() -> Message:
    """A defect of ours."""
    text = Text().line("That went wrong inside the bot; its log says why.")
    return text.line("Checks and alerts go on. /status shows more.").message()


def unknown_button() -> str:
    """The answer to a tap on a button that is not ours, or not of this message."""
    return "This button no longer works. /alerts shows what is firing."


def not_allowed(action: str = "change anything") -> Message:
    """A member of a group asked for something that only its administrators can do."""
    return Text().line(f"Only administrators of this group can {action}. /alerts shows what is firing.").message()


def check_started(count: int, paused: int = 0) -> Message:
    """A round begins, without the paused accounts."""
    checking = [f"Checking {format_count(count, 'account')} now."] if count else []
    if paused:
        are = "is" if paused == 1 else "are"
        checking.append(f"{format_count(paused, 'account')} {are} paused; /resume lets the checks go on.")
    said = " ".join(checking) or "Asking for accounts now."
    return Text().line(f"{NOTE} {said}").message(silent=True)


ACKED, SNOOZED, UNDONE = "Acknowledged by ", "Snoozed by ", "Undone by "
NOTES = (ACKED, SNOOZED, UNDONE, RESUMED)
"""The beginnings of lines that a tap adds below a message: the newest replaces the others."""


def acked_note(by: str, at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """The line below an acknowledged alert; the time of an older version's ack is unknown."""
    when = f", {format_past(at, now, zone)}" if at else ""
    return f"{ACKED}{plain(by, 40)}{when}: quiet in every chat until it recovers or gets worse."


def snoozed_note(by: str, until: datetime, now: datetime, zone: ZoneInfo, *, everywhere: bool = False) -> str:
    """The line below a snoozed alert: snoozed here or, by an older version, in every chat."""
    when, where = format_moment(until, now, zone), "every" if everywhere else "this"
    return f"{SNOOZED}{plain(by, 40)} until {when}: quiet in {where} chat unless it gets worse."


def silence_note(silence: Silence, now: datetime, zone: ZoneInfo) -> str:
    """The line below an alert that names its silence."""
    if silence.kind is SilenceKind.SNOOZE:
        return snoozed_note(silence.by, silence.until or now, now, zone, everywhere=silence.chat is None)
    return acked_note(silence.by, silence.made_at, now, zone)


def undo_button(silence: Silence) -> Button:
    return Button("Undo snooze" if silence.kind is SilenceKind.SNOOZE else "Undo ack", f"undo:{silence.id}")


def undone_note(ended: Acted, by: str, now: datetime, zone: ZoneInfo) -> str:
    """The line below a message whose silence somebody ended."""
    what = {SilenceKind.ACK: "the ack", SilenceKind.SNOOZE: "the snooze"}.get(ended.silence.kind, "the mute")
    return f"{UNDONE}{plain(by, 40)}, {format_past(now, now, zone)}: {what} is over."


def ended_note() -> str:
    """The answer to a tap for a silence that is over, or belongs to another chat."""
    return "This silence is over. /alerts shows what is firing."


def over_note() -> str:
    """The answer to a tap on an alert that is over."""
    return "This alert is over; there is nothing to silence."
