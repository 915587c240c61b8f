"""The simulated PixVerse and Telegram, as the bot's own interfaces see them; both write the truth down."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from telegram.error import NetworkError, TimedOut

from bot.domain.accounts import CheckFailure, CheckResult, Credits, FailureKind, LeftOut, Listing, NotModified, Reading
from bot.domain.accounts import Plan as BotsPlan
from bot.domain.jobs import Slots, Statistics
from bot.domain.subscription import SubscriptionPage
from bot.evaluation.left_out import OF_PLAN
from bot.features.webhook.receiver import NotTaken
from bot.sources.conditional import fingerprint_of
from bot.telegram.sender import TelegramNotifier
from tests.field.catalogue import FieldAnswer
from verification.oracle import Answer, Hurdle, Plan, Posted, Slack, Told, Truth
from verification.oracle import Message as ToldMessage
from verification.simulation.accounts import SimulatedAccount
from verification.simulation.history import (
    FORM_FAULTS,
    HOOK_FAULTS,
    ON_CALL,
    OUTAGES,
    POST_FAULTS,
    REFUSALS,
    STORE_FAULTS,
    Fault,
    History,
)
from verification.simulation.wire import field_bot, moved_to, peace_of, understood

UTC_ZONE = ZoneInfo("UTC")
NEW_ID = -100999
LONGEST_REFUSED = 900.0 + 120.0
"""After so many seconds at most a board that was refused for long is tried again, and shows what it should."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def board_step(every: float) -> float:
    """Seconds between two looks at the boards: numbers change no more often than accounts are looked at."""
    return max(60.0, every / 12)


class World:
    """What goes on whether the bot lives or not, and the time that all share."""

    def __init__(self, history: History) -> None:
        """Nothing has happened yet."""
        self.history = history
        self.told = Told()
        self.now: Callable[[], float] = float
        self.clock: Callable[[], datetime] = self.wall
        """The bot's clock, which is another one in each life."""
        self.hold: Callable[[float], None] = lambda _: None
        """Lets time pass in which nobody gets to do anything."""
        self.joined: list[str] = []
        self.granting = 0
        self.buttons: list[tuple[str, str]] = []
        self.counts: dict[str, int] = {}
        self.truth = Truth(
            accounts={one.email: one.name for one in history.accounts},
            chats=(*history.chats, *(chat for _, chat in history.joins)),
            joined={chat: inf for _, chat in history.joins},
            every=history.every,
            own_every={one.email: one.check_every for one in history.accounts if one.check_every},
            rules=list(history.rules[:1]),
            jumps=list(history.jumps),
            slack=Slack(mixed=0.01, board=LONGEST_REFUSED + 2 * board_step(history.every)),
            escalate_after=history.escalate_after,
            escalates_to=ON_CALL if history.escalate_after else "",
            ended_at=history.ends_at,
            receiver=history.has_receiver,
        )
        self.by_email = {one.email: one for one in history.accounts}
        self._note_faults()

    def _note_faults(self) -> None:
        """What will be in the way, for the truth."""
        history, truth = self.history, self.truth
        for fault in history.faults:
            if fault.kind in POST_FAULTS:
                peace = fault.seconds if fault.kind == "peace" else 0.0
                span = (fault.since, fault.until + peace)
                truth.hurdles.append(Hurdle(span, fault.who, fault.kind in REFUSALS, sign=fault.kind == "gone"))
            elif fault.kind in STORE_FAULTS:
                # whoever waits for a locked database tries again after half a minute at the latest
                truth.trouble.append((fault.since, fault.until + 45))
        if history.moves_at is not None:
            truth.moved["-100222"] = str(NEW_ID)

    def wall(self) -> datetime:
        """What the machine's clock shows."""
        return datetime.fromtimestamp(self.truth.clock(self.now()), UTC)

    @contextmanager
    def grants(self) -> Iterator[bool]:
        """Whether a wish can be granted now; what is granted in part is nobody's promise, so it is never cut short."""
        self.granting += 1  # several people may wish at once
        try:
            yield not any(self.history.fault(STORE_FAULTS, self.now() + later) for later in (0, 5, 15))
        finally:
            self.granting -= 1

    def count(self, what: str) -> None:
        """One more of something, for the summary."""
        self.counts[what] = self.counts.get(what, 0) + 1


