"""Looks that see the very page of the look before: cheap, and never a message late or lost by it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.checks.processor import CheckProcessor
from bot.checks.results import FinishedCheck
from bot.checks.runner import CheckRunner
from bot.config.parsers import parse_credit_ladder
from bot.domain.accounts import FailureKind, NotModified
from bot.domain.alerts import NotifyReason
from bot.storage import accounts
from tests.support.fakes import ALICE, BOB, CAROL, NOW, SOON, SOURCE, World, key_of, reading, until

ALICES = key_of(ALICE)


async def look(world: World, *emails: str) -> None:
    """A minute later, another look at each."""
    world.clock.forward(minutes=1)
    await world.look(*emails)


async def reasons(world: World) -> list[NotifyReason]:
    """Why each alert that waits is told."""
    return [one.notification.reason for one in await world.notifications()]


async def known_page(world: World, email: str = ALICE) -> str | None:
    """The fingerprint by which the next check may find that nothing new is to be decided."""
    async with world.store.read() as connection:
        (one,) = await accounts.whom(connection, [key_of(email)])
    return one.known_page


async def is_steady(world: World, email: str = ALICE) -> bool:
    """Whether the next check need not be decided if it sees the same page."""
    return await known_page(world, email) is not None


async def test_an_unchanged_page_is_noted_as_fresh_and_writes_nothing_else(world: World) -> None:
    """The number has the age of the last look, and no reading is stored anew."""
    await world.watch(ALICE)
    await look(world, ALICE)
    assert await is_steady(world)
    await look(world, ALICE)
    async with world.store.read() as connection:
        (seen,) = await accounts.watched(connection)
    assert seen.looked_at == NOW + timedelta(minutes=2)
    assert seen.reading is not None
    assert seen.reading.taken_at == NOW + timedelta(minutes=2)
    assert await world.query("SELECT count(*) FROM readings") == [(1,)]


async def test_an_unchanged_page_counts_as_read(world: World) -> None:
    """Rounds and metrics do not tell it from any other look that worked."""
    await world.watch(ALICE, BOB)
    for _ in range(3):
        await look(world, ALICE, BOB)
    assert [one.whole for one in world.rounds] == [True] * 3
    assert world.metrics.registry.get_sample_value("credit_bot_checks_total", {"result": "ok"}) == 6


async def test_what_is_low_stays_told_and_is_told_as_over(world: World) -> None:
    """An account that is low is steady too; another page ends that at once, either way."""
    await world.watch(ALICE)
    for left in (9_000, 9_000, 400, 400, 400, 9_000, 9_000, 400):
        world.source.credits[ALICE] = left
        await look(world, ALICE)
    assert await reasons(world) == [NotifyReason.FIRED, NotifyReason.RESOLVED, NotifyReason.FIRED]


async def test_an_outage_between_two_equal_pages_is_not_overlooked(world: World) -> None:
    """The page after an outage is decided, though it is the one from before: what failed is over."""
    await world.watch(ALICE)
    await look(world, ALICE)
    world.source.fail(ALICE, FailureKind.BROKEN)
    await look(world, ALICE)
    assert not await is_steady(world)
    world.source.answers.clear()
    await look(world, ALICE)
    assert await reasons(world) == [NotifyReason.FIRED, NotifyReason.RESOLVED]


async def test_a_reminder_comes_though_the_page_stays(world: World) -> None:
    """An unchanged page is decided again when a reminder is due."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 0
    await look(world, ALICE)
    for _ in range(25):
        world.clock.forward(hours=1)
        await world.look(ALICE)
    assert await reasons(world) == [NotifyReason.FIRED, NotifyReason.REMINDED]


async def test_other_rules_are_heeded_at_the_next_look(world: World) -> None:
    """Rules that were read anew hold for an unchanged page as well."""
    await world.watch(ALICE)
    await look(world, ALICE)
    (source,) = world.context.active_targets.targets.sources.values()
    rules = replace(source.rules, low_credits=parse_credit_ladder("9500"))
    world.put_in_force(replace(source, rules=rules))
    await look(world, ALICE)
    assert await reasons(world) == [NotifyReason.FIRED]


async def test_who_is_watched_again_is_told_again(world: World) -> None:
    """What was known of an account that is watched no more is forgotten: watched again, low is said again."""
    discovery = world.discovery()
    world.source.lists(ALICE, BOB)
    await discovery.ask_all()
    world.source.credits[ALICE] = 400
    await look(world, ALICE, BOB)
    world.source.lists(BOB)
    await discovery.ask_all()
    await discovery.ask_all()
    world.source.lists(ALICE, BOB)
    await discovery.ask_all()
    await look(world, ALICE, BOB)
    assert await reasons(world) == [NotifyReason.FIRED, NotifyReason.FIRED]


async def test_a_source_that_was_shut_is_told_as_open_by_unchanged_pages(world: World) -> None:
    """While the source's own alert stirs, every look is decided: its end is told though no page has changed."""
    await world.watch(ALICE, BOB, CAROL)
    await look(world, ALICE, BOB, CAROL)
    world.source.fail(ALICE, FailureKind.UNAUTHORIZED)
    await look(world, ALICE)
    world.source.answers.clear()
    world.clock.forward(minutes=1)
    async with world.store.write() as connection:  # the one that was refused is gone, and the others are steady
        await accounts.unwatch(connection, [ALICES])
    assert await is_steady(world, BOB)
    await look(world, BOB)
    told = [(one.notification.subject, one.notification.reason) for one in await world.notifications()]
    assert told == [(SOURCE, NotifyReason.FIRED), (SOURCE, NotifyReason.RESOLVED)]


