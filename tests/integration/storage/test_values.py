"""Values of the core as JSON: what is read back is what was written."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Credits, FailureKind, Plan, Reading
from bot.domain.notifications import Facts
from bot.storage.values import Parsed, dump_facts, dump_reading, load_facts, load_reading, number

moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.one_of(st.integers(0, 10**12), st.floats(0, 1e12, allow_nan=False))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, or that it is not known."""
    return st.none() | strategy


credits_ = st.builds(
    Credits,
    monthly=numbers,
    daily=maybe(numbers),
    package=maybe(numbers),
    monthly_allowance=maybe(numbers),
    daily_allowance=maybe(numbers),
    refresh_at=maybe(moments),
    daily_refresh_at=maybe(moments),
)
plans = st.builds(
    Plan,
    name=maybe(texts),
    next_name=maybe(texts),
    free=st.booleans(),
    ends_at=maybe(moments),
    cancelled_at=maybe(moments),
    renewal_at=maybe(moments),
    price=maybe(texts),
    renewal_price=maybe(texts),
    expired=maybe(st.booleans()),
)
readings = st.builds(
    Reading,
    taken_at=moments,
    credits=credits_,
    plan=plans,
    details=st.dictionaries(texts, st.integers() | st.booleans() | texts | st.lists(texts, max_size=3), max_size=5),
)
facts = st.builds(
    Facts,
    name=texts,
    email=maybe(texts),
    taken_at=maybe(moments),
    value=maybe(st.floats(-1e12, 1e12)),
    rung=maybe(texts),
    level=st.integers(0, 9),
    since=maybe(moments),
    worst=maybe(st.floats(-1e12, 1e12)),
    credits=maybe(credits_),
    credits_at=maybe(moments),
    plan=maybe(plans),
    growth=maybe(st.sampled_from(["top-up", "refill", "daily refill"])),
    outage=maybe(st.sampled_from(list(FailureKind))),
    said=maybe(texts),
    count=maybe(st.integers(0, 1000)),
    total=maybe(st.integers(0, 1000)),
    source=maybe(texts),
    until=maybe(moments),
)


@given(readings)
def test_a_reading_comes_back_as_it_was(one: Reading) -> None:
    """Every reading, whatever it knows and whatever its texts hold, is loaded as it was dumped; None is never 0."""
    back = load_reading(dump_reading(one))
    assert back == one
    assert [type(back.credits.monthly), type(back.credits.daily)] == [
        type(one.credits.monthly),
        type(one.credits.daily),
    ]


@given(facts)
def test_facts_come_back_as_they_were(one: Facts) -> None:
    """The facts of a notification tell tomorrow what they told at the decision."""
    assert load_facts(dump_facts(one)) == one


def test_what_is_not_known_takes_no_room() -> None:
    """A sparse reading is kept small: what is not known is not written."""
    assert len(dump_reading(Reading(datetime(2026, 1, 1, tzinfo=UTC), Credits(5)))) < 80


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_stay_whole(value: int) -> None:
    """A whole number that went through a column of floats is an integer again; no message says 12450.0."""
    assert number(float(value)) == value
    assert isinstance(number(float(value)), int)


def test_broken_and_unknown_numbers_stay() -> None:
    """A half stays a half, and unknown stays unknown."""
    assert number(0.5) == 0.5
    assert number(None) is None


def test_a_reading_that_was_parsed_before_is_never_an_old_one() -> None:
    """Whatever is remembered of an account's text, what is read back is what was written last, of few or of many."""
    parsed = Parsed(most=2)
    for amount in (5, 5, 7, 5):
        for account in "abc":
            reading = Reading(datetime(2026, 7, 20, tzinfo=UTC), Credits(amount + ord(account)))
            assert parsed.load(account, dump_reading(reading)) == reading
