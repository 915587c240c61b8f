"""One life of the bot, from its start until it is killed: its real parts, put together as ``bot/app.py`` does."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from math import inf
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web
from pydantic import SecretStr

from bot.checks.catch_up import CatchUp
from bot.checks.clock_watch import LOOK_EVERY_S, ClockWatch
from bot.checks.context import Context
from bot.checks.discovery import AccountDiscovery
from bot.checks.forecaster import Forecaster
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.results import FinishedCheck, Saved
from bot.checks.runner import CheckRunner
from bot.commands.scope import ChatScope
from bot.commands.service import BotService
from bot.config.targets import TargetAccount, Targets, TargetSource
from bot.domain.alerts import SilenceKind
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.rules import Rules, Threshold
from bot.features.board.publisher import BoardPublisher
from bot.features.pairing.service import Pairing
from bot.features.pauses.service import Pauses
from bot.features.silences.service import Silences
from bot.features.webhook.payload import body_of
from bot.features.webhook.sender import EventSender
from bot.outbox.dispatcher import MAX_IDLE_S, Dispatcher
from bot.support.backoff import Backoff
from bot.support.clock import SteadyClock
from bot.support.errors import DatabaseBusyError
from bot.support.metrics import Metrics
from bot.targets.active import ActiveTargets
from bot.targets.recipients import Recipients
from bot.telegram.polling import Polling
from bot.telegram.text.replies import status_message
from bot.web.pages import Pages
from verification.oracle import Asked, Wish
from verification.oracle import Rules as OraclesRules
from verification.simulation.boards import SimulatedBoards, keep_boards
from verification.simulation.database import SimulatedStore
from verification.simulation.history import ON_CALL, Visit
from verification.simulation.services import UTC_ZONE, SimulatedPost, SimulatedReceiver, SimulatedSource, World
from verification.simulation.upkeep import keep_up

TICK = 5.0
WRONG_CODES = 20
CODE = "a-code-of-a-link-that-nobody-guesses"
NOTICED_AFTER = 0.6
"""Seconds from a step of the clock to the look that notices it."""

FORESEEN_FROM = 7 * 86_400.0
"""Seconds of a history from which on forecasts are made: those of fewer days have nothing to say of what lasts."""

BOOT = "the one run of the machine"
SOURCE = "pixverse"
DUE = """
SELECT min(next_check_at) FROM accounts WHERE watched AND key NOT IN (SELECT subject FROM pauses WHERE NOT resumed)
  AND ('' NOT IN (SELECT subject FROM pauses) OR key IN (SELECT subject FROM pauses WHERE resumed))
"""
UNATTENDED = "SELECT min(unattended_since) FROM alerts WHERE severity = 3"
LAPSING = """
SELECT min(until) FROM silences s WHERE kind = 'ack' AND EXISTS (
  SELECT 1 FROM alerts a WHERE (a.subject, a.measure, a.episode) = (s.subject, s.measure, s.episode)
    AND (severity = 3 OR (a.measure = 'failures' AND a.level >= 3)))
"""


class NoticedVerdicts(CheckProcessor):
    """The bot's verdicts; what they save may make something due, which the ticks that are left out would see."""

    saved: Callable[[], None]

    async def save(self, batch: Sequence[FinishedCheck], *, ends_round: bool = False) -> Saved:
        """As the verdicts'."""
        try:
            return await super().save(batch, ends_round=ends_round)
        finally:
            self.saved()


class LazyOutbox(Dispatcher):
    """The bot's outbox; with nothing waiting it does not look every half minute, for nothing would come of it."""

    idle: Callable[[], bool]

    async def pump(self) -> float:
        """As the outbox's."""
        nap = await super().pump()
        return 1e9 if nap == MAX_IDLE_S and self.idle() else nap


def targets_of(world: World, rules: OraclesRules) -> Targets:
    """The settings as the bot has them."""
    joined = () if world.history.by_link else world.joined
    chats = tuple(map(world.history.bots_chat, (*world.history.chats, *joined)))
    accounts = {
        email: TargetAccount(email, one.name, check_every=interval_of(one.check_every))
        for email, one in world.by_email.items()
    }
    bots = bots_rules(rules)
    source = TargetSource(SecretStr("token"), "https://useapi.test", bots, chats, accounts=accounts, everyone=False)
    return Targets.of([source], chats, bots)


