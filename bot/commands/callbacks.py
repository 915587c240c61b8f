"""Taps on messages: the buttons below alerts, and those of lists."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.commands.choices import PICK, Choice
from bot.commands.log_arguments import LogRequest, LogTap
from bot.commands.registry import BY_NAME, CommandContext, Show, firing_page, fresh_page, logged_page, pick, refresh
from bot.commands.scope import ChatScope
from bot.domain.alerts import Silence
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery
from bot.support.aside import aside
from bot.telegram.text.account_card import account_tag
from bot.telegram.text.account_list import account_card, credits_page
from bot.telegram.text.alert_list import Acted
from bot.telegram.text.layout import Button, Message
from bot.telegram.text.pauses import END_PAUSE, RESUME, UNPAUSE, pause_over_note, resumed_note
from bot.telegram.text.replies import ended_note, over_note, silence_note, undo_button, undone_note, unknown_button

SNOOZES = {"snooze1h": timedelta(hours=1), "snooze1d": timedelta(days=1)}
UNDO, END = "undo", "end"
"""Both end a silence: below the message that confirms it, and below the list of all of them."""

UNDOING = (f"{UNDO}:", f"{RESUME}:")
"""How the data of buttons begins that undo their message: only the newest of these stays."""

CHANGES = frozenset({"ack", *SNOOZES, UNDO, END, RESUME, END_PAUSE, UNPAUSE})
"""Taps that need the right to change things."""

ESCALATED = frozenset({"ack", UNDO})
"""Taps that work in a chat which gets only escalated alerts, below those."""

NUMBERED = (CHANGES | {"credits"}) - {UNPAUSE}
"""Taps with the number of a message, a silence, or an act of pausing."""

PICKS = frozenset({"credits", "history", "log", "mute", "unmute", "pause", "resume"})
"""Commands that an account's button can run, where several accounts match."""

LOG = "log"
LIST_TAPS = frozenset({"page", "refresh", "alerts", UNPAUSE})


@dataclass(frozen=True, slots=True)
class CallbackContext:
    """A tap: the button, its message, and the person.

    ``say`` posts a new message, ``edit`` replaces the tapped one, ``add`` writes a line below it, in place of the one
    before, and a button that undoes it.
    """

    chat: Chat
    by: str
    scope: ChatScope
    zone: ZoneInfo
    say: Callable[[Message], Awaitable[None]]
    edit: Callable[[Message], Awaitable[None]]
    add: Callable[[str, Button | None], Awaitable[None]]
    show: Show


@dataclass(frozen=True, slots=True)
class CallbackData:
    """A button's data, parsed."""

    verb: str
    argument: str

    @classmethod
    def parse(cls, data: object) -> "CallbackData | None":
        """The tap, or None for data that is not ours."""
        verb, _, argument = data.partition(":") if isinstance(data, str) else ("", "", "")
        if verb in NUMBERED and argument.isascii() and argument.isdigit() and len(argument) <= 18:
            return cls(verb, argument)
        if verb in LIST_TAPS and argument.isascii() and argument.isalnum() and len(argument) <= 12:
            return cls(verb, argument)
        if verb == LOG:
            return cls(verb, argument) if LogTap.parse(argument) else None
        choice = Choice.parse(argument) if verb == PICK else None
        return cls(verb, argument) if choice and choice.command in PICKS else None

    @property
    def choice(self) -> Choice | None:
        """The account that it chooses for a command; None if it does something else."""
        return Choice.parse(self.argument) if self.verb == PICK else None

    @property
    def changes(self) -> bool:
        """True if it needs the right to change things."""
        return bool(BY_NAME[self.choice.command].changes) if self.choice else self.verb in CHANGES

    @property
    def deed(self) -> str:
        """Its action, as a verb."""
        if self.choice:
            return BY_NAME[self.choice.command].changes
        if self.verb in (RESUME, END_PAUSE, UNPAUSE):
            return "resume checks"
        if self.verb in (UNDO, END):
            return "end a silence"
        return "acknowledge alerts" if self.verb == "ack" else "snooze alerts"

    @property
    def number(self) -> int | None:
        """The page that it turns to; None if it names an account by its tag, which is always twelve long."""
        return int(self.argument) if self.argument.isdigit() and len(self.argument) < 12 else None


async def answer(tap: CallbackData, tapped: CallbackContext) -> str | None:
    """Runs a tap; returns the short notice for the person who tapped, None without one."""
    if tap.choice:
        return await on_choice(tap.choice, tapped)
    if tap.verb == LOG:
        return await on_log(tap, tapped)
    if tap.verb in (UNDO, END):
        return await on_silence(tap, tapped)
    if tap.verb in (RESUME, END_PAUSE):
        return await on_pause(tap, tapped)
    return await (on_alert(tap, tapped) if tap.verb in NUMBERED else on_list(tap, tapped))


