"""The demo's world: the real bot between the simulated services, and the actions on it.

It is independent of its views: a terminal, or a page in the browser.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.app import App
from bot.config.settings import Settings
from bot.demo.chats import KIM, ON_CALL, PLACES, PRIVATE, SHOWN, Place, Said, settle
from bot.demo.clock import LeapingClock
from bot.demo.film import Film
from bot.demo.past import lay_down_film, lay_down_past
from bot.demo.script import Member, cast
from bot.simulator.accounts import SimulatedAccount
from bot.simulator.life import a_month_after, spend
from bot.simulator.pixverse import Fault, SimulatedPixVerse
from bot.simulator.telegram.service import SimulatedMessage, SimulatedTelegram

TOKEN = "demo:useapi-token"  # noqa: S105 - opens nothing but the simulator
BOT_TOKEN = "1000:demo-telegram-token-of-nobody-at-all"  # noqa: S105
TICK = timedelta(seconds=0.25)
BEAT = 0.5
"""Real seconds between two leaps of time; a tick of the bot lies between."""

ESCALATE_AFTER = "2h"
"""Eight real seconds at the usual speed: the script's acks come sooner."""

REMEMBERED = "Ads"
"""The account whose past the bot knows: its forecast can say what lapses with its plan."""


def session_broken(service: str) -> Fault:
    """The answer of useapi.net while it cannot read an account."""
    return Fault(596, {"error": f"{service} session expired, please add the account again", "code": 596})


class View(Protocol):
    def bot_said(self, message: SimulatedMessage) -> None:
        """The bot's message is new, edited or deleted."""

    def person_said(self, said: Said) -> None:
        """Somebody has written, or tapped."""

    def noticed(self, text: str) -> None:
        """A short notice after a tap."""

    def narrated(self, words: str) -> None: ...


class UnknownName(Exception):
    """No account of the demo has that name, or several match, or that one cannot do this; the text says so."""


