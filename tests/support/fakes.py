"""Stand-ins for what lies outside the bot, moved by hand: a clock, a timer, a source, and Telegram's post."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

from pydantic import SecretStr

from bot.checks.catch_up import CatchUp
from bot.checks.context import Context
from bot.checks.discovery import AccountDiscovery
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.rounds import Round
from bot.checks.runner import CheckRunner
from bot.config.targets import TargetAccount, Targets, TargetSource
from bot.domain.accounts import (
    CheckFailure,
    CheckResult,
    Credits,
    FailureKind,
    Listed,
    Listing,
    NotModified,
    Plan,
    Reading,
)
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.jobs import Slots, Statistics
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.domain.rules import Rules, Threshold
from bot.domain.subscription import SubscriptionPage
from bot.outbox.batching import Batch
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.results import SendResult, Sent
from bot.sources.base import Source
from bot.sources.useapi.statistics import parse_statistics
from bot.storage import alerts as alert_rows
from bot.storage import outbox as outbox_rows
from bot.storage.database import Store
from bot.support.backoff import Backoff
from bot.support.clock import SteadyClock
from bot.support.metrics import Metrics
from bot.targets.active import ActiveTargets
from bot.targets.recipients import Recipients

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOURCE = "pixverse"
ALICE, BOB, CAROL = "alice@example.com", "bob@example.com", "carol@example.com"
CHAT, GROUP = Chat(111), Chat(-100222)
QUARTER = timedelta(minutes=15)
WITHOUT_JITTER = Backoff(jitter=lambda: 0.0)
LADDER = (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))
RULES = Rules(low_credits=LADDER, plan_ends_within=(), unreadable_after=3, remind_every=timedelta(days=1))
SOON = 60.0
"""Seconds that a test lets something take which takes milliseconds; only a test that fails waits for so long."""


def key_of(email: str) -> str:
    """The key of an account of the one source."""
    return f"{SOURCE}:{email}"


async def until(holds: Callable[[], object]) -> None:
    """Lets the others work until something holds; TimeoutError if it never does."""
    async with asyncio.timeout(SOON):
        while not holds():  # noqa: ASYNC110 - a fake has no event for each thing that a test may wait for
            await asyncio.sleep(0.001)


@dataclass
class Clock:
    """A wall clock that stands still until it is told otherwise."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The moment it shows."""
        return self.now

    def forward(self, **length: float) -> datetime:
        """Moves it on; a negative length sets it back."""
        self.now += timedelta(**length)
        return self.now


@dataclass
class Timer:
    """Seconds that never go back, and pass only when told to."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        """The seconds until now."""
        return self.seconds

    def forward(self, seconds: float) -> None:
        """Lets seconds pass."""
        self.seconds += seconds


class SetClock(Clock):
    """The bot's clock over a wall clock and a timer: ``forward`` moves both, ``set`` the wall clock alone."""

    def __init__(self) -> None:
        """Is right at first."""
        super().__init__()
        self.timer = Timer()
        self.steady = SteadyClock(lambda: self.now, self.timer)

    def __call__(self) -> datetime:
        """The moment that the bot's clock shows."""
        return self.steady()

    def forward(self, **length: float) -> datetime:
        """Lets time pass."""
        self.timer.forward(timedelta(**length).total_seconds())
        return super().forward(**length)

    def set(self, **length: float) -> timedelta:
        """Sets the wall clock forward, or back by a negative length."""
        step = timedelta(**length)
        self.now += step
        return step


def reading(
    monthly: float = 9_000, at: datetime = NOW, *, allowance: float | None = 10_000, plan: Plan | None = None
) -> Reading:
    """A reading of an account with all three buckets."""
    known = Credits(monthly, daily=0, package=0, monthly_allowance=allowance, daily_allowance=0)
    return Reading(at, known, plan or Plan(name="Pro"))


Answer = CheckResult | Exception | Callable[[], CheckResult]


