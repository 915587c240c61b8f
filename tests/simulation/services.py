"""The simulated PixVerse and Telegram, as the bot's own interfaces see them; both write the truth down."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.chat.messages import render
from bot.chat.text import Message
from bot.core.delivery import Delivered, Later, Moved, Parcel, Rejected, SendResult
from bot.core.left_out import OF_PLAN
from bot.core.model import Chat, Credits, LeftOut, Listing, Outage, OutageKind, Reading, Sample, Unchanged
from bot.core.model import Plan as BotsPlan
from tests.oracle import Answer, Hurdle, Plan, Slack, Told, Truth
from tests.oracle import Message as ToldMessage
from tests.oracle.truth import REFUSED_WAIT
from tests.simulation.accounts import SimulatedAccount
from tests.simulation.history import OUTAGES, POST_FAULTS, REFUSALS, STORE_FAULTS, Fault, History

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
        self.granting = 0
        self.buttons: list[tuple[str, str]] = []
        self.counts: dict[str, int] = {}
        self.truth = Truth(
            accounts={one.email: one.name for one in history.accounts},
            chats=history.chats,
            every=history.every,
            own_every={one.email: one.check_every for one in history.accounts if one.check_every},
            rules=list(history.rules[:1]),
            jumps=list(history.jumps),
            slack=Slack(mixed=0.01, board=LONGEST_REFUSED + 2 * board_step(history.every)),
            ended_at=history.ends_at,
        )
        self.by_email = {one.email: one for one in history.accounts}
        self._note_faults()

    def _note_faults(self) -> None:
        """What will be in the way, for the truth."""
        history, truth = self.history, self.truth
        for fault in history.faults:
            if fault.kind in POST_FAULTS:
                truth.hurdles.append(Hurdle((fault.since, fault.until + self.wait_after(fault)), fault.who))
            elif fault.kind not in OUTAGES:
                # whoever waits for a locked database tries again after half a minute at the latest
                truth.trouble.append((fault.since, fault.until + 45))
        if history.moves_at is not None:
            truth.moved["-100222"] = str(NEW_ID)

    def wait_after(self, fault: Fault) -> float:
        """How long after a fault a chat may still wait for its next try; one that refused for long gives a sign."""
        if fault.kind == "peace":
            return fault.seconds
        return REFUSED_WAIT if fault.kind in REFUSALS else 0

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

    async def read(self, email: str) -> Sample:
        """One look: the answer is made when it has come."""
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
        sample = sample_of(answer, account, world.clock())
        return replace(sample, page=hash(replace(sample, taken_at=NEVER))) if isinstance(sample, Reading) else sample

    async def read_again(self, email: str, page: int) -> Sample | Unchanged:
        """The same, of a page that is known."""
        sample = await self.read(email)
        return Unchanged(sample.taken_at) if isinstance(sample, Reading) and sample.page == page else sample

    async def list_accounts(self) -> Listing | Outage:
        """Its accounts are named one by one: nobody asks."""
        raise AssertionError("nobody asks for the list")


def answer_of(account: SimulatedAccount, at: float, fault: Fault | None) -> Answer:
    """What the page shows, or what becomes of the question."""
    plan = Plan(account.ends_at, account.renews, account.free)
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
        return replace(answer, plan=replace(plan, renews=None), allowance=None)
    kind = "unavailable" if fault.kind == "hang" else fault.kind
    return replace(answer, outage=kind, peace=90.0 if kind == "throttled" else 0.0)


def sample_of(answer: Answer, account: SimulatedAccount, clock: datetime) -> Sample:
    """An answer as the bot's own room of sources would hand it on."""
    if answer.outage:
        peace = timedelta(seconds=answer.peace) if answer.peace else None
        return Outage(clock, OutageKind(answer.outage), "no answer", peace)
    refills = datetime.fromtimestamp(account.refills_at, UTC)
    credits = Credits(
        answer.monthly, answer.daily, answer.package, answer.allowance, answer.daily_allowance, refresh_at=refills
    )
    ends = None if account.ends_at is None else datetime.fromtimestamp(account.ends_at, UTC)
    cancelled = None if account.renews or account.becomes else clock
    plan = BotsPlan("Pro", account.becomes or "Pro", account.free, ends, cancelled)
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


class SimulatedPost:
    """Telegram: the messages are the real ones."""

    def __init__(self, world: World) -> None:
        """Sends to the world."""
        self.world = world

    def write(self, parcel: Parcel) -> tuple[Parcel, Message]:
        """As the bot's post does."""
        rendered = render(parcel, self.world.clock(), UTC_ZONE)
        return parcel.first(rendered.told), rendered.message

    async def send(self, message: Any, chat: Chat) -> SendResult:
        """One send, in whatever way it goes."""
        world, name = self.world, str(chat)
        history, begun = world.history, world.now()
        # a chat that has moved is in the way of the same faults
        fault = history.fault(POST_FAULTS, begun, "-100222" if chat.chat_id == NEW_ID else name)
        if fault:
            world.count(f"telegram {fault.kind}")
        await asyncio.sleep(25.0 if fault and fault.kind == "slow" else history.chance.uniform(0.02, 0.3))
        if name == "-100222" and history.moves_at is not None and begun >= history.moves_at:
            world.count("moves")
            return Moved(NEW_ID)
        match fault.kind if fault else "":
            case "away":
                return Later("Telegram cannot be reached")
            case "peace":
                return Later("Telegram asks for a pause", retry_after=fault.seconds if fault else 0)
            case "refused":
                return Rejected("MESSAGE_SEND_TEMPORARILY_RESTRICTED")
            case "gone":
                return Rejected("bot was blocked by the user")
        return await self._take(
            message, name, lost=bool(fault and fault.kind == "lost" and history.chance.random() < 0.6)
        )

    async def _take(self, message: Message, chat: str, *, lost: bool) -> SendResult:
        """The message is taken; its answer may be lost on the way."""
        world = self.world
        number = len(world.told.messages) + 1
        world.told.messages.append(ToldMessage(chat, world.now(), message.text, message.silent, number, lost))
        world.buttons += [(chat, button.data) for row in message.buttons for button in row]
        world.count("messages")
        await asyncio.sleep(world.history.chance.uniform(0.0, 0.1))
        return Later("Telegram did not answer in time") if lost else Delivered(number)
