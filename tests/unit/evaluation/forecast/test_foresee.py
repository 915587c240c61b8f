"""When a forecast is still worth a word: never against the last reading."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import Account, Credits, ForecastSummary, Reading
from bot.domain.credit_changes import Point
from bot.evaluation.forecast.foresee import add_point, told_now
from bot.evaluation.forecast.run_out import outlook

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
MADE = NOW - timedelta(hours=2)
LASTS = ForecastSummary(
    MADE, 14_490, useful=True, lasts=True, before=False, boundary=NOW + timedelta(days=9), unused=14_000, per_day=50
)
RUNS_OUT = ForecastSummary(
    MADE,
    1_000,
    useful=True,
    lasts=False,
    before=True,
    earliest=NOW + timedelta(days=1),
    latest=NOW + timedelta(days=3),
    per_day=500,
)


def account(foretold: ForecastSummary, total: float) -> Account:
    """An account with a forecast, and what was read of it since."""
    return Account("k", "s", "a@example.com", reading=Reading(NOW, Credits(total)), foretold=foretold)


@pytest.mark.parametrize(
    ("foretold", "total", "told"),
    [
        (LASTS, 14_490, True),
        (LASTS, 14_400, True),
        (LASTS, 600, False),
        (LASTS, 0, False),
        (LASTS, 14_491, False),
        (RUNS_OUT, 900, True),
        (RUNS_OUT, 800, True),
        (RUNS_OUT, 700, False),
        (RUNS_OUT, 0, False),
    ],
)
def test_a_forecast_that_the_last_reading_contradicts_is_not_told(
    foretold: ForecastSummary, total: float, told: bool
) -> None:
    """Nothing left, more than there was, or far less than its own pace takes: it speaks of another account."""
    assert (told_now(account(foretold, total), NOW) is not None) is told


def test_what_an_account_that_was_empty_is_foretold_holds_while_it_is_empty() -> None:
    """Nothing left is no news for a forecast that was made of nothing left."""
    nothing = replace(RUNS_OUT, total=0)
    assert told_now(account(nothing, 0), NOW) is not None


def test_a_forecast_of_a_reading_a_second_is_that_of_one_a_minute() -> None:
    """However often an account is read and changes, a forecast is made of a bounded number of readings."""
    dense, thin = list[Point](), list[Point]()
    for second in range(0, 3 * 24 * 3600, 10):
        at = NOW - timedelta(days=3) + timedelta(seconds=second)
        point = Point(at, 9_000 - second / 40 + (4_000 if second > 100_003 else 0))
        dense.append(point)
        add_point(thin, point)
    assert len(thin) == 3 * 24 * 60
    assert thin[-1] == dense[-1]
    known = Account("k", "s", "a@example.com", reading=Reading(NOW, Credits(dense[-1].monthly)), allowance=15_000)
    fine, rough = outlook(known, dense, NOW), outlook(known, thin, NOW)
    assert fine is not None
    assert rough is not None
    assert fine.median is not None
    assert rough.median is not None
    assert abs(fine.median - rough.median) < timedelta(minutes=15)