class FakeSource:
    """A source whose accounts say what they are told to say, and hang where they are told to."""

    name = SOURCE

    def __init__(self, clock: Clock) -> None:
        """Every account has plenty until told otherwise."""
        self.clock = clock
        self.credits: dict[str, float] = defaultdict(lambda: 9_000.0)
        self.answers: dict[str, Answer] = {}
        self.listing: Listing | CheckFailure | None = None
        self.listings: list[Listing | CheckFailure] = []
        self.page: SubscriptionPage | CheckFailure | None = None
        self.asked_subscription = 0
        self.rows: list[dict[str, object]] | None = None
        self.limits: list[int] = []
        self.running: Mapping[str, Slots] | CheckFailure = {}
        self.hanging: dict[str, asyncio.Event] = {}
        self.reads: list[str] = []
        self.asked = 0
        self.in_flight = 0
        self.most_in_flight = 0

    def hang(self, email: str) -> asyncio.Event:
        """Lets the next looks at an account wait until the event is set."""
        return self.hanging.setdefault(email, asyncio.Event())

    def fail(self, email: str, kind: FailureKind = FailureKind.UNAVAILABLE, retry_after: float | None = None) -> None:
        """Lets the looks at an account fail, each at its own moment."""
        wait = timedelta(seconds=retry_after) if retry_after is not None else None
        self.answers[email] = lambda: CheckFailure(self.clock(), kind, "no answer", wait)

    async def check(self, email: str, known: str | None) -> CheckResult | NotModified:
        """One check; the page is the same as long as the credits are."""
        result = await self.read(email)
        same = known and isinstance(result, Reading) and result.fingerprint == known
        return NotModified(result.taken_at, known) if known and same else result

    async def read(self, email: str) -> CheckResult:
        """One check that knows no page."""
        self.reads.append(email)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if email in self.hanging:
                await self.hanging[email].wait()
            await asyncio.sleep(0)
            answer = self.answers.get(email)
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                left = self.credits[email]
                return replace(reading(left, self.clock()), fingerprint=str(left))
            return answer() if callable(answer) else answer
        finally:
            self.in_flight -= 1

    async def list_accounts(self) -> Listing | CheckFailure:
        """The list, or the next of several that were prepared."""
        self.asked += 1
        if self.listings:
            return self.listings.pop(0)
        return self.listing or Listing(self.clock(), ())

    async def subscription(self) -> SubscriptionPage | CheckFailure:
        """The subscription; until told otherwise its page cannot be read."""
        self.asked_subscription += 1
        await asyncio.sleep(0)
        return self.page or CheckFailure(self.clock(), FailureKind.UNAVAILABLE, "no answer")

    async def statistics(self, limit: int) -> Statistics | CheckFailure:
        """The statistics; until told otherwise they cannot be read."""
        self.limits.append(limit)
        await asyncio.sleep(0)
        if self.rows is None:
            return CheckFailure(self.clock(), FailureKind.UNAVAILABLE, "no answer")
        last = sorted(self.rows, key=lambda row: str(row["timestamp"]))[-limit:]
        return parse_statistics({"data": last}, self.clock())

    def job(self, email: str, code: int = 412, endpoint: str = "post-videos", *, ago: float = 10) -> None:
        """A request some minutes ago, for the next statistics."""
        at = (self.clock() - timedelta(minutes=ago)).isoformat()
        self.rows = [*(self.rows or []), {"timestamp": at, "config": email, "endpoint": endpoint, "code": code}]

    async def slots(self) -> Mapping[str, Slots] | CheckFailure:
        """The running jobs; until told otherwise none is known."""
        return self.running

    def page_failing(self, kind: FailureKind) -> CheckFailure:
        """A page of the subscription that cannot be read."""
        return CheckFailure(self.clock(), kind, "no answer")

    def lists(self, *emails: str, errors: Mapping[str, str] | None = None) -> None:
        """What is listed from now on."""
        known = errors or {}
        self.listing = Listing(self.clock(), tuple(Listed(email, known.get(email)) for email in emails))


@dataclass(frozen=True)
class Told:
    """One message that went out: to whom, about whom, when by the timer."""

    chat: Chat
    batch: Batch
    at: float

    @property
    def keys(self) -> list[str]:
        """The notifications that it told."""
        return [part.notification.key for part in self.batch.deliveries]


