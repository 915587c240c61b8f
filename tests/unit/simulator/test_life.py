"""A simulated account's life, without any clock."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.simulator.accounts import SimulatedAccount
from bot.simulator.life import FREE_PLAN, Life, a_month_after, spend

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def account(**values: object) -> SimulatedAccount:
    """Make an account whose plan ends on 10 July at noon, unless told otherwise."""
    made = SimulatedAccount("a@example.com", monthly=1000, daily=50, package=10, ends_at=NOON + timedelta(days=9))
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_credits_burn_evenly_whatever_the_steps() -> None:
    """Many short looks and one long one spend the same."""
    often, once = account(), account()
    looked_at_often, looked_at_once = Life(often, NOON, burn_per_hour=7), Life(once, NOON, burn_per_hour=7)
    for minutes in range(1, 6 * 60 + 1):
        looked_at_often.advance(NOON + timedelta(minutes=minutes))
    looked_at_once.advance(NOON + 6 * HOUR)
    assert (often.daily, often.monthly) == (once.daily, once.monthly) == (8, 1000)


def test_a_burst_comes_at_its_time() -> None:
    """A burst is spent whole, and only when it is due."""
    bursting = account()
    life = Life(bursting, NOON, burst=100, burst_every=2 * HOUR)
    life.advance(NOON + 2 * HOUR - timedelta(seconds=1))
    assert (bursting.daily, bursting.monthly) == (50, 1000)
    life.advance(NOON + 4 * HOUR)
    assert (bursting.daily, bursting.monthly) == (0, 850)


def test_the_daily_credits_come_back_at_midnight_utc() -> None:
    """Unspent daily credits are replaced, not added to."""
    resting = account()
    Life(resting, NOON).advance(NOON + 12 * HOUR)
    assert resting.daily == 60
    assert resting.body(NOON + 12 * HOUR)["daily_credits_refresh_time"] == "2026-07-03T00:00:00Z"


def test_a_plan_that_renews_moves_on_by_a_month_and_refills() -> None:
    """Plan end and refill both move to the next month; a changed plan begins."""
    renewing = account(next_plan_name="Standard - Monthly", monthly=3)
    Life(renewing, NOON).advance(NOON + timedelta(days=9, seconds=6))
    assert renewing.ends_at == datetime(2026, 8, 10, 12, tzinfo=UTC)
    assert renewing.refresh_at == datetime(2026, 8, 10, 12, 0, 6, tzinfo=UTC)
    assert (renewing.monthly, renewing.plan_name) == (15000, "Standard - Monthly")
    assert renewing.body()["next_plan_name"] == "Standard - Monthly"


def test_a_cancelled_plan_expires() -> None:
    """The monthly credits lapse, no refill follows, the package stays."""
    ending = account(cancelled_at=NOON)
    Life(ending, NOON).advance(NOON + timedelta(days=40))
    assert (ending.monthly, ending.package, ending.plan_name) == (0, 10, FREE_PLAN)
    assert ending.ends_at == NOON + timedelta(days=9)
    assert ending.body()["credits_refresh_time"] == "0001-01-01T00:00:00Z"


def test_the_past_changes_nothing() -> None:
    """A clock that jumps back neither refunds nor spends twice."""
    steady = account()
    life = Life(steady, NOON, burn_per_hour=10)
    life.advance(NOON + HOUR)
    life.advance(NOON - 5 * HOUR)
    life.advance(NOON + HOUR)
    assert steady.daily == 40


def test_spending_takes_the_buckets_in_order_and_stops_at_zero() -> None:
    """Daily before monthly before package, and never below nothing."""
    spending = account()
    spend(spending, 1055)
    assert (spending.daily, spending.monthly, spending.package) == (0, 0, 5)
    spend(spending, 100)
    assert spending.package == 0


@pytest.mark.parametrize(
    ("day", "next_day"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2026, 12, 15, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC)),
    ],
)
def test_a_month_after(day: datetime, next_day: datetime) -> None:
    """A month ends with its last day, and December with January."""
    assert a_month_after(day) == next_day