def interval_of(seconds: float | None) -> timedelta | None:
    """An account's own interval as the bot has it."""
    return None if seconds is None else timedelta(seconds=seconds)


def bots_rules(rules: OraclesRules) -> Rules:
    """The rules as the bot has them."""
    credits = tuple(Threshold(float(rung.rstrip("%")), rung.endswith("%")) for rung in rules.low_credits)
    plan = tuple(Threshold(rung) for rung in rules.plan_ends_within)
    remind = None if rules.remind_every is None else timedelta(seconds=rules.remind_every)
    return Rules(credits, plan, rules.unreadable_after, remind)


class LazySender(EventSender):
    """The bot's sender of events; it does not look every few seconds for what it may not send yet."""

    idle: Callable[[], bool]

    async def look(self) -> float:
        """As the sender's."""
        nap = await super().look()
        return 1e9 if self.idle() else max(nap, self._next_send_at - self._timer())


class Life:
    """The parts of one process, and what people do while it runs."""

    def __init__(self, world: World, store: SimulatedStore) -> None:
        """Builds them."""
        self.world, self.store = world, store
        clock = SteadyClock(world.wall, world.now)
        world.clock = clock
        self.clock, metrics = clock, Metrics()
        active_targets = ActiveTargets(targets_of(world, world.truth.rules[-1][1]), lambda _: SimulatedSource(world))
        after = world.history.escalate_after
        recipients = Recipients(active_targets, (Chat(int(ON_CALL)),) if after else ())
        self.outbox = LazyOutbox(store, SimulatedPost(world), recipients, world.clock, world.now, metrics)
        self.outbox.backoff = Backoff(jitter=random.Random("outbox").random)
        self.outbox.idle = lambda: store.look("SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending')") == 1
        every = timedelta(seconds=world.history.every)
        context = Context(
            store,
            active_targets,
            recipients,
            every,
            world.clock,
            metrics,
            self.wake,
            lambda _: world.count("rounds"),
            webhook=world.history.has_receiver,
            escalate_after=timedelta(seconds=after) if after else None,
        )
        self.events = LazySender(
            store,
            SimulatedReceiver(world).connected,
            lambda one: body_of(one, UTC_ZONE),
            clock,
            world.now,
            metrics,
        )
        self.events.backoff = Backoff(longest=300.0, jitter=random.Random("events").random)
        self.events.idle = lambda: store.look("SELECT NOT EXISTS (SELECT 1 FROM events)") == 1
        self.changed, self.reloading = asyncio.Event(), asyncio.Lock()
        self.idle = False
        writer = AlertWriter(context)
        catch_up = CatchUp(context, writer)
        self.processor = NoticedVerdicts(context, writer)
        self.processor.saved = self.note_saved
        self.saved = asyncio.Event()
        self.forecaster = Forecaster(context, writer)
        self.checks = CheckRunner(context, self.processor, catch_up)
        self.checks.on_sweep, self.checks.on_swept = self.outbox.hold_back, self.outbox.let_go
        self.discovery = AccountDiscovery(context, writer, catch_up, self.processor, self.checks.rounds)
        self.silences = Silences(context, writer, catch_up)
        self.pauses = Pauses(context, writer, self.processor, self.checks)
        self.asked: set[asyncio.Task[None]] = set()
        self.clock_watch = ClockWatch(clock, store, self.clock_stepped, BOOT)
        self.recipients = recipients
        self.boards = BoardPublisher(
            store,
            SimulatedBoards(world),
            lambda _: self.service.watched(),
            lambda chat: chat in recipients.present,
            recipients.move,
            clock,
        )
        nothing = cast(Any, None)  # nobody asks for a picture, nor for a reload
        self.service = BotService(
            context,
            self.checks,
            self.discovery,
            self.outbox,
            Pairing(store, clock, lambda: CODE),
            self.silences,
            self.pauses,
            self.boards,
            nothing,
            cast(Polling, SimpleNamespace(silent_for=0.0, trouble=None, notes=())),
            nothing,
        )
        self.pages = Pages(self.service.vitals, self.service.everything, metrics, every, clock, masked=False)

    def wake(self) -> None:
        """Something may wait for a chat, or for the receiver."""
        self.outbox.wake()
        self.events.wake()

    def note_saved(self) -> None:
        """Checks were saved: a tick and a forecast may be due, and the receiver alone may get something."""
        self.changed.set()
        self.saved.set()
        self.events.wake()

    def clock_stepped(self, step: ClockStep) -> None:
        """The clock was set."""
        self.checks.clock_stepped(step.by)
        self.service.clock_stepped(step)

    async def live(self) -> None:
        """Starts as the app does, and goes on until the loop ends."""
        try:
            await self.clock_watch.resume()
            async with self.store.write() as connection:
                await self.recipients.refresh(connection)
            await self.outbox.resume()
            await self.discovery.resume()
            await self.checks.resume()
        except DatabaseBusyError:
            await asyncio.sleep(TICK)
            return
        parts = (self.checks.run(), self.outbox.run(), self.tick(), self.people(), self.settings(), self.steps())
        others = [self.signs(), self.visits(), self.asks(), keep_boards(self.world, self.store, self.boards)]
        others += [self.events.run()] if self.world.history.has_receiver else []
        others += [self.joins()] if self.world.history.joins else []
        others += [self.foresees()] if self.world.history.length >= FORESEEN_FROM else []
        others += [keep_up(self.world, self.store)] if self.world.history.has_past else []
        await asyncio.gather(*parts, *others)

    async def tick(self) -> None:
        """The schedule: ticks in which nothing is due are left out."""
        while True:
            self.changed.clear()  # first: what is wished while a tick runs may be for the next one
            try:
                await self.service.check_due()
            except DatabaseBusyError:
                self.world.count("ticks in vain")
                await asyncio.sleep(TICK)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self.until_due()):
                    self.idle = True
                    await self.changed.wait()
                await asyncio.sleep(TICK)
            self.idle = False

    def note_ticks(self) -> None:
        """Notes the ticks that were left out until now: a downtime counts from the last of them."""
        if self.idle:
            self.checks.nobody_checked_until(self.clock())

    def until_due(self) -> float:
        """Seconds until the first tick at which something may be due, or the clock may have been changed."""
        world = self.world
        due = self.store.look(DUE)
        over = self.store.look("SELECT min(until) FROM silences WHERE kind != 'ack'")
        acked = self.store.look(LAPSING)
        resumed = self.store.look("SELECT min(until) FROM pauses WHERE NOT resumed")
        turn = self.pauses.next_turn
        now, clock = world.now(), world.clock().timestamp()
        waits = [moment / 1e6 - clock for moment in (due, over, acked, resumed) if moment is not None]
        waits += [turn.timestamp() - clock] if turn else []
        waits += [at - now for at, _ in world.truth.jumps if at > now]
        waits += self.until_escalated(clock)
        return max(1, -(-min(waits) // TICK)) * TICK if waits else TICK

    def until_escalated(self, clock: float) -> list[float]:
        """Seconds until the next critical alert has waited long enough; one that has waits for something else."""
        after = self.world.history.escalate_after
        if after is None:
            return []
        first = self.store.look(f"{UNATTENDED} AND unattended_since > {int((clock - after) * 1e6)}")
        return [] if first is None else [first / 1e6 + after - clock]

    async def foresees(self) -> None:
        """The forecasts that follow on checks; without a new reading none would be made."""
        while True:
            self.saved.clear()
            await asyncio.sleep(TICK)
            with suppress(DatabaseBusyError):
                await self.forecaster.look()
                await self.saved.wait()

    async def steps(self) -> None:
        """The clock is looked at when it was set: in all the other seconds nothing would come of it."""
        world = self.world
        for at, _ in world.history.jumps:
            if at >= world.now():
                await asyncio.sleep(at - world.now() + NOTICED_AFTER)
            while self.clock_watch.step:
                with suppress(DatabaseBusyError):
                    await self.clock_watch.look()
                    self.changed.set()  # what follows the calendar may be due by the new clock
                    break
                await asyncio.sleep(LOOK_EVERY_S)

    async def people(self) -> None:
        """What people tap and say, at their moments."""
        world = self.world
        for at in world.history.wishes:
            if at > world.now():
                await asyncio.sleep(at - world.now())
                with world.grants() as granted:
                    if granted:
                        await self.wish()
                        self.changed.set()

    async def signs(self) -> None:
        """What chats say that take the bot back: each writes to it."""
        world = self.world
        back = [(fault.until, fault.who) for fault in world.history.faults if fault.kind == "gone"]
        began = world.now()
        for at, who in sorted(back, key=lambda one: one[0]):
            if at > began:
                await asyncio.sleep(max(0.0, at - world.now()))
                world.count("signs of life")
                on_call = (ON_CALL,) if world.history.escalate_after else ()
                for chat in (*world.history.chats, *world.joined, *on_call) if who is None else (who,):
                    for name in {chat, world.truth.now_called(chat)}:
                        self.outbox.alive(int(name))
                        self.boards.alive(int(name))

    async def asks(self) -> None:
        """Somebody asks how the bot is, in a chat and for a machine."""
        world, began = self.world, self.world.now()
        for at in world.history.asks:
            if at > began:
                await asyncio.sleep(max(0.0, at - world.now()))
                chat = self.recipients.present[0]
                scope = ChatScope(self.service, chat)
                now = world.now()  # later than meant, where the process stood still
                text = status_message(await scope.status(), self.clock(), UTC_ZONE).text
                world.told.statuses.append(Asked(now, text, str(chat.chat_id)))
                page = await self.pages.healthz(cast(web.Request, None))
                world.told.healths.append(Asked(now, page.text or "", code=page.status))
                world.count(f"asked how it is, {page.status} {text[0]}")

    async def wish(self) -> None:
        """One wish, noted in the truth at the moment from which it holds."""
        world, chance = self.world, self.world.history.chance
        account = chance.choice([None, chance.choice(world.history.accounts).email])
        length = chance.choice([600, 2.5 * world.history.every, 6 * world.history.every])
        kind = chance.choice(["mute", "unmute", "unack", "ack", "snooze", "ack", "snooze", "snooze"])
        world.count(kind)
        chat = chance.choice(self.recipients.present)
        key = None if account is None else f"{SOURCE}:{account}"
        if kind == "mute":
            everywhere = chance.random() < 0.3
            self.note(kind, account, None, length, None if everywhere else chat, chat)
            await self.silences.mute([key], timedelta(seconds=length), "Ann", chat, everywhere=everywhere)
        elif kind == "unmute":
            self.note(kind, account, None, inf, chat, chat)
            held = [one for one in await self.silences.of(chat) if one.kind is not SilenceKind.ACK]
            await self.silences.end([one for one in held if key in (None, one.subject)])
        elif kind == "unack":
            await self.unack(chat)
        else:
            await self.tap(kind, length)

    async def unack(self, chat: Chat) -> None:
        """Somebody takes back an ack, whoever made it."""
        held = [one for one in await self.silences.of(chat) if one.kind is SilenceKind.ACK]
        for one in held[:1]:
            account = one.subject.partition(":")[2] or "source"
            self.note("unack", account, str(one.measure), inf, None, chat)
            await self.silences.end([one])

    async def visits(self) -> None:
        """What people do on the website: they pause accounts, resume them, and ask for their credits meanwhile."""
        world = self.world
        for visit in world.history.visits:
            if visit.at > world.now():
                await asyncio.sleep(visit.at - world.now())
                world.count(visit.kind)
                if visit.kind == "ask":
                    self.ask(visit)
                    continue
                with world.grants() as granted:
                    if granted:
                        await self.pause_or_resume(visit)
                        self.changed.set()

    def ask(self, visit: Visit) -> None:
        """Somebody asks for credits, as ``/credits`` does; nobody waits for the answer here."""
        emails = [one.email for one in self.world.history.accounts]
        asked = [f"{SOURCE}:{email}" for email in (emails if visit.account is None else [visit.account])]
        task = asyncio.create_task(self.checks.look_now(asked))
        self.asked.add(task)
        task.add_done_callback(self.asked.discard)

    async def pause_or_resume(self, visit: Visit) -> None:
        """Begins or ends a pause, noted in the truth so that it holds at least as long as is noted."""
        world, chat, account = self.world, self.recipients.present[0], visit.account
        keys = [None if account is None else f"{SOURCE}:{account}"]
        now = world.now()
        if visit.kind == "pause":
            await self.pauses.pause(keys, timedelta(seconds=visit.length), "Ann", chat)
            wish = Wish(world.now(), "pause", account, None, now + visit.length, made_in=str(chat.chat_id))
            world.truth.wishes.append(wish)
            return
        world.truth.wishes.append(Wish(now, "resume", account, made_in=str(chat.chat_id)))
        await (self.pauses.resume([str(*keys)], "Ann", chat) if account else self.pauses.resume_all("Ann", chat))

    async def tap(self, kind: str, length: float) -> None:
        """A button below one of the latest messages."""
        world = self.world
        taps = [(chat, data) for chat, data in world.buttons if data.startswith("ack:")]
        if not taps:
            return
        name, data = world.history.chance.choice(taps[-12:])
        chat = world.history.bots_chat(name)
        if chat not in self.recipients.present:  # a group that has moved: its messages are in the old one
            return
        told = await self.service.told_by(int(data.partition(":")[2]), chat.chat_id)
        for one in told:
            span = timedelta(seconds=length) if kind == "snooze" else None
            for silence in await self.silences.silence([one], "Ann", span, chat):
                account = "source" if one.notification.facts.email is None else one.notification.facts.email
                lasts = (silence.until - world.clock()).total_seconds() if silence.until else inf
                self.note(kind, account, str(one.notification.measure), lasts, silence.chat, chat)

    def note(
        self, kind: str, account: str | None, measure: str | None, length: float, where: Chat | None, made_in: Chat
    ) -> None:
        """Writes a wish down: how long it lasts, where it holds, and where it was wished."""
        now = self.world.now()
        held = None if where is None else str(where.chat_id)
        self.world.truth.wishes.append(Wish(now, kind, account, measure, now + length, held, str(made_in.chat_id)))

    async def settings(self) -> None:
        """The settings as they are changed on the way, as /reload does."""
        world = self.world
        for at, rules in world.history.rules[len(world.truth.rules) :]:
            await asyncio.sleep(max(0.0, at - world.now()))
            while not await self.change(rules):  # noqa: ASYNC110 - what it waits for is a fault's end
                await asyncio.sleep(TICK)

    async def joins(self) -> None:
        """Chats that are added on the way."""
        world = self.world
        for at, chat in world.history.joins[len(world.joined) :]:
            await asyncio.sleep(max(0.0, at - world.now()))
            while not await self.join(chat):  # noqa: ASYNC110 - what it waits for is a fault's end
                await asyncio.sleep(TICK)

    async def join(self, chat: str) -> bool:
        """Lets one more chat be told, if that can be just now."""
        world = self.world
        async with self.reloading:  # as the app's: one reading of the settings after the other
            with world.grants() as granted:
                if granted:
                    world.joined.append(chat)
                    world.truth.joined[chat] = world.now()
                    await (self.enter(chat) if world.history.by_link else self.take())
                    world.count("joined by a link" if world.history.by_link else "joined")
                    self.changed.set()
                return granted

    async def take(self) -> None:
        """Puts the settings in force as they are now."""
        await self.discovery.take(targets_of(self.world, self.world.truth.rules[-1][1]))

    async def enter(self, chat: str) -> None:
        """Somebody opens a link in a chat, and the same chat has tried many wrong codes before."""
        here = self.world.history.bots_chat(chat)
        for number in range(WRONG_CODES):
            await self.service.enter(f"{number:032}", here, "Bob")
        await self.service.enter(await self.service.pairing.invite("Ann"), here, "Bob")

    async def change(self, rules: OraclesRules) -> bool:
        """Puts settings in force, if they can be just now."""
        world = self.world
        async with self.reloading:
            with world.grants() as granted:
                if granted:
                    await self.discovery.take(targets_of(world, rules))
                    world.truth.rules.append((world.now(), rules))
                    world.count("changed rules")
                    self.changed.set()
                return granted
