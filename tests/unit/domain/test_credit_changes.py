"""What happened between two readings: told apart by the bucket that changed and the times that the service tells."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credit_changes import ChangeKind, CreditChanges, Point, changes_between

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
DAY = timedelta(days=1)
SOON, FAR = NOW + timedelta(minutes=5), NOW + 3 * DAY
ALLOWANCE = {"monthly_allowance": 15_000}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"monthly": 820}, {"monthly": 700}, CreditChanges(spent=120)),
        ({"monthly": 820, **ALLOWANCE}, {"monthly": 830, **ALLOWANCE}, CreditChanges(refunded=10)),
        ({"monthly": 820}, {"monthly": 920}, CreditChanges(refunded=100)),
        ({"monthly": 820}, {"monthly": 921}, CreditChanges(topped_up=101, hides_spending=True)),
        (
            {"monthly": 820, "refresh_at": FAR, **ALLOWANCE},
            {"monthly": 830, "refresh_at": FAR + timedelta(seconds=1), **ALLOWANCE},
            CreditChanges(refunded=10),
        ),
        (
            {"monthly": 820, "refresh_at": SOON, **ALLOWANCE},
            {"monthly": 15_000, "refresh_at": SOON + 30 * DAY, **ALLOWANCE},
            CreditChanges(refilled=14_180, hides_spending=True),
        ),
        (
            {"monthly": 820, "refresh_at": NOW - DAY, **ALLOWANCE},
            {"monthly": 15_000, **ALLOWANCE},
            CreditChanges(refilled=14_180, hides_spending=True),
        ),
        (
            {"monthly": 820, "refresh_at": NOW - DAY, **ALLOWANCE},
            {"monthly": 830, "refresh_at": NOW - DAY, **ALLOWANCE},
            CreditChanges(refunded=10),
        ),
        (
            {"monthly": 16_000, "refresh_at": SOON, **ALLOWANCE},
            {"monthly": 15_000, "refresh_at": SOON + 30 * DAY, **ALLOWANCE},
            CreditChanges(hides_spending=True),
        ),
        (
            {"monthly": 820, "plan": "Pro", **ALLOWANCE},
            {"monthly": 6_000, "plan": "Basic", "monthly_allowance": 6_000},
            CreditChanges(by_plan=5_180, hides_spending=True),
        ),
        (
            {"monthly": 4_000, "plan": "Pro"},
            {"monthly": 0, "plan": "Free"},
            CreditChanges(lapsed=4_000, hides_spending=True),
        ),
        ({"monthly": 4_000, "plan_ends_at": SOON}, {"monthly": 0}, CreditChanges(lapsed=4_000, hides_spending=True)),
        ({"monthly": 5, "package": 0}, {"monthly": 5, "package": 2_000}, CreditChanges(topped_up=2_000)),
        ({"monthly": 5, "package": 300}, {"monthly": 5, "package": 335}, CreditChanges(refunded=35)),
        ({"monthly": 5, "package": 300}, {"monthly": 5, "package": 265}, CreditChanges(spent=35)),
        ({"monthly": 5, "package": 300}, {"monthly": 5}, CreditChanges()),
        (
            {"monthly": 5, "daily": 0, "daily_refresh_at": SOON},
            {"monthly": 5, "daily": 60, "daily_allowance": 60},
            CreditChanges(daily_refilled=60),
        ),
        (
            {"monthly": 5, "daily": 20, "daily_refresh_at": SOON},
            {"monthly": 5, "daily": 10, "daily_allowance": 60},
            CreditChanges(spent=50),
        ),
        ({"monthly": 5, "daily": 20, "daily_refresh_at": FAR}, {"monthly": 5, "daily": 30}, CreditChanges(refunded=10)),
        ({"monthly": 5, "daily": 60}, {"monthly": 5, "daily": 25}, CreditChanges(spent=35)),
    ],
)
def test_what_happened(before: dict[str, object], after: dict[str, object], found: CreditChanges) -> None:
    """A job, its refund, a refill, a top-up, another plan, a plan's end, the daily credits."""
    assert changes_between(Point(NOW, **before), Point(LATER, **after)) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        (CreditChanges(spent=5), None),
        (CreditChanges(refunded=5, daily_refilled=1), ChangeKind.DAILY_REFILL),
        (CreditChanges(refilled=5, topped_up=1), ChangeKind.TOP_UP),
        (CreditChanges(by_plan=5, daily_refilled=60), ChangeKind.PLAN_CHANGE),
        (CreditChanges(refunded=5), ChangeKind.REFUND),
    ],
)
def test_why_credits_grew(changes: CreditChanges, kind: ChangeKind | None) -> None:
    """Of several at once, what weighs most for a person."""
    assert changes.grew_by is kind


amounts = st.integers(0, 20_000)
moments = st.none() | st.integers(-5, 60).map(lambda days: NOW + days * DAY / 2)
points = st.builds(
    Point,
    st.just(NOW),
    amounts,
    st.none() | amounts,
    st.none() | amounts,
    st.none() | amounts,
    st.none() | amounts,
    moments,
    moments,
    st.sampled_from([None, "Pro", "Basic"]),
    moments,
)


@given(points, points)
def test_nothing_is_counted_twice_or_below_zero(before: Point, after: Point) -> None:
    """Whatever two readings say, no amount is negative, and the monthly credits did one thing only."""
    found = changes_between(before, after._replace(taken_at=LATER))
    sums = (
        found.spent,
        found.refunded,
        found.daily_refilled,
        found.refilled,
        found.topped_up,
        found.by_plan,
        found.lapsed,
    )
    assert min(sums) >= 0
    gained = after.monthly - before.monthly
    assert max(found.refilled, found.by_plan) <= max(gained, 0)
    assert found.lapsed <= max(-gained, 0)


@given(points)
def test_the_same_reading_again_tells_nothing(point: Point) -> None:
    """A reading that was seen again, with no refill between, did nothing."""
    still = point._replace(refresh_at=None, daily_refresh_at=None, plan_ends_at=None)
    assert changes_between(still, still._replace(taken_at=LATER)) == CreditChanges()
