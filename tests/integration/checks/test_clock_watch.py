"""The clock without its steps, and what a step does to everything that counts: nothing."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.clock_watch import ClockWatch
from bot.checks.results import FinishedCheck
from bot.domain.alerts import NotifyReason, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.notifications import Delivery, NotificationKind
from bot.features.pairing.service import Pairing
from bot.features.pauses.service import Pauses
from bot.features.silences.service import Silences
from bot.storage import accounts, alerts, chats
from bot.storage.database import Store
from bot.storage.schema import to_microseconds
from bot.support.clock import STEP, SteadyClock, boot_id, boot_seconds
from bot.support.errors import DatabaseBusyError
from tests.support.fakes import ALICE, BOB, CHAT, NOW, SetClock, Timer, World, key_of, reading, until, world_in

HOUR = timedelta(hours=1)
STEPS = st.integers(-10 * 365 * 86400, 10 * 365 * 86400)


@given(st.lists(st.tuples(st.integers(0, 100_000), STEPS, st.booleans()), max_size=20))
def test_between_two_steps_that_are_taken_time_passes_as_the_timer_says(
    moves: list[tuple[int, int, bool]],
) -> None:
    """Whatever is done to the wall clock: a few seconds are followed at once, more only when it is taken."""
    clock = SetClock()
    for seconds, step, taken in moves:
        before = clock()
        clock.forward(seconds=seconds)
        clock.set(seconds=step)
        assert abs(clock() - before - timedelta(seconds=seconds)) <= STEP
        if taken and clock.steady.step:
            by = clock.steady.step
            shown_before = clock()
            clock.steady.take(by)
            assert clock() == clock.now == shown_before + by
            assert clock.steady.step is None


@pytest.mark.parametrize("seconds", [-5, -1, 0.5, 5])
def test_a_small_step_is_followed_at_once(seconds: float) -> None:
    """Nothing that counts notices five seconds."""
    clock = SetClock()
    clock.set(seconds=seconds)
    assert clock() == clock.now
    assert clock.steady.step is None


def test_a_process_suspended_between_two_readings_saw_no_step() -> None:
    """The wall clock is read, the process stands still for an hour, the timer is read: nothing was set."""
    timer, wall = Timer(), [NOW]
    stands_still = [False]

    def read() -> float:
        if stands_still[0]:
            stands_still[0] = False
            timer.forward(3600)
        return timer()

    def look() -> object:
        stands_still[0] = suspended[0]
        suspended[0] = False
        return wall[0]

    suspended = [False]
    clock = SteadyClock(look, read)  # type: ignore[arg-type]
    suspended[0] = True
    wall[0] = NOW
    assert clock.step is not None  # the wall clock has stood still for an hour, as far as the second reading knows
    wall[0] = NOW + timedelta(hours=1)
    assert clock.step is None


def test_the_machine_tells_seconds_and_perhaps_the_name_of_its_run() -> None:
    """They go on, and the name stays."""
    assert boot_seconds() <= boot_seconds()
    assert boot_id() == boot_id()


class Scene:
    """A world whose clock can be set, and what watches that clock."""

    def __init__(self, world: World, clock: SetClock, boot: str | None = "this run") -> None:
        self.world, self.clock = world, clock
        self.steps: list[ClockStep] = []
        self.watch = ClockWatch(clock.steady, world.store, self.stepped, boot)

    def stepped(self, step: ClockStep) -> None:
        self.steps.append(step)
        self.world.checks.clock_stepped(step.by)

    async def set(self, **length: float) -> None:
        """Sets the clock, which is noticed."""
        self.clock.set(**length)
        await self.watch.look()

    async def tick(self) -> None:
        """One tick of the checks, and their end."""
        await self.world.checks.tick()
        await until(lambda: not self.world.checks.busy)

    async def told(self) -> list[Delivery]:
        """What waits for the chat."""
        return await self.world.notifications()


@pytest.fixture
async def scene(database: Path) -> AsyncIterator[Scene]:
    """One account that is looked at each quarter of an hour, and was just now."""
    clock = SetClock()
    async with world_in(database, clock=clock) as world:
        made = Scene(world, clock)
        await made.watch.resume()
        await world.watch(ALICE)
        await made.tick()
        yield made


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
async def test_checks_keep_their_pace(scene: Scene, days: float, caplog: pytest.LogCaptureFixture) -> None:
    """A clock that is set makes nobody due, and nobody late; no downtime is told."""
    await scene.set(days=days)
    await scene.tick()
    assert scene.world.source.reads == [ALICE]
    scene.clock.forward(minutes=15)
    await scene.tick()
    assert scene.world.source.reads == [ALICE, ALICE]
    assert await scene.world.notifications(NotificationKind.DOWNTIME) == []
    assert [step.by for step in scene.steps] == [timedelta(days=days)]
    assert "The clock was set" in caplog.text


async def test_each_account_keeps_its_own_interval(scene: Scene) -> None:
    """Whatever an account's interval is, what is left of it stays."""
    await scene.world.watch(ALICE, BOB)
    async with scene.world.store.write() as connection:
        await accounts.plan_looks(connection, {key_of(BOB): scene.clock() + 2 * HOUR})
    before = await scene.world.query("SELECT next_check_at FROM accounts ORDER BY key")
    await scene.set(days=-1)
    after = await scene.world.query("SELECT next_check_at FROM accounts ORDER BY key")
    day = 86_400 * 1_000_000
    assert [(int(str(at)) - day,) for (at,) in before] == after


