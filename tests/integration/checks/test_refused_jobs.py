"""Refused jobs: when the statistics are asked for, what fires, what rings, and how it ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.jobs import JobsWatch
from bot.config.parsers import parse_credit_ladder
from bot.domain.accounts import FailureKind
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.notifications import Notification
from bot.sources.useapi.statistics import MOST
from bot.storage import alerts, jobs
from tests.support.fakes import ALICE, BOB, SOURCE, World, key_of

FIRED, RESOLVED, REMINDED = NotifyReason.FIRED, NotifyReason.RESOLVED, NotifyReason.REMINDED
QUARTER = timedelta(minutes=15)


async def watch(world: World, limit: int = 1, remind_every: timedelta | None = timedelta(hours=24)) -> JobsWatch:
    """A watch over two accounts with plenty of credits, critical only at zero."""
    await world.watch(ALICE, BOB)
    source = world.context.active_targets.targets.sources[SOURCE]
    rules = replace(
        source.rules, refused_jobs=limit, remind_every=remind_every, low_credits=parse_credit_ladder("20%,5%,0")
    )
    world.put_in_force(replace(source, rules=rules))
    await world.look(ALICE, BOB)
    world.source.rows = []
    return JobsWatch(world.context, world.processor)


async def next_round(world: World, watched: JobsWatch, **later: float) -> None:
    """Time passes, and the statistics are asked for."""
    world.clock.forward(**(later or {"minutes": 15}))
    await watched.tick()


async def told(world: World, rule: AlertRule = AlertRule.JOBS) -> list[Notification]:
    """What was told under a rule, in order."""
    return [one.notification for one in await world.notifications() if one.notification.measure is rule]


async def reasons(world: World, rule: AlertRule = AlertRule.JOBS) -> list[NotifyReason]:
    """Why each of them was told."""
    return [one.reason for one in await told(world, rule)]


async def rings(world: World) -> int:
    """How many messages make a sound."""
    return sum(one.notification.rings for one in await world.notifications())


async def test_a_refused_job_is_critical_with_the_age_of_the_figure(world: World) -> None:
    """Credits are far from low: only the refusal tells that jobs do not run."""
    watched = await watch(world)
    world.source.job(ALICE, ago=12)
    world.source.job(BOB, 200, ago=8)
    await watched.tick()
    (fired,) = await told(world)
    assert (fired.subject, fired.reason, fired.severity) == (key_of(ALICE), FIRED, Severity.CRITICAL)
    assert fired.rings
    assert fired.facts.jobs is not None
    assert (fired.facts.jobs.count, fired.facts.value) == (1, 1)
    assert world.clock.now - fired.facts.jobs.as_of == timedelta(minutes=8)


async def test_it_asks_at_the_start_and_every_quarter_of_an_hour(world: World) -> None:
    """One call for all accounts of the source; and not at all where the rule is off."""
    watched = await watch(world)
    for _ in range(3):
        await watched.tick()
        world.clock.forward(minutes=7)
    assert len(world.source.limits) == 1
    await next_round(world, watched, minutes=1)
    assert len(world.source.limits) == 2
    off = await watch(world, limit=0)
    asked = len(world.source.limits)
    await off.tick()
    assert len(world.source.limits) == asked


async def test_it_ends_when_a_later_job_was_accepted(world: World) -> None:
    """To the same endpoint, with a 2xx; another endpoint says nothing."""
    watched = await watch(world)
    world.source.job(ALICE, ago=10)
    await watched.tick()
    world.source.job(ALICE, 200, "post-images", ago=5)
    world.source.job(BOB, 200, ago=5)
    await next_round(world, watched)
    assert await reasons(world) == [FIRED]
    world.source.job(ALICE, 201, ago=5)
    await next_round(world, watched)
    assert await reasons(world) == [FIRED, RESOLVED]
    assert not (await told(world))[-1].rings


async def test_it_ends_without_a_word_when_the_hour_is_over(world: World) -> None:
    """Also where the statistics cannot be read any more."""
    watched = await watch(world)
    world.source.job(ALICE, ago=10)
    await watched.tick()
    world.source.rows = None
    for _ in range(4):
        await next_round(world, watched)
    assert await reasons(world) == [FIRED]
    async with world.store.read() as connection:
        found = (await alerts.load(connection, [key_of(ALICE)]))[key_of(ALICE)][AlertRule.JOBS]
    assert found.level == 0


async def test_what_was_accepted_before_it_was_seen_fires_nothing(world: World) -> None:
    """The statistics are late: both came with the same answer."""
    watched = await watch(world)
    world.source.job(ALICE, ago=12)
    world.source.job(ALICE, 200, ago=6)
    await watched.tick()
    assert await told(world) == []


@pytest.mark.parametrize(("count", "fires"), [(2, False), (3, True)])
async def test_so_many_jobs(world: World, count: int, *, fires: bool) -> None:
    """The limit counts the refusals of one account within an hour; older ones do not count."""
    watched = await watch(world, limit=3)
    world.source.job(ALICE, ago=61)
    for number in range(count):
        world.source.job(ALICE, ago=10 + number)
        world.source.job(BOB, 429, ago=10 + number)
    await watched.tick()
    assert bool(await told(world)) is fires


@pytest.mark.parametrize("remind_every", [timedelta(hours=24), None])
async def test_it_rings_at_most_once_a_day(world: World, remind_every: timedelta | None) -> None:
    """A second time within it comes silently; after it, it rings again."""
    watched = await watch(world, remind_every=remind_every)
    for hours, sounds in ((0, 1), (3, 1), (10, 1), (25, 2)):
        world.clock.now = world.clock.now.replace(hour=12, day=23) + timedelta(hours=hours)
        world.source.rows = []
        world.source.job(ALICE, ago=10)
        await watched.tick()
        world.source.rows = []
        await next_round(world, watched, minutes=75)
        assert await rings(world) == sounds, hours
    assert await reasons(world) == [FIRED] * 4


async def test_behind_critical_credits_it_is_a_line_and_does_not_ring(world: World) -> None:
    """Out of credits at night, with refused jobs behind it: one ring, and the reminder has both."""
    watched = await watch(world)
    world.source.credits[ALICE] = 0
    world.clock.forward(minutes=1)
    await world.look(ALICE)
    world.source.job(ALICE, ago=1)
    await next_round(world, watched)
    assert await told(world) == []
    assert await rings(world) == 1
    for _ in range(95):
        world.source.rows = []
        world.source.job(ALICE, ago=5)
        await next_round(world, watched)
    world.clock.forward(minutes=1)
    await world.look(ALICE)
    reminder = (await told(world, AlertRule.CREDITS))[-1]
    assert reminder.reason is REMINDED
    assert reminder.facts.jobs is not None
    assert await told(world) == []


async def test_one_ring_where_the_refusal_came_first(world: World) -> None:
    """The number follows without a sound, with the refused jobs as a line."""
    watched = await watch(world)
    world.source.job(ALICE, ago=2)
    await watched.tick()
    world.source.credits[ALICE] = 0
    world.clock.forward(minutes=1)
    await world.look(ALICE)
    (low,) = await told(world, AlertRule.CREDITS)
    assert (low.severity, low.rings) == (Severity.CRITICAL, False)
    assert low.facts.jobs is not None
    assert await rings(world) == 1


async def test_a_refusal_that_no_longer_fires_silences_no_credits(world: World) -> None:
    """Hours later, out of credits is news, and rings."""
    watched = await watch(world)
    world.source.job(ALICE, ago=2)
    await watched.tick()
    world.source.rows = []
    await next_round(world, watched, hours=2)
    world.source.credits[ALICE] = 0
    await world.look(ALICE)
    assert await rings(world) == 2


async def test_refusals_from_before_a_top_up_are_over_with_it(world: World) -> None:
    """The statistics are late: a job that was refused before the top-up is known after it, and says nothing new."""
    watched = await watch(world)
    world.source.credits[ALICE] = 0
    world.clock.forward(minutes=1)
    await world.look(ALICE)
    world.clock.forward(minutes=5)
    world.source.job(ALICE, ago=1)
    world.source.credits[ALICE] = 9_000
    await world.look(ALICE)
    await next_round(world, watched)
    assert await told(world) == []
    world.source.job(ALICE, ago=1)
    await next_round(world, watched)
    assert await reasons(world) == [FIRED], "one from after it is news"


async def test_statistics_that_cannot_be_read_are_no_failed_check(world: World) -> None:
    """Nobody hears of it, no check has failed, and nothing is known."""
    watched = await watch(world)
    world.source.rows = None
    await watched.tick()
    assert await world.notifications() == []
    assert await world.query("SELECT failures, jobs FROM accounts") == [(0, None), (0, None)]
    assert await world.query("SELECT statistics_at FROM sources") in ([], [(None,)])


async def test_the_limit_grows_until_the_answer_reaches_back_an_hour(world: World) -> None:
    """Many requests: it asks for more at once, and next time for as many from the start."""
    watched = await watch(world)
    for number in range(3_000):
        world.source.job(BOB, 200, ago=number / 40)
    world.source.job(ALICE, ago=58)
    await watched.tick()
    assert world.source.limits[0] < 2_500 <= world.source.limits[-1] <= MOST
    assert await reasons(world) == [FIRED]
    learned = len(world.source.limits)
    await next_round(world, watched)
    assert len(world.source.limits) == learned + 1


async def test_over_midnight(world: World) -> None:
    """The rows' own times count, whatever the day."""
    watched = await watch(world)
    world.clock.now = datetime(2026, 11, 24, 0, 10, tzinfo=UTC)
    world.source.job(ALICE, ago=20)
    await watched.tick()
    (fired,) = await told(world)
    assert fired.facts.jobs is not None
    assert fired.facts.jobs.last_at == datetime(2026, 11, 23, 23, 50, tzinfo=UTC)


async def test_a_mute_withholds_it_and_a_silent_end_leaves_nothing(world: World) -> None:
    """An episode of which a chat got nothing ends there without a message."""
    watched = await watch(world)
    world.source.fail(ALICE, FailureKind.UNAVAILABLE)
    world.source.job(ALICE, ago=2)
    await watched.tick()
    assert await reasons(world) == [FIRED], "an account that cannot be read is told of as well"
    world.source.rows = []
    await next_round(world, watched, hours=1)
    async with world.store.read() as connection:
        memory = await alerts.load_notified(connection, [key_of(ALICE)])
        assert await jobs.statistics_at(connection) == {SOURCE: world.clock.now}
    assert AlertRule.JOBS not in (memory.get(key_of(ALICE)) or {})