async def on_choice(choice: Choice, tapped: CallbackContext) -> str | None:
    """A tap on one of several accounts: the answer replaces the question, and a chart goes below it."""
    asked = CommandContext("", tapped.by, tapped.chat, "", tapped.scope, tapped.zone, tapped.edit, tapped.show)
    return None if await pick(asked, choice) else unknown_button()


async def on_alert(tap: CallbackData, tapped: CallbackContext) -> str | None:
    told = await tapped.scope.told_by(int(tap.argument), tapped.chat.chat_id)
    if not told:
        return unknown_button()
    if tap.verb == "credits":
        await tapped.say(await credits_of(told, tapped))
        return None
    made = await tapped.scope.silence(told, tapped.by, SNOOZES.get(tap.verb))
    if not made:
        return over_note()
    note = silence_note(made[0], tapped.scope.now(), tapped.zone)
    await tapped.add(note, undo_button(made[0]))
    return note


async def on_silence(tap: CallbackData, tapped: CallbackContext) -> str | None:
    """A tap that ends a silence; if the silence is over already, it says so, and its button goes."""
    scope, zone = tapped.scope, tapped.zone
    ended = await scope.undo(int(tap.argument))
    note = undone_note(ended, tapped.by, scope.now(), zone) if ended else ended_note()
    if tap.verb == END:
        await tapped.edit(await firing_page(scope, zone, 0))
    elif ended:
        held = still_held(ended, await scope.silences())
        if held:  # one line for the silence that is left: an ack, after only a snooze of the same alert was undone
            await tapped.add(silence_note(held, scope.now(), zone), undo_button(held))
        else:
            await tapped.add(note, None)
    return note


def still_held(ended: Acted, silences: Sequence[Acted]) -> Silence | None:
    """The last ack or snooze that covers an alert whose silence was ended."""
    alerts = {(one.subject, one.measure) for one in ended.parts if one.measure}
    parts = (part for act in silences for part in act.parts if (part.subject, part.measure) in alerts)
    return max(parts, key=lambda part: part.id, default=None)


async def on_pause(tap: CallbackData, tapped: CallbackContext) -> str | None:
    """A tap that resumes checks; if the pause is over already, it says so, and its button goes."""
    scope, zone = tapped.scope, tapped.zone
    ended = await scope.resume_act(int(tap.argument), tapped.by)
    note = resumed_note(tapped.by, scope.now(), zone) if ended else pause_over_note()
    if tap.verb == END_PAUSE:
        await tapped.edit(await firing_page(scope, zone, 0))
    else:
        await tapped.add(note, None)
    return note


async def credits_of(told: Sequence[Delivery], tapped: CallbackContext) -> Message:
    """The accounts of an alert, checked again; all accounts, if it was about a source."""
    subjects = {delivery.notification.subject for delivery in told}
    concerned = [one for one in await tapped.scope.watched() if one.account.key in subjects]
    if not concerned:
        return await fresh_page(tapped.scope, tapped.zone, 0)
    await refresh(tapped.scope, concerned)
    concerned = [one for one in await tapped.scope.watched() if one.account.key in subjects]
    now, zone = tapped.scope.now(), tapped.zone
    return await aside(len(concerned), credits_page, concerned, 0, now, zone, whole=False)


async def on_list(tap: CallbackData, tapped: CallbackContext) -> str | None:
    """A tap below a list or a card: another page of it, or the same with new numbers."""
    scope, zone = tapped.scope, tapped.zone
    if tap.verb == "alerts" and tap.number is not None:
        await tapped.edit(await firing_page(scope, zone, tap.number))
    elif tap.number is not None:
        await tapped.edit(await fresh_page(scope, zone, tap.number))
    else:
        return await on_card(tap, tapped)
    return None


async def on_log(tap: CallbackData, tapped: CallbackContext) -> str | None:
    """A tap below the past alerts: another page of them, or the same page with what is new."""
    turned = LogTap.parse(tap.argument)
    watched = await tapped.scope.watched() if turned and turned.tag else []
    found = next((one for one in watched if turned and account_tag(one.account.key) == turned.tag), None)
    if turned is None or (turned.tag and found is None):
        return unknown_button()
    await tapped.edit(await logged_page(tapped.scope, tapped.zone, LogRequest(found, turned.span), turned.page))
    return None


async def on_card(tap: CallbackData, tapped: CallbackContext) -> str | None:
    """A tap below an account's card: its new numbers, after ending its pause if that was tapped."""
    scope, note = tapped.scope, None
    found = [one for one in await scope.watched() if account_tag(one.account.key) == tap.argument]
    if not found:
        return unknown_button()
    if tap.verb == UNPAUSE:
        ended = await scope.resume(found[0].account.key, tapped.by)
        note = resumed_note(tapped.by, scope.now(), tapped.zone) if ended else pause_over_note()
        found = [one for one in await scope.watched() if one.account.key == found[0].account.key] or found
    await refresh(scope, found, by_name=True)
    watched = await scope.watched()
    fresh = [one for one in watched if one.account.key == found[0].account.key]
    await tapped.edit(account_card((fresh or found)[0], scope.now(), tapped.zone, alone=len(watched) == 1))
    return note
