"""Forecasts made from what is stored, and the alerts they call for, with a real database and a clock moved by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.checks.forecaster import Forecaster
from bot.config.parsers import parse_time_ladder
from bot.domain.accounts import Account
from bot.domain.alerts import AlertRule, NotifyReason
from bot.evaluation.forecast.foresee import told_now
from bot.storage import accounts
from tests.support.fakes import ALICE, World, key_of

HOUR = timedelta(hours=1)


async def remembered(world: World) -> Account:
    """The account as it is stored."""
    async with world.store.read() as connection:
        return (await accounts.load(connection, [key_of(ALICE)]))[key_of(ALICE)]


async def spend(world: World, days: int, by_hour: float) -> None:
    """Lives through some days of even spending, looked at each hour."""
    for _ in range(days * 24):
        world.clock.now += HOUR
        world.source.credits[ALICE] -= by_hour
        await world.look(ALICE)


@pytest.fixture
def foresight(world: World) -> Forecaster:
    """The part that makes the forecasts, with the rule as it is by default."""
    (source,) = world.context.active_targets.targets.sources.values()
    world.put_in_force(replace(source, rules=replace(source.rules, runs_out_within=parse_time_ladder("2d"))))
    return Forecaster(world.context, world.writer)


async def test_a_run_out_is_seen_coming_once(world: World, foresight: Forecaster) -> None:
    """Even spending that ends soon is told once as a warning, with a range around the true moment."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 20_000
    await spend(world, 14, 55)
    await foresight.look()
    await foresight.look()
    told = [one.notification for one in await world.notifications() if one.notification.measure is AlertRule.RUNWAY]
    assert [one.reason for one in told] == [NotifyReason.FIRED]
    foretold = told[0].facts.foretold
    assert foretold is not None
    assert foretold.earliest is not None
    assert foretold.latest is not None
    true_end = world.clock.now + HOUR * (world.source.credits[ALICE] / 55)
    assert foretold.earliest - 6 * HOUR <= true_end <= foretold.latest + 6 * HOUR


async def test_the_record_of_the_ranges_is_stored_for_a_day(world: World, foresight: Forecaster) -> None:
    """Counted with the first forecast from what is stored, kept by those of the next day, then counted again."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 7_200
    counted = []
    for day in range(20):
        await spend(world, 1, 100)
        if day % 3 == 2:
            world.source.credits[ALICE] = 7_200
        await foresight.look()
        foretold = (await remembered(world)).foretold
        counted.append(foretold.record if foretold else None)
    records = [record for record in counted if record]
    assert [record.made_at for record in records] == sorted(record.made_at for record in records)
    assert records[0].counted == 0, "no range has come to its end"
    assert records[-1].counted >= 5
    assert records[-1].held == records[-1].counted
    world.clock.now += timedelta(hours=6)
    await world.look(ALICE)
    await foresight.look()
    foretold = (await remembered(world)).foretold
    assert foretold
    assert foretold.record == records[-1]


async def test_thin_history_is_silent(world: World, foresight: Forecaster) -> None:
    """With less than a day of readings nothing is foretold and nothing said."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 500
    for _ in range(5):
        world.clock.now += HOUR
        world.source.credits[ALICE] -= 90
        await world.look(ALICE)
    await foresight.look()
    assert not [one for one in await world.notifications() if one.notification.measure is AlertRule.RUNWAY]


async def test_a_forecast_does_not_outlive_what_it_was_made_from(world: World, foresight: Forecaster) -> None:
    """A top-up takes a forecast back at once, and a new one is made at the next opportunity."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 20_000
    await spend(world, 14, 55)
    await foresight.look()
    account = await remembered(world)
    assert told_now(account, world.clock.now) is not None
    world.clock.now += HOUR / 4
    world.source.credits[ALICE] += 50_000
    await world.look(ALICE)
    account = await remembered(world)
    assert told_now(account, world.clock.now) is None
    await foresight.look()
    told = [
        one.notification.reason for one in await world.notifications() if one.notification.measure is AlertRule.RUNWAY
    ]
    assert told == [NotifyReason.FIRED, NotifyReason.RESOLVED]