class FakePost:
    """Telegram's post. What a chat answers is a list of results; where that is used up it takes everything."""

    def __init__(self, timer: Timer, room: int = 1000) -> None:
        """``room`` is how many stories a message holds."""
        self.timer = timer
        self.room = room
        self.results: dict[int, list[SendResult | Exception]] = defaultdict(list)
        self.always: dict[int, SendResult] = {}
        self.hanging: dict[int, asyncio.Event] = {}
        self.tried: list[Told] = []
        self.told: list[Told] = []

    def write(self, batch: Batch) -> tuple[Batch, Batch]:
        """As many stories as there is room for."""
        part = batch.first(self.room)
        return part, part

    async def send(self, message: Batch, chat: Chat) -> SendResult:
        """Takes the message, or answers as told."""
        attempt = Told(chat, message, self.timer())
        self.tried.append(attempt)
        if chat.chat_id in self.hanging:
            await self.hanging[chat.chat_id].wait()
        await asyncio.sleep(0)
        prepared = self.results[chat.chat_id]
        result = prepared.pop(0) if prepared else self.always.get(chat.chat_id, Sent(len(self.tried)))
        if isinstance(result, Exception):
            raise result
        if isinstance(result, Sent):
            self.told.append(attempt)
        return result

    def keys(self, chat: Chat | None = None) -> list[str]:
        """Every notification that was told, in order."""
        return [key for told in self.told if chat in (None, told.chat) for key in told.keys]


def notification(
    key: str,
    who: str = ALICE,
    reason: NotifyReason = NotifyReason.FIRED,
    *,
    measure: AlertRule = AlertRule.CREDITS,
    severity: Severity = Severity.WARNING,
    topic: NotificationKind = NotificationKind.ALERT,
) -> Notification:
    """One notice about one account."""
    return Notification(
        key, topic, severity, reason, key_of(who), measure, 1, Facts(name=who, email=who, credits=Credits(100))
    )


@dataclass
class World:
    """Everything behind the network: a real store in a file, and the parts that work on it."""

    store: Store
    clock: Clock
    source: FakeSource
    metrics: Metrics
    recipients: Recipients
    writer: AlertWriter
    catch_up: CatchUp
    processor: CheckProcessor
    checks: CheckRunner
    context: Context
    sources: dict[str, FakeSource] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    wakes: list[datetime] = field(default_factory=list)

    def discovery(self, *named: tuple[str, str | None]) -> AccountDiscovery:
        """The part that knows who is watched: those named, or all that are listed."""
        old = self.context.active_targets.targets.sources[SOURCE]
        accounts = {email.lower(): TargetAccount(email, label) for email, label in named}
        self.put_in_force(replace(old, accounts=accounts, everyone=not named))
        return AccountDiscovery(self.context, self.writer, self.catch_up, self.processor, self.checks.rounds)

    def put_in_force(self, *sources: TargetSource) -> None:
        """Puts a watchlist of these sources in force, as a start of the bot would."""
        old = self.context.active_targets.targets
        self.context.active_targets.replace(Targets.of(sources, old.home, old.rules))

    async def watch(self, *emails: str) -> None:
        """Watches accounts, due at once."""
        await self.discovery(*((email, None) for email in emails)).resume()

    async def notifications(
        self, topic: NotificationKind | None = NotificationKind.ALERT, chat: Chat = CHAT
    ) -> list[Delivery]:
        """What waits for a chat, without greetings unless asked for."""
        async with self.store.read() as connection:
            waiting = await outbox_rows.pending(connection, chat.chat_id)
        return [one for one in waiting if one.chat == chat and topic in (None, one.notification.topic)]

    async def look(self, *emails: str) -> None:
        """Looks at accounts and returns once that is saved."""
        await asyncio.wait_for(self.checks.look_now([key_of(email) for email in emails]), SOON)

    async def query(self, sql: str) -> list[tuple[object, ...]]:
        """What the database itself says."""
        async with self.store.read() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(sql)]


def roster_of(
    chats: Iterable[Chat], rules: Rules = RULES, make: Callable[[TargetSource], Source] | None = None
) -> ActiveTargets:
    """One source that lists its accounts, all told to the same chats."""
    home = tuple(chats)
    source = TargetSource(SecretStr("user:1-token"), "https://useapi.test/v2", rules, home)
    return ActiveTargets(Targets.of([source], home, rules), make or (lambda _: FakeSource(Clock())))


