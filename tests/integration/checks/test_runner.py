"""Checks: who is looked at when, how many at once, and that what was seen is saved whatever happens."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from bot.checks import runner as checking
from bot.checks.processor import CheckProcessor
from bot.checks.results import FinishedCheck, Saved
from bot.checks.rounds import Round
from bot.checks.spread import next_look
from bot.domain.accounts import FailureKind
from bot.domain.notifications import NotificationKind
from bot.sources.base import IN_FLIGHT
from bot.storage import accounts, chats
from bot.storage import database as opening
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseBusyError
from tests.support.fakes import ALICE, BOB, CAROL, NOW, QUARTER, World, key_of, until, world_in

MANY = [f"user{number}@example.com" for number in range(IN_FLIGHT + 36)]


async def idle(world: World) -> None:
    """Waits until every look has ended and is saved."""
    await asyncio.wait_for(world.checks.drain(), 60)


async def tick(world: World) -> None:
    """One tick of the clockwork, to the end of the looks that it began."""
    await world.checks.tick()
    await idle(world)


async def next_moments(world: World) -> dict[str, object]:
    """When each account is looked at next, in microseconds."""
    return {str(key): at for key, at in await world.query("SELECT key, next_check_at FROM accounts")}


async def test_everyone_is_looked_at_once_at_the_start_and_then_at_their_place(world: World) -> None:
    """A start looks at everyone; from then on each has a place of its own within the interval, and keeps it."""
    emails = MANY[:40]
    await world.watch(*emails)
    await tick(world)
    assert sorted(world.source.reads) == sorted(emails)
    world.source.reads.clear()
    looked: dict[str, list[float]] = {email: [] for email in emails}
    for second in range(0, 1800, 5):
        world.clock.forward(seconds=5)
        await tick(world)
        for email in world.source.reads:
            looked[email].append(second)
        world.source.reads.clear()
    assert all(len(moments) == 2 for moments in looked.values())
    assert all(890 <= later - earlier <= 910 for earlier, later in looked.values())
    places = sorted(moments[0] for moments in looked.values())
    assert max(later - earlier for earlier, later in pairwise(places)) < 240
    assert sum(1 for place in places if place < 450) in range(10, 31)


def with_intervals(world: World, **own: timedelta) -> None:
    """Lets the accounts of these names, before the @, be looked at at intervals of their own."""
    (source,) = world.context.active_targets.targets.sources.values()
    accounts_ = {
        email: replace(one, check_every=own.get(email.partition("@")[0])) for email, one in source.accounts.items()
    }
    world.put_in_force(replace(source, accounts=accounts_))


async def in_force(world: World, *named: str, **own: timedelta) -> None:
    """Reads the accounts file again, with these accounts and their intervals."""
    discovery = world.discovery(*((email, None) for email in named))
    with_intervals(world, **own)
    await discovery.take(world.context.active_targets.targets)


async def test_each_account_keeps_its_own_interval(world: World) -> None:
    """An account that is checked every two hours, one every minute, and one as the setting says stand side by side."""
    await in_force(world, ALICE, BOB, CAROL, bob=timedelta(hours=2), carol=timedelta(minutes=1))
    for _ in range(int(timedelta(hours=4) / timedelta(seconds=30))):
        await tick(world)
        world.clock.forward(seconds=30)
    counts = [world.source.reads.count(email) for email in (ALICE, BOB, CAROL)]
    assert counts[0] in (16, 17)
    assert counts[1] in (2, 3)
    assert counts[2] in (240, 241)
    assert len(world.rounds) in (16, 17), "a round waits for those at the setting's interval"
    assert await world.notifications(NotificationKind.DOWNTIME) == []


async def test_an_interval_that_becomes_shorter_holds_at_once(world: World) -> None:
    """Taken out of the accounts file, a long interval keeps no look waiting; a longer one begins with the next look."""
    await in_force(world, ALICE, BOB, bob=timedelta(days=9))
    await tick(world)
    await in_force(world, ALICE, BOB)
    world.source.reads.clear()
    world.clock.forward(minutes=15)
    await tick(world)
    assert sorted(world.source.reads) == [ALICE, BOB]
    await in_force(world, ALICE, BOB, bob=timedelta(days=9))
    world.clock.forward(minutes=15)
    await tick(world)
    assert world.source.reads.count(BOB) == 2
    for _ in range(8):
        world.clock.forward(minutes=15)
        await tick(world)
    assert world.source.reads.count(BOB) <= 3


async def test_nobody_was_watching_is_judged_by_the_shortest_interval(world: World) -> None:
    """With one account that is checked once a day, two hours without a check are none that nobody watched."""
    await in_force(world, ALICE, alice=timedelta(days=1))
    await tick(world)
    world.clock.forward(hours=5)
    await tick(world)
    assert await world.notifications(NotificationKind.DOWNTIME) == []
    world.clock.forward(days=4)
    await tick(world)
    assert len(await world.notifications(NotificationKind.DOWNTIME)) == 1


async def test_failures_count_by_checks_at_any_interval(world: World) -> None:
    """UNREADABLE_AFTER counts checks: at two hours each, an account is said to be unreadable after the third."""
    await in_force(world, ALICE, BOB, bob=timedelta(hours=2))
    await tick(world)
    world.source.fail(BOB)
    for _ in range(4 * 4 - 1):
        world.clock.forward(minutes=15)
        await tick(world)
    assert [one.notification.subject for one in await world.notifications()] == []
    for _ in range(2 * 4 + 2):
        world.clock.forward(minutes=15)
        await tick(world)
    assert [one.notification.subject for one in await world.notifications()] == [key_of(BOB)]


async def test_a_batch_is_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that end together are saved in one transaction, never one each."""
    await world.watch(*MANY[:50])
    gates = [world.source.hang(email) for email in MANY[:50]]
    await world.checks.tick()
    await until(lambda: world.source.in_flight == 50)
    sizes: list[int] = []
    save = world.processor.save

    async def counted(batch: list[FinishedCheck], *, ends_round: bool) -> Saved:
        sizes.append(len(batch))
        return await save(batch, ends_round=ends_round)

    monkeypatch.setattr(world.processor, "save", counted)
    for gate in gates:
        gate.set()
    await idle(world)
    assert sum(sizes) == 50
    assert len(sizes) <= 3


