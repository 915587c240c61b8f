"""How far off forecasts are: the usual errors, wider for accounts whose days differ, and an account's own."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evaluation.forecast.ahead import Pace, seen_mean
from bot.evaluation.forecast.errors import (
    HORIZONS,
    LEAST_SCALE,
    MOST_SCALE,
    USUAL,
    USUAL_UNEVENNESS,
    Error,
    expected_errors,
    own_errors,
    scaled_errors,
    unevenness,
    usual_errors,
)
from bot.evaluation.forecast.spending import DAY_HOURS, Day


def day(total: float, known: float = 1.0) -> Day:
    """A day that cost so much, the same each hour."""
    return Day(tuple(total * hour / DAY_HOURS for hour in range(DAY_HOURS + 1)), known)


def width(errors: list[float]) -> float:
    """From an early to a late error."""
    return errors[17] - errors[2]


def test_days_that_differ_make_an_account_uneven() -> None:
    """A month of equal days counts far less than the usual, one of a few large ones far more."""
    even, usual = unevenness([day(100)] * 28), USUAL_UNEVENNESS
    uneven = unevenness([day(700 if at % 7 == 0 else 0) for at in range(28)])
    assert even < usual / 2
    assert uneven > 2 * usual


def test_a_few_days_or_none_at_all_are_as_uneven_as_usual() -> None:
    """Before there is a month, the usual stands beside what was seen; where nothing was spent it stands alone."""
    assert unevenness([day(0)] * 28) == USUAL_UNEVENNESS
    one = unevenness([day(100)])
    assert unevenness([day(100)] * 28) < one < USUAL_UNEVENNESS


@pytest.mark.parametrize("horizon", [0.01, *HORIZONS, 5, 60])
def test_the_usual_errors_grow_with_unevenness(horizon: float) -> None:
    """Around the same middle, and within bounds."""
    usual = usual_errors(horizon)
    assert scaled_errors(horizon, USUAL_UNEVENNESS) == pytest.approx(usual)
    even, uneven, wild = (scaled_errors(horizon, much) for much in (0.05, 1.0, 50.0))
    assert width(even) < width(usual) < width(uneven) <= width(wild)
    assert width(even) >= LEAST_SCALE * width(usual) - 1e-9
    assert width(wild) == pytest.approx(MOST_SCALE * width(usual))
    middles = {round(sum(errors[9:11]), 9) for errors in (usual, even, uneven, wild)}
    assert len(middles) == 1


def test_a_pace_of_few_days_is_less_sure() -> None:
    """The fewer days of the last week were seen, the wider; more than a week changes nothing."""
    widths = [width(scaled_errors(7.0, USUAL_UNEVENNESS, seen)) for seen in (1, 2, 4, 7, 20)]
    assert widths[:4] == sorted(widths[:4], reverse=True)
    assert len(set(widths)) == 4
    assert scaled_errors(7.0, USUAL_UNEVENNESS, 0.0) == scaled_errors(7.0, USUAL_UNEVENNESS, 1.0)


def test_the_usual_errors_stand_between_those_of_the_table() -> None:
    """At and beyond its ends they are those of the end; the shortest forecasts are the most often too early."""
    assert usual_errors(HORIZONS[0]) == usual_errors(0.01) == list(USUAL[0])
    assert usual_errors(HORIZONS[-1]) == usual_errors(60) == list(USUAL[-1])
    between = usual_errors(5.0)
    assert all(min(pair) <= off <= max(pair) for off, *pair in zip(between, USUAL[3], USUAL[4], strict=True))
    middles = [usual_errors(horizon)[10] for horizon in (0.5, 1, 3.5)]
    assert middles == sorted(middles, reverse=True)


def test_an_accounts_own_errors_move_the_range() -> None:
    """Forty forecasts of two days that were all right make the range narrow; at another horizon they say little."""
    own = [Error(2.0, 0.01)] * 40
    usual, near, far = expected_errors(2.0), expected_errors(2.0, own), expected_errors(28.0, own)
    assert near.at(0.9) - near.at(0.1) < 0.5 * (usual.at(0.9) - usual.at(0.1))
    elsewhere = expected_errors(28.0)
    assert far.at(0.9) - far.at(0.1) > 0.8 * (elsewhere.at(0.9) - elsewhere.at(0.1))
    late = expected_errors(2.0, [Error(2.0, 9.0)] * 40)
    assert late.at(1.0) == usual.at(1.0), "none counts beyond the usual ones"


@given(
    st.floats(0.001, 200),
    st.lists(st.builds(Error, st.floats(0.05, 120), st.floats(-10, 10)), max_size=40),
    st.floats(0, 5),
    st.floats(0, 1),
    st.floats(-4, 4),
)
def test_errors_are_in_order_and_weigh_one(
    horizon: float, own: list[Error], uneven: float, share: float, limit: float
) -> None:
    """Whatever was seen: each place is an error, and the share until a limit is that of the errors below it."""
    found = expected_errors(horizon, own, uneven)
    assert list(found.offs) == sorted(found.offs)
    assert list(found.weights) == sorted(found.weights)
    assert found.weights[-1] == pytest.approx(1)
    assert found.at(0) == found.offs[0]
    assert found.at(share) in found.offs
    below = [off for off in found.offs if off < limit]
    assert found.share_until(lambda off: off >= limit) == (found.weights[len(below) - 1] if below else 0)
    assert 0 < exp(-found.at(1)) < exp(-found.at(0)) or len(set(found.offs)) == 1


def test_forecasts_of_the_past_are_judged_by_what_came() -> None:
    """An even pace makes no errors; one that has doubled since took half the time."""
    days = [day(100)] * 20
    stocks = [1_000.0 + 100 * age for age in range(21)]
    paces = [Pace.of(days[age:]) for age in range(20)]
    assert all(error.off == pytest.approx(0) for error in own_errors(days, stocks, paces))
    faster = [day(200)] * 5 + [day(100)] * 15
    paces = [Pace.of(faster[age:]) for age in range(20)]
    (at_the_change,) = own_errors(faster, [1_000.0] * 21, paces)[4:5]
    assert exp(at_the_change.off) == pytest.approx(0.5)


def test_a_day_counts_as_far_as_it_was_seen() -> None:
    """A day that was filled in says nothing of the pace, half a day says half as much."""
    assert seen_mean([day(100), day(900, known=0)], 5) == 100
    assert seen_mean([day(100), day(400, known=0.5)], 5) == pytest.approx(200)
    assert seen_mean([day(100, known=0)], 5) == 5
    week = [day(900, known=0)] * 7 + [day(100)] * 21
    assert Pace.of(week) == Pace(100, 100)
    assert Pace.of([day(100)] * 7 + [day(40)] * 21).week == 100
    assert Pace.of([day(70, known=0)]) == Pace(70, 70), "where no day was seen, what was filled in is all there is"