@asynccontextmanager
async def world_in(
    path: Path,
    chats: Iterable[Chat] = (CHAT,),
    rules: Rules = RULES,
    every: timedelta = QUARTER,
    clock: Clock | None = None,
) -> AsyncIterator[World]:
    """A world on the database at a path, whose looks are saved as they end."""
    store = await Store.open(str(path))
    clock, metrics = clock or Clock(), Metrics()
    source, rounds, wakes = FakeSource(clock), list[Round](), list[datetime]()
    sources = {SOURCE: source}
    active_targets = roster_of(chats, rules, lambda watched: sources.setdefault(watched.key, FakeSource(clock)))
    recipients = Recipients(active_targets)
    context = Context(
        store, active_targets, recipients, every, clock, metrics, lambda: wakes.append(clock()), rounds.append
    )
    writer = AlertWriter(context)
    catch_up = CatchUp(context, writer)
    processor = CheckProcessor(context, writer)
    checks = CheckRunner(context, processor, catch_up)
    saving = asyncio.create_task(checks.run())
    try:
        yield World(
            store,
            clock,
            source,
            metrics,
            recipients,
            writer,
            catch_up,
            processor,
            checks,
            context,
            sources,
            rounds,
            wakes,
        )
    finally:
        await checks.cancel()
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        await store.close()


@dataclass
class Postroom:
    """An outbox on a real store, with a fake post, turned by hand."""

    store: Store
    clock: Clock
    timer: Timer
    post: FakePost
    recipients: Recipients
    outbox: Dispatcher
    metrics: Metrics

    @classmethod
    def on(
        cls,
        store: Store,
        clock: Clock | None = None,
        timer: Timer | None = None,
        room: int = 1000,
        chats: Iterable[Chat] = (CHAT, GROUP),
    ) -> "Postroom":
        """A postroom, as a start of the bot would make it."""
        now, seconds = clock or Clock(), timer or Timer()
        post, recipients, metrics = FakePost(seconds, room), Recipients(roster_of(chats)), Metrics()
        outbox = Dispatcher(store, post, recipients, now, seconds, metrics)
        outbox.backoff = WITHOUT_JITTER
        return cls(store, now, seconds, post, recipients, outbox, metrics)

    def restarted(self) -> "Postroom":
        """The same world after another start: only the store remembers."""
        again = Postroom.on(self.store, self.clock, self.timer, self.post.room)
        again.post = self.post
        again.outbox = Dispatcher(self.store, self.post, again.recipients, self.clock, self.timer, again.metrics)
        again.outbox.backoff = WITHOUT_JITTER
        return again

    async def put(self, *notifications: Notification, chats: Iterable[Chat] = (CHAT,)) -> None:
        """Addresses notices to chats."""
        async with self.store.write() as connection:
            await outbox_rows.put(connection, notifications, chats, self.clock())

    async def fire(self, *notifications: Notification) -> None:
        """Remembers the alerts of these notices as firing."""
        async with self.store.write() as connection:
            await alert_rows.save(
                connection,
                [
                    Alert(one.subject, one.measure or AlertRule.CREDITS, level=1, episode=one.episode)
                    for one in notifications
                ],
            )

    async def query(self, sql: str) -> None:
        """Changes what is stored, as another version of the bot might have left it."""
        async with self.store.write() as connection:
            await connection.exec_driver_sql(sql)

    async def turn(self) -> float:
        """Lets every chat's worker do what it may do now; gives the seconds until there is more."""
        await self.outbox.pump()
        await asyncio.wait_for(self.outbox.drain(), SOON)
        return await self.outbox.pump()

    async def deliver(self, seconds: float = 3600) -> None:
        """Lets time pass until nothing waits any more, or so many seconds have gone by."""
        end = self.timer() + seconds
        while self.timer() <= end:
            nap = await self.turn()
            async with self.store.read() as connection:
                if not await outbox_rows.waiting_chats(connection):
                    return
            self.pass_time(max(nap, 0.01))

    def pass_time(self, seconds: float) -> None:
        """Lets both clocks go on."""
        self.timer.forward(seconds)
        self.clock.forward(seconds=seconds)

    async def states(self) -> dict[str, str]:
        """The state of each notification, by its key and chat."""
        async with self.store.read() as connection:
            rows = await connection.exec_driver_sql("SELECT key, chat_id, state FROM outbox ORDER BY id")
            return {f"{row.key}@{row.chat_id}": row.state for row in rows}


def copy_of(template: Path, folder: Path) -> Path:
    """A fresh database of the present schema."""
    return Path(copyfile(template, folder / "bot.db"))