class SimulatedSource:
    """A source over simulated accounts."""

    name = "pixverse"

    def __init__(self, world: World) -> None:
        """Asks the world."""
        self.world = world

    async def check(self, email: str, known: str | None) -> CheckResult | NotModified:
        """One check: the answer is made when it has come."""
        world = self.world
        begun = world.now()
        fault = world.history.fault(OUTAGES, begun, email)
        await asyncio.sleep(30.0 if fault and fault.kind == "hang" else world.history.chance.uniform(0.05, 0.5))
        account = world.by_email[email]
        account.move_to(world.now())
        answer = replace(answer_of(account, world.now(), fault), begun=begun)
        world.truth.answers.append(answer)
        world.count("looks")
        if fault:
            world.count(f"source {fault.kind}")
        if fault and fault.answer:  # the bot gets the bytes, the truth what they mean
            return await understood(fault.answer, email, world.clock)
        sample = sample_of(answer, account, world.clock())
        if not isinstance(sample, Reading):
            return sample
        fingerprint = fingerprint_of(repr(replace(sample, taken_at=NEVER)).encode())
        same = known == fingerprint
        return NotModified(sample.taken_at, fingerprint) if same else replace(sample, fingerprint=fingerprint)

    async def read(self, email: str) -> CheckResult:
        """Each check of the bot knows what is stored."""
        raise AssertionError("nobody reads without knowing")

    async def list_accounts(self) -> Listing | CheckFailure:
        """Its accounts are named one by one: nobody asks."""
        raise AssertionError("nobody asks for the list")

    async def subscription(self) -> SubscriptionPage | CheckFailure:
        """Nobody asks: the watch of the subscription is no part of these lives."""
        raise AssertionError("nobody asks for the subscription")

    async def statistics(self, limit: int) -> Statistics | CheckFailure:
        """Nobody asks, as above."""
        raise AssertionError(f"nobody asks for {limit} jobs")

    async def slots(self) -> dict[str, Slots] | CheckFailure:
        """Only a person who asks for one account wants to know."""
        raise AssertionError("nobody asks for running jobs")


def answer_of(account: SimulatedAccount, at: float, fault: Fault | None) -> Answer:
    """What the page shows, or what becomes of the question."""
    cancelled = not (account.renews or account.becomes or account.gift)
    plan = Plan(account.ends_at, account.renews, account.free, cancelled)
    answer = Answer(
        at,
        account.email,
        None,
        account.monthly,
        account.daily,
        account.package,
        account.allowance,
        account.daily_allowance,
        plan,
    )
    if fault is None:
        return answer
    if fault.kind == "bucket":
        return replace(answer, daily=None)
    if fault.kind == "left out":
        return replace(answer, plan=None, allowance=None, daily_allowance=None)
    if fault.kind == "half told":
        return replace(answer, plan=replace(plan, renews=None, cancelled=False), allowance=None)
    kind = "unavailable" if fault.kind == "hang" else fault.kind
    return replace(answer, outage=kind, peace=peace_of(fault.answer) if fault.answer else 0.0)


def sample_of(answer: Answer, account: SimulatedAccount, clock: datetime) -> CheckResult:
    """An answer as the bot's own room of sources would hand it on."""
    if answer.outage:
        peace = timedelta(seconds=answer.peace) if answer.peace else None
        return CheckFailure(clock, FailureKind(answer.outage), "no answer", peace)
    refills = datetime.fromtimestamp(account.refills_at, UTC)
    credits = Credits(
        answer.monthly, answer.daily, answer.package, answer.allowance, answer.daily_allowance, refresh_at=refills
    )
    ends = None if account.ends_at is None else datetime.fromtimestamp(account.ends_at, UTC)
    over = not account.renews and not account.becomes
    cancelled, follows = clock if over and not account.gift else None, None if over and account.gift else "Pro"
    plan = BotsPlan("Pro", account.becomes or follows, account.free, ends, cancelled)
    if answer.plan is None:
        names = (*sorted(OF_PLAN), "monthly_allowance", "daily_allowance", "refresh_at")
        return without(Reading(clock, replace(credits, refresh_at=None), BotsPlan(free=None)), *names)
    if answer.plan.renews is None:
        half = replace(plan, next_name=None, cancelled_at=None)
        return without(Reading(clock, credits, half), "next_name", "cancelled_at", "monthly_allowance")
    return Reading(clock, credits, plan)


