"""Several accounts as one stock: what is summed, what is not, and when a sum says when it is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import (
    Account,
    Balance,
    CheckFailure,
    Credits,
    FailureKind,
    ForecastSummary,
    Pause,
    Plan,
    Reading,
)
from bot.evaluation.forecast.pool import Refill, pool_of

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
DAY = timedelta(days=1)
REFILL = NOW + 4 * DAY
PLAN = Plan("Premium", "Premium", ends_at=REFILL)
ENDS = Plan("Premium", ends_at=NOW + 3 * DAY, cancelled_at=NOW - DAY)


def account(total: float, per_day: float | None, plan: Plan = PLAN, **more: Any) -> Account:
    """An account read just now that spends so much a day; None: nobody knows."""
    reading = Reading(NOW, Credits(total, 0, 0, 15_000, refresh_at=REFILL), plan)
    told = None
    if per_day is not None:
        told = ForecastSummary(NOW, total, useful=True, lasts=True, per_day=per_day, per_day_lately=per_day)
    known = Account("k", "pixverse", "a@example.com", reading=reading, foretold=told, looked_at=NOW, allowance=15_000)
    return replace(known, **more)


def refilled(one: Account, **credits: Any) -> Account:
    """The account with other credits."""
    assert one.reading is not None
    return replace(one, reading=replace(one.reading, credits=replace(one.reading.credits, **credits)))


BROKEN: dict[str, Any] = {"outage": CheckFailure(NOW, FailureKind.BROKEN)}
PAUSED = {"pause": Pause("k", NOW, NOW + DAY)}
OLD = {"reading": Reading(NOW - 2 * DAY, Credits(9_000, 0, 0))}
NEW = {"reading": None}

totals = st.floats(1, 100_000)
paces = st.floats(1, 20_000)
fleets = st.lists(st.builds(account, totals, paces), min_size=1, max_size=6)


@given(fleets, st.sampled_from([BROKEN, PAUSED, OLD, NEW]), st.integers(0, 5))
def test_what_is_not_known_counts_in_nothing(fleet: list[Account], unknown: dict[str, Any], place: int) -> None:
    """An account that cannot be read, is paused, or was read long ago changes no number, and is counted apart."""
    pool = pool_of(fleet, NOW)
    more = [*fleet[:place], account(70_000, 900, **unknown), *fleet[place:]]
    assert pool_of(more, NOW) == replace(pool, accounts=len(fleet) + 1)
    assert pool.known == len(fleet)


@given(fleets)
def test_it_is_one_sum(fleet: list[Account]) -> None:
    """Debts of one account take nothing from another's credits."""
    pool = pool_of([*fleet, account(-500, 10)], NOW)
    assert pool.total == pytest.approx(sum(one.reading.credits.total for one in fleet if one.reading))


@given(fleets, totals)
def test_nothing_is_said_of_the_end_while_one_pace_is_unknown(fleet: list[Account], total: float) -> None:
    """Without a forecast, with one that no longer holds, or with less than a week seen: no guess."""
    late = account(total, 50)
    assert late.foretold is not None
    for unknown in (
        account(total, None),
        replace(late, foretold=replace(late.foretold, made_at=NOW - timedelta(hours=7))),
        replace(late, foretold=replace(late.foretold, per_day_lately=None)),
        replace(late, foretold=replace(late.foretold, total=total - 0.5)),
    ):
        assert pool_of([*fleet, unknown], NOW).gone is None


@given(st.lists(st.tuples(st.integers(1, 50_000), st.integers(0, 5_000)), min_size=1, max_size=6))
def test_a_stock_in_parts_ends_as_the_whole(parts: list[tuple[int, int]]) -> None:
    """The forecast of the sum is that of one account that spends what all do."""
    total, per_day = (sum(numbers) for numbers in zip(*parts, strict=True))
    assert pool_of([account(*one) for one in parts], NOW).gone == pool_of([account(total, per_day)], NOW).gone


@given(fleets)
def test_a_range_lies_ahead_and_in_order(fleet: list[Account]) -> None:
    """Whatever the paces."""
    gone = pool_of(fleet, NOW).gone
    if gone and gone.earliest and gone.latest:
        assert NOW <= gone.earliest <= gone.latest


