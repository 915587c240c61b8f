"""What the process does that is cut: looks, notices, deliveries, silences, all through the bot's own parts.

Before it does something it says what it means to do, and once the bot's own call has returned it says what it now
holds for true: ``due`` (a notification is in the outbox), ``told`` (its delivery is recorded), ``read`` (a look is
saved), ``muted`` and ``unmuted``, ``paused`` and ``unpaused``. Whatever it said so must survive any cut that comes
later.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.checks.results import FinishedCheck
from bot.domain.accounts import FailureKind
from bot.domain.alerts import Silence, SilenceKind
from bot.domain.chats import Chat
from bot.features.pauses.service import Pauses
from bot.outbox.batching import Batch
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.results import Rejected, Retry, SendResult, Sent
from bot.storage import accounts, alerts
from tests.support.fakes import CHAT, GROUP, FakePost, Timer, World, key_of, until, world_in
from verification.power_loss import past
from verification.power_loss.cutting import Line, Steps

ACTIONS = 14
CREDITS = (9_000, 1_900, 450, 0, 0, 9_500)
YEAR = timedelta(days=365)


class SayingPost(FakePost):
    """Telegram's post, which says what it took before anybody can record it, and sometimes takes nothing."""

    def __init__(self, timer: Timer, line: Line, seed: str) -> None:
        """Each chat draws its own lots, so that it does not matter whose turn comes first."""
        super().__init__(timer)
        self.line = line
        self.lots = {chat: random.Random(f"{seed} {chat}") for chat in (CHAT, GROUP)}

    async def send(self, message: Batch, chat: Chat) -> SendResult:
        """Takes most messages, puts off some, and refuses a few."""
        lot = self.lots[chat].random()
        if lot < 0.25:
            self.results[chat.chat_id].append(Retry("away") if lot < 0.22 else Rejected("blocked"))
        result = await super().send(message, chat)
        if isinstance(result, Sent):
            for part in message.deliveries:
                self.line.say("sent", part.notification.key, chat.chat_id)
        return result


