"""Real demand with a simulated plan: nothing of the demand is lost or made up, and the plan fits it."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.backtest import backtest
from bench.forecast import HEAD, case_of, planned, row
from bench.plans import ALLOWANCE, LEAST, MOST, lives_of, spent_by_look
from bench.spending_patterns import DAYS, LOOKS_A_DAY, PERIOD, WATCHED_DAYS
from bot.domain.credit_changes import Point

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def balances(days: int, period: int = 480) -> list[Point]:
    """A reading each hour of an even pace, bought anew as soon as nothing is left."""
    return [Point(START + hour * HOUR, 0, 0, float(period - hour % period)) for hour in range(days * 24)]


def test_demand_is_what_the_balance_lost() -> None:
    """One an hour is a half each half hour; the hour of a rise shows none; a long gap is spread evenly."""
    looks = spent_by_look(balances(30))
    assert len(looks) == 29 * LOOKS_A_DAY - 2, "from the first midnight after the start to the last reading"
    at = (480 - 24) * 2
    assert looks[: at - 2] == pytest.approx([0.5] * (at - 2))
    assert looks[at - 2 : at] == [0, 0]
    gap = spent_by_look([Point(START, 0, 0, 100.0), Point(START + 11 * DAY, 0, 0, 1.0)])
    assert gap == pytest.approx([99 / 11 / LOOKS_A_DAY] * 10 * LOOKS_A_DAY)


@pytest.mark.parametrize("points", [balances(1)[:1], balances(3), balances(DAYS - 1), [*balances(2), *balances(2)]])
def test_a_short_series_has_no_life(points: list[Point]) -> None:
    """Its line in the table is all the same there."""
    assert not list(lives_of("short", points))
    assert len(row("short", planned("short", points))) == len(HEAD)


def test_a_series_where_nothing_is_spent_has_no_life() -> None:
    """There is no month's use to make a plan of."""
    assert not list(lives_of("idle", [Point(START + day * DAY, 0, 0, 5.0 + day) for day in range(200)]))


def test_each_life_has_a_plan_of_less_or_more_than_a_month() -> None:
    """Windows follow each other; the demand of each is 1/1.5 to 1/0.7 of the allowance a month, in whole jobs."""
    lives = list(lives_of("even", balances(DAYS + 3 * WATCHED_DAYS + 2)))
    assert [name for name, _ in lives] == ["even 0", "even 1", "even 2", "even 3"]
    months = [sum(life.wanted) / DAYS * PERIOD for _, life in lives]
    assert all(ALLOWANCE / MOST * 0.99 < month < ALLOWANCE / LEAST * 1.01 for month in months)
    assert len({round(month) for month in months}) == len(months)
    assert len(lives[0][1].readings) == WATCHED_DAYS * LOOKS_A_DAY
    refills = {reading.credits.refresh_at for reading in lives[0][1].readings if reading}
    assert len(refills) >= 2


def test_the_same_series_gives_the_same_lives() -> None:
    """Under its name; another name draws other plans."""
    points = balances(DAYS + 2)
    ((_, first),) = lives_of("even", points)
    ((_, again),) = lives_of("even", points)
    ((_, other),) = lives_of("odd", points)
    assert first == again
    assert first.wanted != other.wanted


def test_an_even_demand_is_forecast_well() -> None:
    """Once a day in each life, and judged by the same rule as any other."""
    found = planned("even", balances(DAYS + 4 * WATCHED_DAYS))
    assert found.ranges >= 10
    assert found.held >= 0.6 * found.ranges
    ((name, life),) = lives_of("even", balances(DAYS + 2))
    asks = case_of(life, name, 0).asks
    assert len(asks) <= WATCHED_DAYS
    assert backtest(case_of(life, name, 0)) == backtest(case_of(life, name, 0))