def test_a_faster_pace_ends_sooner_and_a_rest_outlasts_it() -> None:
    """9,000 at 600 a day are 15 days; the usual errors lie around that."""
    slow, fast = pool_of([account(9_000, 600)], NOW).gone, pool_of([account(4_500, 600), account(4_500, 600)], NOW).gone
    assert slow
    assert slow.earliest
    assert slow.latest
    assert fast
    assert fast.latest
    assert NOW + 8 * DAY < slow.earliest < NOW + 15 * DAY < slow.latest < NOW + 45 * DAY
    assert fast.latest < slow.latest


def test_credits_that_nobody_spends_are_enough() -> None:
    """They last beyond the horizon."""
    gone = pool_of([account(9_000, 0), account(100, 0)], NOW).gone
    assert gone
    assert gone.earliest is None


def test_an_empty_account_needs_no_forecast() -> None:
    """It spends nothing; what the others have left still ends."""
    assert pool_of([account(9_000, 600), account(0, None)], NOW).gone == pool_of([account(9_000, 600)], NOW).gone
    assert pool_of([account(0, None), account(0, 10)], NOW).gone is None


@given(totals, paces, totals)
def test_a_plan_that_ends_makes_no_end_later(total: float, per_day: float, lapsing: float) -> None:
    """What lapses with it may be spent last."""
    renews = pool_of([account(total, per_day), account(lapsing, per_day)], NOW).gone
    ending = pool_of([account(total, per_day), account(lapsing, per_day, ENDS)], NOW).gone
    if renews and ending and renews.earliest:
        assert ending.earliest
        assert ending.earliest <= renews.earliest
        assert ending.earliest == renews.earliest or ending.earliest >= NOW + 3 * DAY


def test_credits_that_lapse_make_the_early_end_earlier() -> None:
    """As if only the rest were there; where that makes the range too wide, nothing is said."""
    renews = pool_of([account(8_000, 300), account(2_000, 300)], NOW).gone
    ending = pool_of([account(8_000, 300), account(2_000, 300, ENDS)], NOW).gone
    rest = pool_of([account(8_000, 600)], NOW).gone
    assert renews
    assert renews.earliest
    assert ending
    assert rest
    assert rest.earliest
    assert ending.earliest == rest.earliest < renews.earliest
    assert ending.latest == renews.latest
    assert pool_of([account(1_000, 300), account(9_000, 300, ENDS)], NOW).gone is None


def test_lots_that_lapse_make_the_early_end_earlier() -> None:
    """As a plan's end does."""
    calm, lot = account(8_000, 300), account(2_000, 300)
    assert lot.reading
    ending = replace(lot, reading=replace(lot.reading, parts=(Balance("lot", 1_500, lapses_at=NOW + 2 * DAY),)))
    lasts, lapses = pool_of([calm, lot], NOW).gone, pool_of([calm, ending], NOW).gone
    assert lasts
    assert lasts.earliest
    assert lapses
    assert lapses.earliest
    assert lapses.earliest < lasts.earliest


LATER = REFILL + timedelta(minutes=30)
MIDNIGHT = NOW + timedelta(hours=9)
GIFT = Refill(MIDNIGHT, 120, daily=True)


@pytest.mark.parametrize(
    ("fleet", "refill"),
    [
        ([account(1, 1), refilled(account(1, 1), refresh_at=LATER)], Refill(REFILL, 30_000)),
        ([account(1, 1), refilled(account(1, 1), refresh_at=REFILL + DAY)], Refill(REFILL, 15_000)),
        ([account(1, 1), account(1, 1, allowance=None)], Refill(REFILL, None)),
        ([refilled(account(1, 1), refresh_at=NOW), refilled(account(1, 1), refresh_at=None)], None),
        ([account(1, 1, ENDS)], None),
        ([account(1, 1, Plan("Basic", free=True))], None),
        ([account(1, 1, **BROKEN)], None),
        ([refilled(account(1, 1, daily_allowance=60), refresh_at=None, daily_refresh_at=MIDNIGHT)] * 2, GIFT),
        ([refilled(account(1, 1, daily_allowance=60), daily_refresh_at=MIDNIGHT)], Refill(REFILL, 15_000)),
    ],
)  # fmt: skip
def test_the_next_refill_is_the_first_with_those_of_its_hour(fleet: Sequence[Account], refill: Refill | None) -> None:
    """Not one that a plan's end forestalls, nor one with an amount that nobody knows."""
    assert pool_of(fleet, NOW).refill == refill