@dataclass
class Life:
    """A seeded life of the bot, announced as it goes."""

    world: World
    line: Line
    steps: Steps
    seed: str
    timer: Timer = field(default_factory=Timer)
    emails: list[str] = field(default_factory=list)
    last_id: int = 0

    def __post_init__(self) -> None:
        """Puts an outbox on the world's store."""
        world = self.world
        self.rng = random.Random(self.seed)
        self.post = SayingPost(self.timer, self.line, self.seed)
        self.pauses = Pauses(world.context, world.writer, world.processor, world.checks)
        self.outbox = Dispatcher(world.store, self.post, world.recipients, world.clock, self.timer, world.metrics)
        self.emails = [f"user{number}@example.com" for number in range(self.rng.choice((1, 3, 12)))]

    async def live(self) -> None:
        """The whole of it."""
        await self.world.watch(*self.emails)
        await self.say_due()
        for _ in range(ACTIONS):
            self.world.clock.forward(seconds=self.rng.choice((60, 1_000, 4_000)))
            self.timer.forward(60)
            await self.rng.choice(self.actions())()

    def actions(self) -> list[Callable[[], Awaitable[None]]]:
        """What may come next, the usual ones more often."""
        usual = [self.look, self.look, self.look, self.deliver, self.deliver, self.deliver, self.upkeep]
        wishes = [self.mute, self.unmute, self.mute_for_a_moment, self.catch_up, self.pause, self.resume]
        return [*usual, *wishes, self.tick, self.fail, self.miss_the_watch]

    def say(self, *words: object) -> None:
        """Announces; before and after are points for a cut like any other."""
        self.steps.step()
        self.line.say(*words)
        self.steps.step()

    async def say_due(self) -> None:
        """Announces what has come into the outbox."""
        rows = await self.world.query(f"SELECT id, key, chat_id FROM outbox WHERE id > {self.last_id} ORDER BY id")
        for number, key, chat in rows:
            self.last_id = int(str(number))
            self.say("due", key, chat)

    async def look(self) -> None:
        """Some accounts changed, and are looked at."""
        some = self.rng.sample(self.emails, self.rng.randint(1, len(self.emails)))
        for email in some:
            self.world.source.answers.pop(email, None)
            self.world.source.credits[email] = self.rng.choice(CREDITS)
            self.say("looks", key_of(email), self.world.source.credits[email])
        async with self.world.store.read() as connection:
            known = await accounts.load(connection, [key_of(email) for email in some])
        looks = [FinishedCheck(key, await self.world.source.read(account.email)) for key, account in known.items()]
        await self.world.processor.save(looks, ends_round=len(some) == len(self.emails))
        for email in some:
            self.say("read", key_of(email), self.world.source.credits[email])
        await self.say_due()

    async def tick(self) -> None:
        """Everybody who is due is looked at."""
        for email in self.emails:
            self.say("looks", key_of(email), self.world.source.credits[email])
        await self.world.checks.tick()
        await until(lambda: not self.world.checks.busy)
        await self.say_due()

    async def fail(self) -> None:
        """One account, or all, can no longer be read."""
        kind = self.rng.choice((FailureKind.BROKEN, FailureKind.UNAUTHORIZED, FailureKind.UNAVAILABLE))
        failing = self.rng.choice((self.emails[:1], self.emails))
        for email in failing:
            self.world.source.fail(email, kind)
        await self.world.look(*failing)
        await self.say_due()

    async def deliver(self) -> None:
        """Every chat is told what it may be told now."""
        before = len(self.post.told)
        for _ in range(self.rng.randint(1, 3)):
            await self.outbox.drain()
            self.timer.forward(40)
        for told in self.post.told[before:]:
            for key in told.keys:
                self.say("told", key, told.chat.chat_id)

    async def mute(self) -> None:
        """An account, or everything, is muted for long."""
        subject = self.rng.choice(("", key_of(self.emails[0])))
        self.say("mutes", subject)
        kind = SilenceKind.ACCOUNT if subject else SilenceKind.ALL
        async with self.world.store.write() as connection:
            await alerts.add_silence(connection, Silence(kind, subject, until=self.world.clock() + YEAR))
        self.say("muted", subject)

    async def unmute(self) -> None:
        """All mutes end, and what they withheld is said."""
        self.say("unmutes")
        async with self.world.store.write() as connection:
            every = await alerts.every_silence(connection)
            await alerts.end_silences(connection, [one.id for one in every], self.world.clock())
        self.say("unmuted")
        await self.catch_up()

    async def mute_for_a_moment(self) -> None:
        """A snooze in one chat that is over at the next moment but one."""
        until = self.world.clock() + timedelta(seconds=90)
        async with self.world.store.write() as connection:
            for alert in (await alerts.firing(connection))[:1]:
                about = (alert.subject, alert.measure, until, alert.episode, alert.level)
                await alerts.add_silence(connection, Silence(SilenceKind.SNOOZE, *about, chat=GROUP))

    async def catch_up(self) -> None:
        """What a silence withheld is said."""
        await self.world.catch_up.run()
        await self.say_due()

    async def upkeep(self) -> None:
        """Some slices of what keeps the past short, as after a start."""
        retention = past.upkeep(self.world)
        for _ in range(self.rng.randint(1, 12)):
            await retention.tick()

    async def pause(self) -> None:
        """The checks of an account, or all, are paused for long, and the other chat is told."""
        key = self.rng.choice((None, key_of(self.emails[0])))
        self.say("pauses", key or "")
        await self.pauses.pause([key], YEAR, "Kim", CHAT)
        self.say("paused", key or "")
        await self.say_due()

    async def resume(self) -> None:
        """All pauses end, those who were paused are looked at, and the other chat is told."""
        self.say("unpauses")
        for email in self.emails:
            self.say("looks", key_of(email), self.world.source.credits[email])
        await self.pauses.resume_all("Kim", CHAT)
        self.say("unpaused")
        await until(lambda: not self.world.checks.busy)
        await self.say_due()

    async def miss_the_watch(self) -> None:
        """Nobody was watching for a while."""
        now = self.world.clock()
        await self.world.processor.say_downtime(now - timedelta(hours=1), now)
        await self.say_due()


async def live(path: Path, seed: str, line: Line, steps: Steps) -> None:
    """Lives a life on the database at a path, and ends as the bot does."""
    async with world_in(path, chats=(CHAT, GROUP)) as world:
        await Life(world, line, steps, seed).live()
        steps.ends()
    steps.ended()
    line.say("lived", steps.count, steps.transactions)
