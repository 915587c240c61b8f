"""The fleet in one line: what it says, and what it keeps to itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from bot.domain.accounts import Account, CheckFailure, Credits, FailureKind, ForecastSummary, JobCost, Reading, Unit
from bot.domain.notifications import Watched
from bot.sources.registry import SERVICES
from bot.sources.useapi.pixverse import PIXVERSE
from bot.telegram.text.layout import line_of
from bot.telegram.text.pool import pool_lines
from tests.support import given
from tests.support.given import NOW, UTC_ZONE


def watched(credits: Credits = given.FULL, per_day: float | None = None, name: str = "Main", **more: Any) -> Watched:
    """An account read just now that spends so much a day."""
    told = None
    if per_day is not None:
        told = ForecastSummary(NOW, credits.total, useful=True, lasts=True, per_day=per_day, per_day_lately=per_day)
    account = Account(
        f"pixverse:{name}@example.com",
        "pixverse",
        f"{name}@example.com",
        name,
        Reading(NOW, credits, given.PREMIUM),
        allowance=credits.monthly_allowance,
        foretold=told,
    )
    return Watched(replace(account, **more))


def said(*fleet: Watched) -> list[str]:
    """The fleet's lines."""
    return [line_of(pieces).text for pieces in pool_lines(fleet, NOW, UTC_ZONE)]


BROKEN = CheckFailure(NOW, FailureKind.BROKEN)


def test_it_says_how_much_until_when_how_sure_and_what_comes() -> None:
    """And of how many accounts, where that is not all."""
    fleet = [watched(given.LOW, 500), watched(given.LOW, 500), watched(outage=BROKEN)]
    gone = "without refills gone Sat 07:00 to 3 Aug (80 % sure)"
    assert said(*fleet) == [f"5,800 credits in 2 of 3 accounts · {gone} · next refill Fri 00:48 with 30,000"]


def test_it_says_for_how_many_jobs_where_each_has_a_cost() -> None:
    """Each account pays for whole jobs of its own cost; who is unknown does not count, and none may be guessed."""
    cost = JobCost(1_000)
    low, full = watched(given.LOW, job_cost=cost), watched(given.FULL, job_cost=JobCost(4_000))
    assert said(low, low, full)[0].startswith("20,800 credits (about 7 jobs) · ")
    assert said(low, low, watched(outage=BROKEN))[0].startswith("5,800 credits (about 4 jobs) in 2 of 3 accounts")
    assert said(low, watched(given.FULL))[0].startswith("17,900 credits · ")
    some = watched(replace(given.LOW, monthly=30), job_cost=JobCost(35))
    assert said(some, some)[0].startswith("60 credits (no job) · ")


def test_it_says_only_what_is_known() -> None:
    """No end without every pace, no refill without a date; a bucket that nobody knows makes the sum a lower bound."""
    part = Credits(2_900, package=None, daily=0)
    assert said(watched(part, 100), watched(part)) == ["at least 5,800 credits"]
    assert said(watched(given.FULL, 0), watched(given.FULL, 0)) == [
        "30,000 credits · at this pace enough for over 60 days · next refill 23 Aug with 30,000"
    ]
    assert said(watched(outage=BROKEN), watched(outage=BROKEN)) == []


def test_one_account_is_no_fleet() -> None:
    """Its own line says it all."""
    assert said(watched()) == []


def test_each_service_has_its_own_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """A credit of one buys nothing at another."""
    monkeypatch.setitem(SERVICES, "lumen", replace(PIXVERSE, name="lumen", title="Lumen"))
    other = watched(replace(given.LOW, refresh_at=None), source="lumen/studio")
    assert said(watched(), other, watched()) == [
        "PixVerse: 30,000 credits · next refill 23 Aug with 30,000",
        "Lumen: 2,900 credits",
    ]


def test_one_account_of_each_service_is_no_fleet() -> None:
    """Each has its own line below: a sum of one would only push down what is urgent."""
    assert said(watched(), watched(source="kling"), watched(source="muse")) == []


def test_seconds_have_no_sum() -> None:
    """Two accounts of one family can show the same ones."""
    assert said(watched(Credits.of(500, unit=Unit.SECONDS)), watched(Credits.of(500, unit=Unit.SECONDS))) == []
    assert said(watched(Credits.of(40, unit=Unit.PERCENT)), watched(Credits.of(40, unit=Unit.PERCENT))) == []


names = st.text(st.characters(categories=["Lu", "Ll"]), min_size=6, max_size=12).filter(
    lambda name: name not in "credits"
)
moments = st.integers(-400, 1_000).map(lambda hours: NOW + timedelta(hours=hours))
amounts = st.one_of(st.just(0.0), st.floats(0, 1e6))


@for_all(st.lists(st.tuples(names, amounts, st.none() | amounts, st.none() | moments), min_size=2, max_size=5))
def test_it_never_names_an_account(fleet: list[tuple[str, float, float | None, datetime | None]]) -> None:
    """Whatever stands in it: a pinned board can be seen by many."""
    accounts = [
        watched(Credits(total, 0, 0, 15_000, refresh_at=refill), per_day, name=f"«{name}»")
        for name, total, per_day, refill in fleet
    ]
    for line in said(*accounts):
        assert "«" not in line
        assert "@" not in line