class Stage:
    """The world while the demo runs."""

    def __init__(self, start: datetime) -> None:
        """``start`` is the first simulated moment."""
        self.clock = LeapingClock(start)
        self.pixverse = SimulatedPixVerse(TOKEN, self.clock)
        self.telegram = SimulatedTelegram(BOT_TOKEN, clock=self.clock)
        self.members: dict[str, Member] = {}
        self.film = Film(start)
        self.pixverse.add_sister(self.film.sister)
        self.views: list[View] = []
        self._notifications = 0
        self._bot: App | None = None

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[App]:
        """The running services with their accounts, and the bot ready to run with its database in the folder."""
        self.members = {member.name: member for member in cast(self.clock())}
        for member in self.members.values():
            self.pixverse.add(member.account, member.life)
        settle(self.telegram)
        self.telegram.on_change(self._bot_said)
        async with self.pixverse, self.telegram, App(self._settings(folder), self.clock, TICK) as self._bot:
            await lay_down_past(self._bot.service.context.store, self.members[REMEMBERED], self.clock())
            await lay_down_film(self._bot.service.context.store, self.film, self.clock())
            yield self._bot

    def _bot_said(self, message: SimulatedMessage) -> None:
        for view in self.views:
            view.bot_said(message)

    def _settings(self, folder: Path) -> Settings:
        """The bot's settings, otherwise at their defaults."""
        accounts = ",".join(f"{name} <{member.account.email}>" for name, member in self.members.items())
        values: dict[str, Any] = {
            "USEAPI_TOKEN": TOKEN,
            "USEAPI_URL": self.pixverse.url,
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_CHAT_IDS": ",".join(place.setting for place in PLACES),
            "ESCALATE_AFTER": ESCALATE_AFTER,
            "ESCALATE_CHAT_IDS": ON_CALL.setting,
            "ACCOUNTS": f"{accounts}, {self.film.name} <kling:{self.film.email}>",
            "JOB_COST": "5 s at 720p = 35",
            "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
            "HTTP_LISTEN": "127.0.0.1:0",
        }
        return Settings(**values)

    async def pass_time(self) -> None:
        """Leaps in time until cancelled, and shows the notices that follow taps."""
        while True:
            await asyncio.sleep(BEAT)
            self.film.advance(self.clock())
            self._show_notices()
            if self.telegram.away or await self._is_calm():
                self.clock.leap(BEAT)

    async def _is_calm(self) -> bool:
        """True if nothing runs that a leap would make late."""
        if self._bot is None or self._bot.service.checks.busy:
            return False
        vitals = await self._bot.service.vitals()
        return not vitals.waiting and not self._bot.service.checks.busy

    def answered_by(self, message: SimulatedMessage) -> SimulatedMessage | None:
        """The message that another one replies to."""
        known = (one for one in reversed(self.telegram.messages) if one.chat_id == message.chat_id)
        return next((one for one in known if one.message_id == message.reply_to), None)

    def _show_notices(self) -> None:
        """Shows the bot's answers to taps since the last call."""
        answers = self.telegram.callback_answers
        fresh, self._notifications = answers[self._notifications :], len(answers)
        for answer in fresh:
            if answer.text:
                for view in self.views:
                    view.noticed(answer.text)

    def narrate(self, words: str) -> None:
        for view in self.views:
            view.narrated(words)

    def say(self, text: str, place: Place = PRIVATE, user: int = KIM) -> None:
        """Makes a person write."""
        at = self.clock()
        self._show(Said(place, user, text, at, self.telegram.say(place.chat_id, text, user, place.thread_id)))

    def tap(self, message: SimulatedMessage, data: str, user: int = KIM) -> None:
        """Makes a person tap a button, named by its label or its data."""
        label = next((label for row in message.buttons for label, button in row if data in (label, button)), data)
        place = next((place for place in SHOWN if place.holds(message)), PRIVATE)
        self._show(Said(place, user, label, self.clock()))
        self.telegram.tap(message, data, user)

    def _show(self, said: Said) -> None:
        for view in self.views:
            view.person_said(said)

    def tap_last(self, label: str) -> None:
        """Makes Kim tap that button of the last message in the private chat that has one."""
        for message in reversed(self.telegram.messages):
            if label in message.labels and not message.deleted and PRIVATE.holds(message):
                self.tap(message, label)
                return

    def leave(self) -> None:
        """Telegram stops answering."""
        self.telegram.away = True

    def come_back(self) -> None:
        """Telegram answers again."""
        self.telegram.away = False

    @property
    def names(self) -> list[str]:
        """Every account's name."""
        return [*self.members, self.film.name]

    def find(self, name: str) -> Member | Film:
        """The account of a name, or of the beginning of one, brought to the present moment."""
        found = [own for own in self.names if own.casefold().startswith(name.casefold())]
        if len(found) != 1:
            raise UnknownName(f"Which account? One of: {', '.join(self.names)}.")
        if found[0] == self.film.name:
            self.film.advance(self.clock())
            return self.film
        member = self.members[found[0]]
        member.life.advance(self.clock())
        return member

    def member(self, name: str) -> Member:
        """The same, of PixVerse."""
        found = self.find(name)
        if isinstance(found, Film):
            raise UnknownName(f"{found.name} is a {found.service} account: its plan does not show. Buy, or refill.")
        return found

    def account(self, name: str) -> SimulatedAccount:
        """The same, as the service has it."""
        return self.member(name).account

    def spend(self, name: str, credits: int) -> None:
        """Jobs spend credits at once."""
        found = self.find(name)
        if isinstance(found, Film):
            found.spend(credits)
        else:
            spend(found.account, credits)

    def refill(self, name: str) -> None:
        """The monthly credits refill, as after a renewal; a plan that has ended is paid for again."""
        found = self.find(name)
        if isinstance(found, Film):
            found.refill()
            return
        account = found.account
        if account.plan_type == 0:
            self.subscribe(name)
        account.monthly = account.monthly_allowance
        if account.refresh_at:
            account.refresh_at = a_month_after(self.clock())

    def top_up(self, name: str, credits: int) -> None:
        """Somebody buys credits."""
        found = self.find(name)
        if isinstance(found, Film):
            found.top_up(credits)
        else:
            found.account.package += credits

    def break_session(self, name: str) -> None:
        """useapi.net can no longer read the account."""
        found = self.find(name)
        self.pixverse.fail(session_broken(found.service), found.email)

    def mend_session(self, name: str) -> None:
        """The account was added again."""
        self.pixverse.heal(self.find(name).email)

    def run_job(self, name: str, code: int) -> None:
        """A job was asked for; the statistics have its answer."""
        self.pixverse.job(self.account(name).email, code)

    def cancel(self, name: str) -> None:
        """Somebody cancels the plan; it runs to its end."""
        account = self.account(name)
        account.cancelled_at = account.cancelled_at or self.clock()

    def subscribe(self, name: str) -> None:
        """Somebody subscribes again, or pays for another month if the plan has ended."""
        member = self.member(name)
        account, plan = member.account, member.plan
        account.cancelled_at = None
        if account.plan_type == 0:
            account.plan_type, account.plan_name, account.monthly_allowance = 2, plan.name, plan.allowance
            account.ends_at = account.refresh_at = a_month_after(self.clock())
            account.monthly = plan.allowance

    def is_broken(self, name: str) -> bool:
        """True if useapi.net cannot read the account."""
        return self.pixverse.has_fault(self.find(name).email)
