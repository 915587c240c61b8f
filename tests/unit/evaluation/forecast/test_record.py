"""The record of an account's ranges: the same as if each had been told then, and judged by what came."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from random import Random

import pytest

from bot.domain.accounts import Account, Credits, ForecastRecord, ForecastSummary, Plan, Reading
from bot.domain.credit_changes import Point, point_of
from bot.evaluation.evaluate import Audience
from bot.evaluation.forecast.foresee import foresee
from bot.evaluation.forecast.record import LAST, is_held, record_of
from bot.evaluation.forecast.run_out import outlook, past_of
from tests.support.builders import DAY, HOUR, MINUTE, NOW, RULES, account_with
from tests.support.credit_histories import known_of, past, refill_in, steadily

DAYS = 40


def bought(costs: list[float], stock: float) -> list[Reading]:
    """Hourly readings of a package that is bought anew when it is spent; the costs are an hour's each, up to now."""
    left, found, start = stock, [], NOW - len(costs) * HOUR
    for hour, cost in enumerate(costs, 1):
        left = left - cost if left > cost else stock
        found.append(Reading(start + hour * HOUR, Credits(0, 0, left), Plan("Pro", "Pro")))
    return found


def busy(seed: int) -> list[float]:
    """Days that differ, some of them idle; each hour costs something on the others."""
    random = Random(seed)
    days = [random.choice([0.0, 10, 20, 40, 90]) for _ in range(DAYS)]
    return [day * random.uniform(0.5, 1.5) for day in days for _ in range(24)]


def told_and_came(readings: list[Reading], age: int) -> bool | None:
    """Whether the range told so many days ago held; None if it does not count.

    It is told of the readings until then alone, and judged by the falls after them, evenly within each hour.
    """
    until, now = len(readings) - age * 24, NOW - age * DAY
    told = outlook(*known_of(readings[:until]), now)
    if told is None or not told.is_range or told.earliest is None or told.latest is None or told.latest > NOW:
        return None
    totals = [float(reading.credits.total) for reading in readings[until - 1 :]]
    left = totals[0]
    for hour, (before, after) in enumerate(pairwise(totals)):
        fall = max(before - after, 0.0)
        if fall >= left:
            return told.earliest <= now + (hour + left / fall) * HOUR <= told.latest
        left -= fall
    return False


@pytest.mark.parametrize("seed", range(6))
def test_the_record_is_that_of_ranges_told_then(seed: int) -> None:
    """Of the last ten whose late end is past: each told again from what was known then, and what came counted out."""
    readings = bought(busy(seed), 2_500)
    found = record_of(*known_of(readings), NOW)
    judged = [held for age in range(1, DAYS - 3) if (held := told_and_came(readings, age)) is not None][:LAST]
    assert len(judged) >= 5
    assert (found.held, found.counted) == (sum(judged), len(judged))


def test_ranges_of_an_even_pace_hold() -> None:
    """100 an hour, bought anew every third day: all of the last ten."""
    found = record_of(*known_of(bought([100.0] * 24 * DAYS, 7_200)), NOW)
    assert (found.made_at, found.held, found.counted) == (NOW, LAST, LAST)


def test_ranges_that_a_change_broke_are_counted_as_broken() -> None:
    """Ten times as fast for the last eight days: what was told before the change did not hold."""
    costs = [10.0] * 24 * (DAYS - 8) + [100.0] * 24 * 8
    found = record_of(*known_of(bought(costs, 1_200)), NOW)
    assert 0 < found.held < found.counted


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param(bought([100.0] * 24 * 3, 7_200), id="three days"),
        pytest.param(bought([1.0] * 24 * DAYS, 50_000), id="no end has come"),
        pytest.param(past(steadily(10), 4_800, 24 * DAYS, refill_in(5)), id="it lasted to each refill"),
        pytest.param(bought([0.0] * 24 * DAYS, 500), id="nothing spent"),
    ],
)
def test_without_ranges_there_is_no_record(readings: list[Reading]) -> None:
    """What could not be judged counts in neither."""
    assert record_of(*known_of(readings), NOW) == ForecastRecord(NOW)


def test_an_account_that_was_never_read_has_no_record() -> None:
    """Nothing was told of it."""
    assert record_of(account_with(), [], NOW) == ForecastRecord(NOW)


def test_what_nobody_saw_judges_no_range() -> None:
    """Where the days after a range were filled in from others, nobody knows whether it held."""
    account, points = known_of(bought([100.0] * 24 * DAYS, 7_200))
    assert account.reading is not None
    whole = past_of(points, account.reading)
    assert whole is not None
    unseen = replace(whole, days=[*(replace(day, known=0) for day in whole.days[:12]), *whole.days[12:]])
    for age in range(4, 12):
        assert is_held(account, NOW - age * DAY, whole, age) is True
        assert is_held(account, NOW - age * DAY, unseen, age) is None
    assert is_held(account, NOW - 20 * DAY, unseen, 20) is True


def foreseen(account: Account, points: list[Point], now: datetime) -> ForecastSummary:
    """The forecast that is stored."""
    after, _ = foresee(account, points, {}, RULES, Audience(), now)
    assert after.foretold is not None
    return after.foretold


def test_a_record_is_counted_once_a_day() -> None:
    """It costs many forecasts; one of the last day is kept, one from a clock that was set back is not."""
    account, points = known_of(bought([100.0] * 24 * DAYS, 7_200))
    first = foreseen(account, points, NOW)
    assert first.record == ForecastRecord(NOW, LAST, LAST)
    for at, kept in ((NOW - DAY + MINUTE, True), (NOW - DAY, False), (NOW + MINUTE, False)):
        stored = replace(first, record=ForecastRecord(at, 3, 7))
        again = foreseen(replace(account, foretold=stored), points, NOW).record
        assert again == (stored.record if kept else first.record)


def test_a_reading_that_is_no_point_counts_too() -> None:
    """The last reading may be newer than the last point that is stored."""
    readings = bought([100.0] * 24 * DAYS, 7_200)
    account, points = known_of(readings)
    assert record_of(account, points[:-1], NOW) == record_of(account, [*points, point_of(readings[-1])], NOW)