async def test_what_its_own_save_makes_due_again_is_checked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick can come between the save and the moment in which the check no longer counts as running."""
    await world.watch(ALICE)
    save = world.processor.save

    async def save_and_tick(batch: list[FinishedCheck], *, ends_round: bool) -> Saved:
        saved = await save(batch, ends_round=ends_round)
        async with world.store.write() as connection:
            await accounts.plan_looks(connection, {key_of(ALICE): world.clock()})
        await world.checks.start_due()
        return saved

    monkeypatch.setattr(world.processor, "save", save_and_tick)
    await tick(world)
    monkeypatch.undo()
    await tick(world)
    assert world.source.reads == [ALICE, ALICE]
    assert not world.metrics.registry.get_sample_value("credit_bot_overruns_total")


async def test_so_many_at_once_and_the_rest_as_room_becomes_free(world: World) -> None:
    """Never more looks at once than there is room for; the others begin as soon as one ends, without a tick."""
    await world.watch(*MANY)
    gates = {email: world.source.hang(email) for email in MANY}
    await world.checks.tick()
    await until(lambda: world.source.in_flight == IN_FLIGHT)
    for gate in gates.values():
        gate.set()
    await until(lambda: len(world.source.reads) == len(MANY))
    await idle(world)
    assert world.source.most_in_flight <= IN_FLIGHT
    assert sorted(world.source.reads) == sorted(MANY)


async def test_a_hanging_look_delays_nobody(world: World) -> None:
    """While one account hangs, all others are looked at and saved, round after round."""
    await world.watch(ALICE, BOB, CAROL)
    gate = world.source.hang(ALICE)
    await world.checks.tick()
    await until(lambda: ALICE in world.source.reads)
    await world.look(BOB, CAROL)
    world.clock.now += QUARTER
    await world.checks.tick()
    await until(lambda: world.source.reads.count(BOB) == 2 and world.source.reads.count(CAROL) == 2)
    assert world.source.reads.count(ALICE) == 1
    gate.set()
    await idle(world)


async def test_an_overrun_is_counted_and_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A look that is due again while the one before hangs is skipped, counted, and told in the log; then it goes on."""
    await world.watch(ALICE)
    gate = world.source.hang(ALICE)
    await world.checks.tick()
    world.clock.now += QUARTER
    await world.checks.tick()
    await world.checks.tick()
    overruns = world.metrics.registry.get_sample_value("credit_bot_overruns_total")
    assert overruns == 1
    assert f"{key_of(ALICE)} is due again" in caplog.text
    gate.set()
    await idle(world)
    world.clock.now += QUARTER
    await tick(world)
    assert world.source.reads == [ALICE, ALICE]