async def test_a_downtime_is_as_long_as_it_was(scene: Scene) -> None:
    """The machine stood still for two hours, and its clock was set by a day meanwhile: the downtime is two hours."""
    scene.clock.forward(hours=2)
    await scene.set(days=1)
    await scene.tick()
    (downtime,) = await scene.world.notifications(NotificationKind.DOWNTIME)
    facts = downtime.notification.facts
    assert facts.since
    assert facts.until
    assert facts.until - facts.since == 2 * HOUR
    assert facts.until == scene.clock.now


@pytest.mark.parametrize("hours", [-5, 0, 5])
async def test_a_downtime_that_was_told_is_no_part_of_the_next(scene: Scene, hours: float) -> None:
    """A start tells of it and ends before its first check; the clock is set, and the next start comes soon after."""
    world, since = scene.world, scene.clock()
    scene.clock.forward(hours=2)
    await world.processor.say_downtime(since, scene.clock())
    await scene.set(hours=hours)
    scene.clock.forward(minutes=5)
    await world.checks.resume()
    await scene.tick()
    assert len(await world.notifications(NotificationKind.DOWNTIME)) == 1


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_mute_lasts_as_long_as_was_asked_for(scene: Scene, hours: float) -> None:
    """An hour is an hour: what it withholds comes when it is over, not five hours later, and not at once."""
    mute = Silence(SilenceKind.ALL, until=scene.clock() + HOUR)
    async with scene.world.store.write() as connection:
        await alerts.add_silence(connection, mute)
    scene.world.source.credits[ALICE] = 0
    await scene.set(hours=hours)
    scene.clock.forward(minutes=59)
    await scene.tick()
    assert await scene.told() == []
    scene.clock.forward(minutes=2)
    await scene.tick()
    assert [one.notification.reason for one in await scene.told()] == [NotifyReason.FIRED]


@pytest.mark.parametrize("hours", [-30, 30])
async def test_a_reminder_comes_a_day_after(scene: Scene, hours: float) -> None:
    """Neither at once nor a day late."""
    scene.world.source.credits[ALICE] = 0
    scene.clock.forward(minutes=15)
    await scene.tick()
    await scene.set(hours=hours)
    for _ in range(95):
        scene.clock.forward(minutes=15)
        await scene.tick()
    assert [one.notification.reason for one in await scene.told()] == [NotifyReason.FIRED]
    scene.clock.forward(minutes=15)
    await scene.tick()
    assert [one.notification.reason for one in await scene.told()] == [NotifyReason.FIRED, NotifyReason.REMINDED]


@pytest.mark.parametrize("hours", [-5, 5])
async def test_what_waits_has_waited_for_as_long_as_it_did(scene: Scene, hours: float) -> None:
    """A message, and a chat that Telegram wanted left alone for a minute."""
    scene.world.source.credits[ALICE] = 0
    scene.clock.forward(minutes=15)
    await scene.tick()
    async with scene.world.store.write() as connection:
        await chats.note(connection, CHAT, not_before=scene.clock() + timedelta(minutes=1))
    await scene.set(hours=hours)
    (waiting,) = await scene.told()
    assert waiting.created_at == scene.clock()
    async with scene.world.store.read() as connection:
        assert await chats.waits(connection) == {CHAT: scene.clock() + timedelta(minutes=1)}


