"""What a tap on a message does: the buttons below alerts, and the turning and refreshing of lists."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.chat.account import account_tag
from bot.chat.answers import account_card, alerts_page, credits_page
from bot.chat.commands import Desk, fresh_page, refresh
from bot.chat.replies import acked_note, over_note, snoozed_note, unknown_button
from bot.chat.text import Message
from bot.core.model import Notification

SNOOZES = {"snooze1h": timedelta(hours=1), "snooze1d": timedelta(days=1)}
CHANGES = frozenset({"ack", *SNOOZES})
"""The taps that only those may do who may change things."""

ALERT_TAPS = CHANGES | {"credits"}
LIST_TAPS = frozenset({"page", "refresh", "alerts"})


class AlertDesk(Desk, Protocol):
    """What the buttons below alerts ask of the rest of the bot."""

    async def told_by(self, lead_id: int, chat_id: int) -> list[Notification]:
        """What a message told, if it is one of this very chat."""

    async def silence(self, told: Sequence[Notification], by: str, until: datetime | None) -> int:
        """Silences the alerts that were told and still fire; says how many."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap: on which button of which message, by whom.

    ``say`` posts a new message, ``edit`` replaces the tapped one, ``add`` writes a line below it.
    """

    chat_id: int
    by: str
    desk: AlertDesk
    zone: ZoneInfo
    say: Callable[[Message], Awaitable[None]]
    edit: Callable[[Message], Awaitable[None]]
    add: Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Tap:
    """A button's data, taken apart."""

    verb: str
    argument: str

    @classmethod
    def parse(cls, data: object) -> "Tap | None":
        """The tap, or None for data that no button of ours carries."""
        verb, _, argument = data.partition(":") if isinstance(data, str) else ("", "", "")
        if verb in ALERT_TAPS and argument.isascii() and argument.isdigit() and len(argument) <= 18:
            return cls(verb, argument)
        if verb in LIST_TAPS and argument.isascii() and argument.isalnum() and len(argument) <= 12:
            return cls(verb, argument)
        return None

    @property
    def changes(self) -> bool:
        """Whether only those may do it who may change things."""
        return self.verb in CHANGES

    @property
    def number(self) -> int | None:
        """The page it turns to; None where it names an account by its tag, which is always twelve long."""
        return int(self.argument) if self.argument.isdigit() and len(self.argument) < 12 else None


async def answer(tap: Tap, tapped: Tapped) -> str | None:
    """Does what a tap asks for; gives the words of the little notice that the tapping person sees, if any."""
    if tap.verb in ALERT_TAPS:
        return await on_alert(tap, tapped)
    return await on_list(tap, tapped)


async def on_alert(tap: Tap, tapped: Tapped) -> str | None:
    """A tap below an alert."""
    told = await tapped.desk.told_by(int(tap.argument), tapped.chat_id)
    if not told:
        return unknown_button()
    if tap.verb == "credits":
        await tapped.say(await credits_of(told, tapped))
        return None
    now = tapped.desk.now()
    until = now + SNOOZES[tap.verb] if tap.verb in SNOOZES else None
    if not await tapped.desk.silence(told, tapped.by, until):
        return over_note()
    note = snoozed_note(tapped.by, until, now, tapped.zone) if until else acked_note(tapped.by, now, tapped.zone)
    await tapped.add(note)
    return note


async def credits_of(told: Sequence[Notification], tapped: Tapped) -> Message:
    """The accounts that an alert named, looked at afresh; all accounts, if it named a source."""
    subjects = {notification.notice.subject for notification in told}
    concerned = [one for one in await tapped.desk.watched() if one.account.key in subjects]
    if not concerned:
        return await fresh_page(tapped.desk, tapped.zone, 0)
    await refresh(tapped.desk, concerned)
    concerned = [one for one in await tapped.desk.watched() if one.account.key in subjects]
    return credits_page(concerned, 0, tapped.desk.now(), tapped.zone)


async def on_list(tap: Tap, tapped: Tapped) -> str | None:
    """A tap below a list or a card: another page of it, or the same afresh."""
    desk, zone = tapped.desk, tapped.zone
    if tap.verb == "alerts" and tap.number is not None:
        page = alerts_page(await desk.watched(), await desk.firing_sources(), tap.number, desk.now(), zone)
        await tapped.edit(page)
    elif tap.number is not None:
        await tapped.edit(await fresh_page(desk, zone, tap.number))
    else:
        return await on_card(tap, tapped)
    return None


async def on_card(tap: Tap, tapped: Tapped) -> str | None:
    """A tap below an account's card."""
    desk = tapped.desk
    found = [one for one in await desk.watched() if account_tag(one.account.key) == tap.argument]
    if not found:
        return unknown_button()
    await refresh(desk, found, by_name=True)
    fresh = [one for one in await desk.watched() if one.account.key == found[0].account.key]
    await tapped.edit(account_card((fresh or found)[0], desk.now(), tapped.zone))
    return None