def without(reading: Reading, *names: str) -> Reading:
    """A reading that notes what the page did not tell."""
    return replace(reading, left_out=tuple(map(LeftOut, names)))


class SimulatedPost(TelegramNotifier):
    """The bot's own sender, over a simulated Telegram."""

    def __init__(self, world: World) -> None:
        """Sends to the world."""
        super().__init__(field_bot(self.call), world.clock, UTC_ZONE)
        self.world = world
        self.on_call = random.Random("on call")

    async def call(self, method: str, given: dict[str, Any]) -> FieldAnswer | dict[str, Any]:
        """One send, in whatever way it goes."""
        assert method == "sendMessage", method
        world, name = self.world, str(given["chat_id"])
        history, begun = world.history, world.now()
        # a chat that has moved is in the way of the same faults
        meant = "-100222" if name == str(NEW_ID) else name
        fault = history.fault(POST_FAULTS, begun, meant)
        if fault:
            world.count(f"telegram {fault.kind}")
        chance = (
            self.on_call if name == ON_CALL else history.chance
        )  # or the other chats would live through another time
        await asyncio.sleep(25.0 if fault and fault.kind == "slow" else chance.uniform(0.02, 0.3))
        if name == "-100222" and history.moves_at is not None and begun >= history.moves_at:
            world.count("moves")
            return moved_to(NEW_ID)
        if fault and fault.answer:
            return fault.answer
        if fault and fault.kind == "away":
            raise NetworkError("no connection")
        wrong = form_fault(history.fault(FORM_FAULTS, begun, meant), given)
        if wrong:
            world.count("telegram finds the form wrong")
            return wrong
        lost = bool(fault and fault.kind == "lost" and chance.random() < 0.6)
        return await self._take(given, name, chance, lost=lost)

    async def _take(self, given: dict[str, Any], chat: str, chance: random.Random, *, lost: bool) -> dict[str, Any]:
        """The message is taken; its answer may be lost on the way."""
        world = self.world
        number, silent = len(world.told.messages) + 1, bool(given.get("disable_notification"))
        world.told.messages.append(ToldMessage(chat, world.now(), str(given["text"]), silent, number, lost))
        rows = given.get("reply_markup", {}).get("inline_keyboard", [])
        if chat != ON_CALL:
            world.buttons += [(chat, button["callback_data"]) for row in rows for button in row if "url" not in button]
        world.count("messages to whoever is on call" if chat == ON_CALL else "messages")
        await asyncio.sleep(chance.uniform(0.0, 0.1))
        if lost:
            raise TimedOut
        kind = "group" if chat.startswith("-") else "private"
        return {"message_id": number, "date": int(world.now()), "chat": {"id": int(chat), "type": kind}}


class SimulatedReceiver:
    """The webhook's receiver, and the way there."""

    def __init__(self, world: World) -> None:
        """Takes for the world, by a chance of its own: nothing else happens otherwise because of it."""
        self.world = world
        self.chance = random.Random(f"receiver at {world.now()}")

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["SimulatedReceiver"]:
        """A connection costs nothing here."""
        yield self

    async def take(self, webhook_id: str, body: str) -> NotTaken | None:
        """One attempt, in whatever way it goes."""
        world = self.world
        await asyncio.sleep(self.chance.uniform(0.02, 0.3))
        fault = world.history.fault(HOOK_FAULTS, world.now())
        away = fault is not None and fault.kind == "hook away"
        world.told.posted.append(Posted(world.now(), webhook_id, body, taken=not away))
        world.count(fault.kind if fault else "events")
        await asyncio.sleep(self.chance.uniform(0.0, 0.1))
        return NotTaken("answers 500") if fault else None


def form_fault(fault: Fault | None, given: dict[str, Any]) -> FieldAnswer | None:
    """What Telegram finds wrong with a message: its entities and buttons, where it has some, or its topic."""
    wrong = {"plain": ("entities", "reply_markup"), "topic": ("message_thread_id",)}
    return fault.answer if fault and any(given.get(name) for name in wrong[fault.kind]) else None