@pytest.mark.parametrize("hours", [-5, 5])
async def test_what_is_wished_while_a_step_is_taken_lasts_as_long_as_was_asked_for(scene: Scene, hours: float) -> None:
    """A step waits for the database, and a mute, a pause and an invitation behind it: they count from then on."""
    world, chat = scene.world, Chat(5)
    silences = Silences(world.context, world.writer, world.catch_up)
    pauses = Pauses(world.context, world.writer, world.processor, world.checks)
    pairing = Pairing(world.store, scene.clock, lambda: "a" * 32)
    scene.clock.set(hours=hours)
    async with world.store.write():
        step = asyncio.create_task(scene.watch.look())
        await asyncio.sleep(0)
        wishes = [
            asyncio.create_task(silences.mute([None], HOUR, "Kim", CHAT)),
            asyncio.create_task(pauses.pause([None], HOUR, "Kim", CHAT)),
            asyncio.create_task(pairing.invite("Kim")),
        ]
        await asyncio.sleep(0)
    await asyncio.gather(step, *wishes)
    (mute,) = await silences.of(CHAT)
    assert mute.until == scene.clock() + HOUR
    everyone = (await pauses.current()).everyone
    assert everyone
    assert everyone.until == scene.clock() + HOUR
    assert await pairing.open("a" * 32, chat, "Ann")


@pytest.mark.parametrize("hours", [-5, 5])
async def test_what_a_look_saw_is_as_late_as_the_database_was(scene: Scene, hours: float) -> None:
    """Not as late as the clock was set by while the look waited to be saved."""
    scene.clock.forward(minutes=1)
    key, empty = key_of(ALICE), reading(0, scene.clock())
    scene.clock.set(hours=hours)
    async with scene.world.store.write():
        step = asyncio.create_task(scene.watch.look())
        await asyncio.sleep(0)
        saved = asyncio.create_task(scene.world.processor.save([FinishedCheck(key, empty)]))
        await asyncio.sleep(0)
    await asyncio.gather(step, saved)
    (waiting,) = await scene.told()
    assert abs(waiting.created_at - scene.clock()) < STEP


@pytest.mark.parametrize("hours", [-5, 5])
@pytest.mark.parametrize("found", ["reading", "failure", "unchanged"])
async def test_what_waits_to_be_saved_is_as_old_as_it_is(scene: Scene, hours: float, found: str) -> None:
    """The clock is set between a check's answer and its saving: it was just now all the same."""
    world = scene.world
    world.source.credits[ALICE] = 5000
    if found == "failure":
        world.source.fail(ALICE)
    if found == "unchanged":
        await world.look(ALICE)
    before = len(world.source.reads)
    scene.clock.forward(minutes=1)
    scene.clock.set(hours=hours)
    async with world.store.write():
        step = asyncio.create_task(scene.watch.look())
        await asyncio.sleep(0)
        check = asyncio.create_task(world.look(ALICE))
        await until(lambda: len(world.source.reads) > before)
        await until(lambda: world.source.in_flight == 0)
    await asyncio.gather(step, check)
    assert scene.clock.steady.step is None
    ((looked_at, failing_since),) = await world.query("SELECT looked_at, failing_since FROM accounts")
    assert looked_at == to_microseconds(scene.clock())
    assert failing_since == (looked_at if found == "failure" else None)


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_list_that_waits_to_be_saved_is_as_old_as_it_is(database: Path, hours: float) -> None:
    """The clock is set between the list's answer and its saving: it was read just now all the same."""
    clock = SetClock()
    async with world_in(database, clock=clock) as world:
        scene, discovery = Scene(world, clock), world.discovery()
        await scene.watch.resume()
        clock.set(hours=hours)
        async with world.store.write():
            step = asyncio.create_task(scene.watch.look())
            await asyncio.sleep(0)
            ask = asyncio.create_task(discovery.ask_all())
            await until(lambda: world.source.asked > 0)
        await asyncio.gather(step, ask)
        ((listed_at,),) = await world.query("SELECT listed_at FROM sources")
        assert listed_at == to_microseconds(clock())


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_downtime_that_waits_to_be_saved_ended_when_it_did(scene: Scene, hours: float) -> None:
    """The clock is set while its message waits for the database: its end moves along, as what is stored does."""
    world = scene.world
    scene.clock.forward(hours=2)
    scene.clock.set(hours=hours)
    async with world.store.write():
        step = asyncio.create_task(scene.watch.look())
        await asyncio.sleep(0)
        tick = asyncio.create_task(world.checks.tick())
        await asyncio.sleep(0)
    await asyncio.gather(step, tick)
    (downtime,) = await world.notifications(NotificationKind.DOWNTIME)
    facts = downtime.notification.facts
    assert (facts.since, facts.until) == (scene.clock() - 2 * HOUR, scene.clock())
    async with world.store.read() as connection:
        assert await chats.marked(connection, chats.DOWNTIME) == scene.clock()