async def test_a_look_under_way_is_joined(world: World) -> None:
    """Who asks for a look that is under way waits for that one: no second request."""
    await world.watch(ALICE)
    gate = world.source.hang(ALICE)
    asked = [asyncio.create_task(world.look(ALICE)) for _ in range(3)]
    await until(lambda: world.source.reads)
    gate.set()
    await asyncio.gather(*asked)
    assert world.source.reads == [ALICE]


async def test_a_look_asked_for_is_saved_when_it_returns(world: World) -> None:
    """``look_now`` returns once what was seen is stored, and unknown accounts are no error."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 777
    await world.look(ALICE)
    await world.look("stranger@example.com")
    async with world.store.read() as connection:
        (seen,) = await accounts.watched(connection)
    assert seen.reading is not None
    assert seen.reading.credits.monthly == 777
    assert seen.looked_at == NOW


async def test_retry_after_is_obeyed_by_the_clockwork(world: World) -> None:
    """A server that asks for an hour's peace is not asked within it by the clock, and is afterwards."""
    await world.watch(ALICE)
    world.source.fail(ALICE, FailureKind.THROTTLED, retry_after=3600)
    await tick(world)
    for _ in range(11):
        world.clock.forward(minutes=5)
        await tick(world)
    assert world.source.reads == [ALICE]
    world.clock.forward(minutes=20)
    await tick(world)
    assert world.source.reads == [ALICE, ALICE]


async def test_a_short_retry_after_keeps_the_place(world: World) -> None:
    """A wish that ends before the account's next place changes nothing."""
    await world.watch(ALICE)
    world.source.fail(ALICE, FailureKind.THROTTLED, retry_after=1)
    await tick(world)
    planned = next_look(key_of(ALICE), QUARTER, NOW)
    assert (await next_moments(world))[key_of(ALICE)] == int(planned.timestamp() * 1_000_000)


