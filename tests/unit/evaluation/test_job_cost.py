"""What a job costs: thresholds in jobs, and out of credits below one."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.config.parsers import parse_credit_ladder
from bot.domain.accounts import Account, Credits, JobCost
from bot.domain.alerts import Severity
from bot.domain.rules import priced
from bot.evaluation.measurements import credits_standing
from bot.telegram.text.formatting import is_out
from tests.support.fakes import ALICE, SOURCE, key_of, reading

COST = JobCost(35.0, "5 s at 720p")
LADDERS = ("20%,5%,0", "20%,10 jobs,1 job", "20%,10 jobs", "500", "10 jobs", "20%,100,1 job,0")


def account(amount: float, cost: JobCost | None = COST) -> Account:
    """An account with this much left of 10,000."""
    read = replace(reading(), credits=Credits(amount, 0, 0, 10_000))
    return Account(key_of(ALICE), SOURCE, ALICE, reading=read, allowance=10_000, job_cost=cost)


@given(st.sampled_from(LADDERS), st.floats(0, 34.99))
def test_less_than_one_job_is_critical_and_out_of_credits_whatever_the_ladder(ladder: str, amount: float) -> None:
    """In severity and in words."""
    found = credits_standing(account(amount), parse_credit_ladder(ladder))
    assert found is not None
    assert (found.severity(found.fire_level), found.out) == (Severity.CRITICAL, True)
    assert found.fire_level == len(found.severities) == len(found.rungs)
    assert is_out(Credits(amount, 0, 0, job_cost=COST))


@given(st.sampled_from(LADDERS), st.floats(35, 10_000))
def test_one_job_is_not_out_of_credits(ladder: str, amount: float) -> None:
    """As long as it is enough for one."""
    found = credits_standing(account(amount), parse_credit_ladder(ladder))
    assert found is not None
    assert found.out is None
    assert not is_out(Credits(amount, 0, 0, job_cost=COST))


@given(st.integers(0, 10_000))
def test_a_threshold_in_jobs_fires_at_their_cost(amount: int) -> None:
    """10 jobs of 35 are 350."""
    found = credits_standing(account(amount), parse_credit_ladder("10 jobs,0"))
    assert found is not None
    assert (found.fire_level >= 1) == (amount <= 350)
    assert found.rungs[0] == "10 jobs"


def test_without_a_cost_jobs_are_left_out_and_0_stays() -> None:
    """It stays the critical one."""
    assert [str(one) for one in priced(parse_credit_ladder("20%,10 jobs,1 job"), None)] == ["20 %", "0"]
    assert [str(one) for one in priced(parse_credit_ladder("20%,10 jobs,0"), None)] == ["20 %", "0"]
    low = credits_standing(account(300, None), parse_credit_ladder("20%,10 jobs,1 job"))
    assert low is not None
    assert low.severity(low.fire_level) is Severity.WARNING


@given(st.floats(0.01, 10**6), st.floats(0, 10**9))
def test_jobs_are_rounded_down(cost: float, amount: float) -> None:
    """The credits always pay for so many, but for the last digits of a float."""
    jobs = Credits(amount, job_cost=JobCost(cost)).jobs
    assert jobs is not None
    assert jobs * cost <= amount * (1 + 1e-4) + cost * 1e-5
    assert (jobs + 1) * cost > amount * (1 - 1e-9)