async def test_while_the_database_cannot_be_written_the_clock_stays_as_it_is(scene: Scene, database: Path) -> None:
    """The old time and what is stored fit together; the new one is taken with the first transaction that succeeds."""
    before = scene.clock()
    scene.clock.set(hours=-5)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError):
            await scene.watch.look()
        assert scene.clock() == before
        assert not scene.steps
    await scene.watch.look()
    assert scene.clock() == before - 5 * HOUR
    assert len(scene.steps) == 1


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_set_while_the_bot_was_off_moves_nothing_either(database: Path, hours: float) -> None:
    """Within one run of the machine the timer tells: the account is as old as it is, and nobody missed hours."""
    clock = SetClock()
    async with world_in(database, clock=clock) as world:
        scene = Scene(world, clock)
        await scene.watch.resume()
        await world.watch(ALICE)
        await scene.tick()
    clock.set(hours=hours)
    clock.forward(minutes=20)
    later = SetClock()
    later.now, later.timer = clock.now, clock.timer
    later.steady = SteadyClock(lambda: later.now, later.timer)
    async with world_in(database, clock=later) as world:
        scene = Scene(world, later)
        await scene.watch.resume()
        await world.checks.resume()
        ((read_at,),) = await world.query("SELECT read_at FROM accounts")
        assert read_at == int((later.now - timedelta(minutes=20)).timestamp() * 1_000_000)
        await scene.tick()
        assert await world.notifications(NotificationKind.DOWNTIME) == []
    assert [(step.by, step.while_off) for step in scene.steps] == [(timedelta(hours=hours), True)]


@pytest.mark.parametrize("boot", ["another run", None])
async def test_after_another_start_of_the_machine_nothing_lies_ahead(database: Path, boot: str | None) -> None:
    """A machine that forgot the time: what was stored last was then just now, and no mute lasts for months."""
    clock = SetClock()
    async with world_in(database, clock=clock) as world:
        scene = Scene(world, clock)
        await scene.watch.resume()
        await world.watch(ALICE)
        await scene.tick()
        async with world.store.write() as connection:
            await alerts.add_silence(connection, Silence(SilenceKind.ACCOUNT, key_of(ALICE), until=clock() + HOUR))
    early = SetClock()
    early.now = NOW - timedelta(days=90)
    early.steady = SteadyClock(lambda: early.now, early.timer)
    async with world_in(database, clock=early) as world:
        scene = Scene(world, early, boot)
        await scene.watch.resume()
        async with world.store.read() as connection:
            (silence,) = await alerts.active_silences(connection, early.now)
        assert silence.until == early.now + HOUR
    assert [step.by for step in scene.steps] == [timedelta(days=-90)]


async def test_a_machine_that_was_off_for_a_week_had_no_step(database: Path) -> None:
    """A clock that is ahead of what was stored last may simply be right."""
    clock = SetClock()
    async with world_in(database, clock=clock) as world:
        await world.watch(ALICE)
        await Scene(world, clock).tick()
        clock.forward(days=7)
        after = Scene(world, clock, "another run")
        await after.watch.resume()
        assert after.steps == []


async def test_small_steps_that_add_up_are_no_step_at_the_next_start(store: Store) -> None:
    """A clock that is put right by seconds, day after day: the origin is stored again, and nothing is told."""
    clock = SetClock()
    steps = list[ClockStep]()
    watch = ClockWatch(clock.steady, store, steps.append, "this run")
    await watch.resume()
    for _ in range(10):
        clock.set(seconds=4)
        assert clock() == clock.now
        await watch.look()
    await ClockWatch(clock.steady, store, steps.append, "this run").resume()
    assert steps == []


async def test_a_minute_is_taken_without_a_word(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Checks keep their pace all the same."""
    before = scene.clock()
    await scene.set(seconds=-60)
    assert scene.clock() == before - timedelta(seconds=60)
    scene.clock.forward(minutes=15)
    await scene.tick()
    assert scene.world.source.reads == [ALICE, ALICE]
    assert "clock" not in caplog.text


async def test_the_log_says_it_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """One line, at the step, and none while the clock goes on."""
    with caplog.at_level(logging.INFO):
        await scene.set(hours=-2)
        for _ in range(5):
            scene.clock.forward(seconds=1)
            await scene.watch.look()
    assert caplog.text.count("The clock was set back by 2 h") == 1