async def test_a_defect_in_a_source_is_an_outage(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An error that no source should raise counts as a failed look, with its traceback in the log."""
    await world.watch(ALICE, BOB)
    world.source.answers[ALICE] = RuntimeError("unforeseen")
    await tick(world)
    async with world.store.read() as connection:
        seen = await accounts.load(connection, [key_of(ALICE), key_of(BOB)])
    assert seen[key_of(ALICE)].outage is not None
    assert seen[key_of(ALICE)].failures == 1
    assert seen[key_of(BOB)].reading is not None
    assert "RuntimeError: unforeseen" in caplog.text


async def test_one_poisoned_account_takes_no_other_along(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """If one account's look cannot be saved because of a defect, those that ended with it are saved all the same."""
    emails = [ALICE, BOB, CAROL]
    await world.watch(*emails)
    gates = [world.source.hang(email) for email in emails]
    world.source.answers[BOB] = "no sample at all"  # type: ignore[assignment]
    looking = asyncio.create_task(world.look(*emails))
    await until(lambda: world.source.in_flight == 3)
    for gate in gates:
        gate.set()
    await asyncio.wait_for(looking, 60)
    async with world.store.read() as connection:
        seen = await accounts.load(connection, map(key_of, emails))
    assert [seen[key_of(email)].reading is not None for email in emails] == [True, False, True]
    assert f"{key_of(BOB)}: a check could not be saved" in caplog.text
    world.source.answers.clear()
    world.source.hanging.clear()
    await world.look(BOB)


def has_failed_twice(world: World) -> bool:
    """Whether the database could not be used, and then again."""
    failing = world.store.standing.failing
    return failing is not None and failing.last > failing.since


async def test_a_locked_database_is_waited_for(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While another process holds the database nothing is lost: the looks are saved, whole, once it lets go."""
    monkeypatch.setattr(opening, "PAUSES", (0.001,))
    async with world_in(database) as world:
        world.store.backoff = Backoff(0.001, 0.001)
        await world.watch(ALICE, BOB)
        world.source.credits[ALICE] = 100
        with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            looking = asyncio.create_task(world.look(ALICE, BOB))
            await until(lambda: has_failed_twice(world))
            assert not looking.done()
            other.execute("ROLLBACK")
        await looking
        assert [one.notification.subject for one in await world.notifications()] == [key_of(ALICE)]
        assert await world.query("SELECT count(*) FROM readings") == [(2,)]
    assert caplog.text.count("database is locked") == 1


async def test_a_locked_database_does_not_end_the_saving(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room that becomes free while the database is locked is used by a later tick; nothing ends for good."""
    monkeypatch.setattr(opening, "PAUSES", (0.001,))
    async with world_in(database) as world:
        world.store.backoff = Backoff(0.001, 0.001)
        await world.watch(*MANY)
        with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as other:
            gates = [world.source.hang(email) for email in MANY]
            await world.checks.tick()
            await until(lambda: world.source.in_flight == IN_FLIGHT)
            other.execute("BEGIN IMMEDIATE")
            for gate in gates:
                gate.set()
            await until(lambda: has_failed_twice(world))
            other.execute("ROLLBACK")
        await idle(world)
        world.clock.forward(seconds=1)
        await tick(world)
        assert set(world.source.reads) == set(MANY)


async def test_after_a_long_sleep_of_the_machine_each_account_is_looked_at_once(world: World) -> None:
    """Not once for each interval."""
    await world.watch(ALICE)
    await tick(world)
    world.clock.forward(days=3)
    await tick(world)
    await tick(world)
    assert world.source.reads == [ALICE, ALICE]


async def test_a_downtime_is_said_once(world: World) -> None:
    """After more than three intervals without checks one message says from when to when nobody was watching."""
    await world.watch(ALICE)
    await tick(world)
    world.clock.now += 3 * QUARTER
    await tick(world)
    assert await world.notifications(NotificationKind.DOWNTIME) == []
    before = world.clock.now
    world.clock.now += 3 * QUARTER + timedelta(seconds=1)
    for _ in range(3):
        await tick(world)
    (downtime,) = await world.notifications(NotificationKind.DOWNTIME)
    assert (downtime.notification.facts.since, downtime.notification.facts.until) == (before, world.clock.now)
    assert not downtime.notification.rings


class LockedAtTimes(Store):
    """A store that another process keeps locked until told otherwise."""

    def __init__(self, store: Store) -> None:
        """``store`` is what lies behind the lock."""
        self.locked = False
        self._behind = store
        self.read = store.read  # type: ignore[method-assign]

    @asynccontextmanager
    async def write(self, *, synced: bool = True) -> AsyncIterator[Connection]:
        """A transaction, once nobody else holds the lock."""
        if self.locked:
            raise DatabaseBusyError("database is locked")
        async with self._behind.write(synced=synced) as connection:
            yield connection


async def test_a_downtime_that_a_locked_database_hides_is_said_later(world: World) -> None:
    """The downtime is said once the database can be written again, though the tick that noticed it came to nothing."""
    await world.watch(ALICE)
    await tick(world)
    store = LockedAtTimes(world.store)
    context = replace(world.context, store=store)
    checks = checking.CheckRunner(context, CheckProcessor(context, world.writer), world.catch_up)
    await checks.resume()
    world.clock.now += 4 * QUARTER
    store.locked = True
    with pytest.raises(DatabaseBusyError):
        await checks.tick()
    store.locked = False
    await checks.tick()
    await checks.cancel()
    (downtime,) = await world.notifications(NotificationKind.DOWNTIME)
    assert downtime.notification.facts.since == NOW


async def test_a_downtime_over_a_restart_is_said_and_a_quick_restart_is_silent(database: Path) -> None:
    """The downtime counts from the last look of the run before; a restart within the time says nothing."""
    async with world_in(database) as world:
        await world.watch(ALICE)
        await tick(world)
    for minutes, lines in ((30, 0), (46, 1)):
        async with world_in(database) as again:
            again.clock.forward(minutes=minutes)
            await again.discovery((ALICE, None)).resume()
            await again.checks.resume()
            await tick(again)
            assert again.source.reads == [ALICE]
            assert len(await again.notifications(NotificationKind.DOWNTIME)) == lines
            again.clock.now = NOW
            async with again.store.write() as connection:
                await connection.exec_driver_sql(
                    "UPDATE accounts SET looked_at = ?", (int(NOW.timestamp() * 1_000_000),)
                )


async def test_a_downtime_that_was_told_is_not_told_again_by_a_start_just_after_it(database: Path) -> None:
    """Killed after it told of a downtime and before the next look: the next start does not tell of the same time."""
    async with world_in(database) as world:
        await world.watch(ALICE)
        await tick(world)
        world.clock.forward(hours=5)
        await world.processor.say_downtime(NOW + timedelta(minutes=10), world.clock.now)
    async with world_in(database) as again:
        again.clock.forward(hours=5, minutes=1)
        await again.discovery((ALICE, None)).resume()
        await again.checks.resume()
        await tick(again)
        assert again.source.reads == [ALICE]
        assert len(await again.notifications(NotificationKind.DOWNTIME)) == 1


async def test_a_restart_looks_at_everyone_at_once(database: Path) -> None:
    """A start does not wait for the places of the run before: everyone is looked at in its first tick."""
    async with world_in(database) as world:
        world.source.lists(ALICE, BOB)
        await world.discovery().ask_all()
        await tick(world)
    async with world_in(database) as again:
        again.clock.forward(seconds=1)
        await again.discovery().resume()
        await again.checks.resume()
        await tick(again)
        assert sorted(again.source.reads) == [ALICE, BOB]


async def test_a_round_is_told_and_remembered(world: World) -> None:
    """When everyone has been looked at, the round's end is stored and told, whole only if all could be read."""
    await world.watch(ALICE, BOB)
    world.source.fail(BOB)
    await tick(world)
    assert world.rounds == [Round(whole=False, any_read=True)]
    async with world.store.read() as connection:
        assert await chats.marked(connection, chats.ROUND) == NOW
    world.source.answers.clear()
    world.clock.now += QUARTER
    await tick(world)
    assert world.rounds[1:] == [Round(whole=True, any_read=True)]


async def test_looks_are_counted_by_their_result(world: World) -> None:
    """The metrics count each look, by kind of outage, and measure its seconds."""
    await world.watch(ALICE, BOB)
    world.source.fail(BOB, FailureKind.BROKEN)
    await tick(world)
    value = world.metrics.registry.get_sample_value
    assert value("credit_bot_checks_total", {"result": "ok"}) == 1
    assert value("credit_bot_checks_total", {"result": "broken"}) == 1
    assert value("credit_bot_check_seconds_count") == 2


async def test_cancelling_gives_up_what_hangs(world: World) -> None:
    """A stop does not wait for a look that never ends."""
    await world.watch(ALICE)
    world.source.hang(ALICE)
    await world.checks.tick()
    await until(lambda: world.source.in_flight)
    await asyncio.wait_for(world.checks.cancel(), 60)
    assert world.source.in_flight == 0


async def test_two_ticks_at_once_look_once_at_each(world: World) -> None:
    """However many ticks and rounds ask for what is due at the same moment, each account is looked at once."""
    await world.watch(ALICE, BOB)
    await asyncio.gather(*(world.checks.start_due() for _ in range(4)))
    await idle(world)
    assert sorted(world.source.reads) == sorted([ALICE, BOB])


async def test_what_is_due_together_begins_a_few_at_a_time_unless_somebody_waits(world: World) -> None:
    """Looks that one tick finds due are spread out, so that no message waits behind them all; a question is not."""
    await world.watch(*MANY[:20])
    await world.checks.tick()
    await until(lambda: world.source.reads)
    assert len(world.source.reads) < 20
    await world.checks.look_now([key_of(MANY[19])])
    assert len(set(world.source.reads)) == 20


class RecordedStore:
    """A store that notes whether each write waits for the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.synced: list[bool] = []

    def read(self) -> AbstractAsyncContextManager[Connection]:
        return self._store.read()

    def write(self, *, synced: bool = True) -> AbstractAsyncContextManager[Connection]:
        self.synced.append(synced)
        return self._store.write(synced=synced)


async def test_a_claim_does_not_wait_for_the_disk(world: World) -> None:
    """A power cut may take it back: at the start every account is due anyway."""
    await world.watch(ALICE)
    recorded = RecordedStore(world.store)
    world.checks._store = cast(Store, recorded)
    await world.checks.start_due()
    assert recorded.synced == [False]
