"""Sweeps: when one account's change is told, the others of its source are checked, and what they bring is held back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import FailureKind, Pause
from bot.domain.alerts import NotifyReason
from bot.domain.pauses import PausedAccounts
from bot.evaluation.sweep import LATELY, MOST, SHARE
from bot.storage import accounts, pauses
from tests.support.fakes import ALICE, BOB, CAROL, QUARTER, World, key_of, until, world_in

DAVE, ERIN = "dave@example.com", "erin@example.com"
FIVE = [ALICE, BOB, CAROL, DAVE, ERIN]
LOW = 1_000.0
SECOND = timedelta(seconds=1)


@dataclass
class Seen:
    """What a world's checks said of their sweeps: when each began and ended, and what waited in the outbox then."""

    world: World
    begun: list[tuple[str, int]] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listens."""
        self.world.checks.on_sweep = lambda source, after: self.begun.append((source, after))
        self.world.checks.on_swept = self.over.append


@pytest.fixture
async def seen(database: Path) -> AsyncIterator[Seen]:
    """Five accounts, all checked over a minute ago and not due."""
    async with world_in(database) as world:
        await world.watch(*FIVE)
        await world.look(*FIVE)
        await put_off(world)
        world.clock.forward(minutes=2)
        world.source.reads.clear()
        yield Seen(world)


async def put_off(world: World, **places: timedelta) -> None:
    """Lets nobody be due for days, but for the accounts of these names."""
    now = world.clock()
    plan = {key_of(email): now + places.get(email.partition("@")[0], timedelta(days=9)) for email in FIVE}
    async with world.store.write() as connection:
        await accounts.plan_looks(connection, plan)


async def fall(world: World, *emails: str) -> None:
    """These accounts have little left."""
    for email in emails:
        world.source.credits[email] = LOW


async def still(world: World) -> None:
    """Waits until no check is under way and none waits for its turn."""
    await until(lambda: not world.checks.busy)
    await asyncio.sleep(0.05)
    await until(lambda: not world.checks.busy)


async def told(world: World) -> list[str]:
    """Whose notices wait, in order."""
    return [one.notification.facts.email or "" for one in await world.notifications()]


async def test_the_others_are_checked_when_a_change_is_told(seen: Seen) -> None:
    """Each once, without a tick; their places in the interval stay. What they bring comes after the first."""
    world = seen.world
    await fall(world, *FIVE)
    places = await world.query("SELECT key, next_check_at FROM accounts ORDER BY key")
    await world.look(BOB)
    await until(lambda: seen.over)
    assert sorted(world.source.reads) == FIVE
    assert await told(world) == [BOB, *(email for email in await told(world) if email != BOB)]
    assert sorted(await told(world)) == FIVE
    assert seen.begun == [("pixverse", (await world.notifications())[0].id)]
    assert await world.query("SELECT key, next_check_at FROM accounts ORDER BY key") == places


async def test_what_follows_is_let_go_once_the_last_is_saved(seen: Seen) -> None:
    """Not before, however long one takes."""
    world = seen.world
    gate = world.source.hang(ERIN)
    await fall(world, *FIVE)
    await world.look(BOB)
    await until(lambda: world.source.reads.count(ERIN) == 1)
    await asyncio.sleep(0.05)
    assert (len(seen.begun), seen.over) == (1, [])
    gate.set()
    await until(lambda: seen.over)
    assert sorted(await told(world)) == FIVE


async def test_nobody_is_checked_where_nothing_is_told(seen: Seen) -> None:
    """A reading that changes nothing calls for no sweep; nor does one that a silence keeps from every chat."""
    world = seen.world
    world.source.credits[BOB] = 8_000
    await world.look(BOB)
    await still(world)
    assert (world.source.reads, seen.begun) == ([BOB], [])


async def test_who_is_spared(seen: Seen) -> None:
    """Nobody who is paused, has an interval of its own, or was checked within a minute."""
    world = seen.world
    now = world.clock()
    paused = Pause(key_of(CAROL), now, now + timedelta(hours=1))
    async with world.store.write() as connection:
        await pauses.begin(connection, paused)
    world.checks.pause(PausedAccounts({key_of(CAROL): paused}))
    (source,) = world.context.active_targets.targets.sources.values()
    own = replace(source.accounts[DAVE], check_every=QUARTER)
    world.put_in_force(replace(source, accounts={**source.accounts, DAVE: own}))
    world.clock.now = now - timedelta(seconds=30)
    await world.look(ERIN)
    world.clock.now = now
    world.source.reads.clear()
    await fall(world, *FIVE)
    await world.look(BOB)
    await still(world)
    assert sorted(world.source.reads) == [ALICE, BOB]
    assert len(seen.begun) == len(seen.over) == 1


async def test_where_nobody_else_is_to_be_checked_nothing_waits(seen: Seen) -> None:
    """All others were checked within a minute: there is no sweep, and so nobody who would have to be waited for."""
    world = seen.world
    await world.look(*FIVE)
    world.source.reads.clear()
    world.clock.now += LATELY - SECOND
    await fall(world, *FIVE)
    await world.look(BOB)
    await still(world)
    assert (world.source.reads, seen.begun) == ([BOB], [])


async def test_a_source_is_swept_once_in_a_quarter_of_the_interval(seen: Seen) -> None:
    """Another change is told alone meanwhile; then they are checked again. A clock that is set changes nothing."""
    world = seen.world
    await fall(world, BOB)
    await world.look(BOB)
    await until(lambda: seen.over)
    world.source.reads.clear()
    world.clock.now += QUARTER / SHARE - SECOND
    await fall(world, CAROL)
    await world.look(CAROL)
    await still(world)
    assert world.source.reads == [CAROL]
    step = timedelta(hours=5)
    world.clock.now += step  # as the step of a clock is taken: what is stored moves along
    async with world.store.write() as connection:
        await connection.exec_driver_sql(
            f"UPDATE accounts SET looked_at = looked_at + {int(step.total_seconds())}000000"
        )
        await connection.exec_driver_sql("UPDATE accounts SET next_check_at = next_check_at + 86400000000")
    world.checks.clock_stepped(step)
    await fall(world, DAVE)
    await world.look(DAVE)
    await still(world)
    assert world.source.reads == [CAROL, DAVE]
    world.clock.now += SECOND + LATELY
    await fall(world, ERIN)
    await world.look(ERIN)
    await until(lambda: len(seen.over) == 2)
    assert sorted(world.source.reads[2:]) == FIVE


async def test_a_server_that_asks_for_peace_gets_it(seen: Seen) -> None:
    """While the last answer about any account was 429, nobody is checked out of turn."""
    world = seen.world
    world.source.fail(ALICE, FailureKind.THROTTLED, retry_after=3600)
    await world.look(ALICE)
    await fall(world, BOB)
    await world.look(BOB)
    await still(world)
    assert (world.source.reads, seen.begun) == ([ALICE, BOB], [])


async def test_a_reminder_has_only_those_checked_who_may_be_due_for_one(seen: Seen) -> None:
    """A day after a fall the first reminder takes along who is critical too, and leaves alone who is well."""
    world = seen.world
    for email in (ALICE, BOB, CAROL):
        world.source.credits[email] = 0
    await world.look(ALICE)
    await until(lambda: seen.over)
    await put_off(world)
    world.clock.now += timedelta(days=1, seconds=1)
    world.source.reads.clear()
    await world.look(BOB)
    await until(lambda: len(seen.over) == 2)
    assert sorted(world.source.reads) == [ALICE, BOB, CAROL]
    last = (await world.notifications())[-3:]
    assert sorted(one.notification.facts.email or "" for one in last) == [ALICE, BOB, CAROL]
    assert {one.notification.reason for one in last} == {NotifyReason.REMINDED}


async def test_another_source_is_left_alone(seen: Seen) -> None:
    """What one source's account brings says nothing of another source's."""
    world = seen.world
    async with world.store.write() as connection:
        await accounts.hand_over(connection, [key_of(DAVE), key_of(ERIN)], "pixverse/film")
    await fall(world, *FIVE)
    await world.look(BOB)
    await until(lambda: seen.over)
    await still(world)
    assert sorted(world.source.reads) == [ALICE, BOB, CAROL]


async def test_a_check_that_falls_due_during_a_sweep_is_done_by_it(seen: Seen) -> None:
    """The one under way stands for the one that is due: no second question, and no overrun in the log."""
    world = seen.world
    gate = world.source.hang(ERIN)
    await put_off(world, erin=5 * SECOND)
    await fall(world, BOB)
    await world.look(BOB)
    await until(lambda: ERIN in world.source.reads)
    world.clock.now += 6 * SECOND
    await world.checks.start_due()
    gate.set()
    await until(lambda: seen.over)
    await world.checks.start_due()
    await still(world)
    assert world.source.reads.count(ERIN) == 1
    assert world.metrics.registry.get_sample_value("credit_bot_overruns_total") == 0


async def test_who_is_due_is_checked_once_not_in_turn_and_again_by_the_sweep(seen: Seen) -> None:
    """A place that has just come is taken with the sweep, so that the next tick finds nobody due."""
    world = seen.world
    await put_off(world, erin=-SECOND)
    await fall(world, *FIVE)
    await world.look(BOB)
    await until(lambda: seen.over)
    await world.checks.start_due()
    await still(world)
    assert sorted(world.source.reads) == FIVE


async def test_at_most_a_hundred_others(database: Path) -> None:
    """Of a large fleet those are checked that were not for the longest time; the next sweep goes on with the others."""
    emails = [f"user{number:03}@example.com" for number in range(2 * MOST + 20)]
    async with world_in(database) as world:
        seen = Seen(world)
        await world.watch(*emails)
        await world.look(*emails)
        world.clock.forward(minutes=2)
        async with world.store.write() as connection:
            await accounts.plan_looks(connection, {key_of(one): world.clock() + timedelta(days=1) for one in emails})
        world.source.reads.clear()
        for number in (1, 2):
            world.source.credits[emails[-number]] = LOW
            await world.look(emails[-number])
            await until(lambda number=number: len(seen.over) == number)  # type: ignore[misc]
            world.clock.now += QUARTER / SHARE
        assert len(world.source.reads) == 2 * (MOST + 1)
        assert max(map(world.source.reads.count, world.source.reads)) <= 2
        assert len(set(world.source.reads)) >= 2 * MOST


async def test_a_stop_holds_nothing_back(seen: Seen) -> None:
    """Checks that are given up are over for whoever waits for them, and a stop begins no sweep."""
    world = seen.world
    world.source.hang(ERIN)
    await fall(world, *FIVE)
    await world.look(BOB)
    await until(lambda: seen.begun)
    assert seen.over == []
    await asyncio.wait_for(world.checks.cancel(), 10)
    assert seen.over == ["pixverse"]