async def test_a_clock_set_back_is_no_reason_to_trust_it(world: World) -> None:
    """Before the moment at which it was found steady nothing is known of an account: it is decided."""
    await world.watch(ALICE)
    await look(world, ALICE)
    world.clock.forward(hours=-2)
    page = await known_page(world)
    assert page
    saved = await world.processor.save([FinishedCheck(ALICES, NotModified(world.clock(), page))])
    assert [change.after.key for change in saved.changes] == [ALICES]
    assert saved.unchanged == []


async def test_a_page_without_a_reading_is_no_reading(world: World) -> None:
    """Should the reading before be lost, the account is checked once more, and no number comes out of nowhere."""
    await world.watch(ALICE)
    await look(world, ALICE)
    page = await known_page(world)
    assert page
    async with world.store.write() as connection:
        await connection.exec_driver_sql("UPDATE accounts SET reading = 'lost', steady_until = NULL")
    world.clock.forward(minutes=1)
    saved = await world.processor.save([FinishedCheck(ALICES, NotModified(world.clock(), page))])
    assert list(saved.results) == []
    world.clock.forward(minutes=1)
    await world.checks.start_due()
    await until(lambda: not world.checks.busy)
    assert await world.query("SELECT reading <> 'lost' FROM accounts") == [(1,)]


class Checkers:
    """Two checkers on one database: each of another process, but for the store."""

    def __init__(self, world: World) -> None:
        """``first`` is the world's own."""
        self.world = world
        self.first = world.checks
        self.second = CheckRunner(world.context, CheckProcessor(world.context, world.writer), world.catch_up)
        self.saving = asyncio.create_task(self.second.run())

    async def check(self, checker: CheckRunner, credits: float) -> None:
        """A minute later, one of them finds so many credits."""
        self.world.clock.forward(minutes=1)
        self.world.source.credits[ALICE] = credits
        await asyncio.wait_for(checker.look_now([ALICES]), SOON)

    async def credits(self) -> float:
        """What is known of the account."""
        async with self.world.store.read() as connection:
            (seen,) = await accounts.watched(connection)
        assert seen.reading
        return seen.reading.credits.total


@pytest.fixture
async def checkers(world: World) -> AsyncIterator[Checkers]:
    """Both have checked the account, and found plenty."""
    await world.watch(ALICE)
    both = Checkers(world)
    await both.check(both.first, 9_000)
    await both.check(both.second, 9_000)
    yield both
    both.saving.cancel()
    await asyncio.gather(both.saving, return_exceptions=True)


async def test_a_page_that_another_checker_has_seen_change_is_read_again(checkers: Checkers) -> None:
    """One checker has read page P, the other reads Q and fires: P again is 9,000 credits, and the alert is over."""
    await checkers.check(checkers.second, 400)
    await checkers.check(checkers.first, 9_000)
    assert await checkers.credits() == 9_000
    assert await reasons(checkers.world) == [NotifyReason.FIRED, NotifyReason.RESOLVED]


async def test_a_page_that_changes_while_another_checker_asks_is_not_taken_for_the_stored_one(
    checkers: Checkers,
) -> None:
    """One checker asks with page P; the other stores Q meanwhile: the answer "P again" does not make Q fresh."""
    world = checkers.world
    hold = world.source.hang(ALICE)
    asked = asyncio.create_task(checkers.check(checkers.first, 9_000))
    await until(lambda: world.source.in_flight)
    page = await known_page(world)
    assert page
    world.source.credits[ALICE] = 400
    async with world.store.write() as connection:  # what the second checker does while the first waits
        (before,) = await accounts.watched(connection)
    low = replace(reading(400, world.clock.forward(minutes=1)), fingerprint="400")
    await CheckProcessor(world.context, world.writer).save([FinishedCheck(before.key, low)])
    world.source.credits[ALICE] = 9_000
    world.clock.forward(minutes=1)
    hold.set()
    await asked
    assert await checkers.credits() == 400
    assert await reasons(world) == [NotifyReason.FIRED]
    await world.checks.start_due()
    await until(lambda: not world.checks.busy)
    assert await checkers.credits() == 9_000
    assert await reasons(world) == [NotifyReason.FIRED, NotifyReason.RESOLVED]


async def test_an_outage_that_another_checker_has_seen_ends_by_the_same_page(checkers: Checkers) -> None:
    """One checker knows page P; the other saw a broken session: P again is the end of that, and is told."""
    world = checkers.world
    world.source.fail(ALICE, FailureKind.BROKEN)
    await checkers.check(checkers.second, 9_000)
    world.source.answers.clear()
    await checkers.check(checkers.first, 9_000)
    assert await reasons(world) == [NotifyReason.FIRED, NotifyReason.RESOLVED]


async def test_a_start_reads_every_page_whole(world: World) -> None:
    """Another version may read more of a page, and other settings may hold: no page is known after a start."""
    await world.watch(ALICE)
    await look(world, ALICE)
    assert await is_steady(world)
    await CheckRunner(world.context, CheckProcessor(world.context, world.writer), world.catch_up).resume()
    assert not await is_steady(world)
