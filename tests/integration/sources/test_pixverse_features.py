from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Credits, FailureKind, LeftOut, Plan, Reading
from bot.sources.useapi.fields import UnreadableFieldError, moment
from bot.sources.useapi.pixverse import DECIDING, DETAILS, details, parse_features
from bot.support.errors import SourceError
from tests.integration.fuzz.shapes import JSON
from tests.integration.sources.helpers import NOW, SAMPLES, sample

PREMIUM = Plan(
    name="Premium - Monthly",
    next_name="Premium - Monthly",
    free=False,
    ends_at=datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC),
    cancelled_at=None,
    renewal_at=datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC),
    price="60",
    renewal_price="60",
    expired=False,
    next_free=False,
)
IMAGE_MODELS = (
    "qwen-image",
    "gemini-2.5-flash",
    "seedream-4.0",
    "seedream-4.5",
    "seedream-5.0-lite",
    "gemini-3.0",
    "gpt-image-1.5",
    "gpt-image-2.0",
    "gemini-3.1-flash",
    "kling-image-o3",
    "kling-image-v3",
)


def read(page: Any) -> Reading:
    """Parse a page as one look does."""
    return parse_features(page, NOW)


def changed(**fields: Any) -> Any:
    """Take the documented page with some fields replaced."""
    return {**sample("pixverse_account.json"), **fields}


def refusal(page: Any) -> SourceError:
    """Parse a page that must be garbled."""
    with pytest.raises(SourceError) as caught:
        read(page)
    assert caught.value.kind is FailureKind.GARBLED
    return caught.value


def test_the_documented_page_is_read_whole() -> None:
    """Every group of useapi.net's own sample becomes its part of the reading."""
    assert read(sample("pixverse_account.json")) == Reading(
        taken_at=NOW,
        credits=Credits(
            monthly=12450,
            daily=0,
            package=0,
            monthly_allowance=15000,
            daily_allowance=60,
            refresh_at=datetime(2026, 7, 23, 0, 48, 56, tzinfo=UTC),
            daily_refresh_at=datetime(2026, 6, 25, tzinfo=UTC),
        ),
        plan=PREMIUM,
        details={
            "jobs_at_once": 5,
            "qualities": ["360p", "480p", "540p", "720p", "1080p", "2160p"],
            "fast_mode": True,
            "relaxed_mode": True,
            "private": True,
            "no_watermark": True,
            "effects": True,
            "veo_sora": True,
            "preview_discount": "0.8",
            "off_peak_discount": "0.7",
            "image_models": list(IMAGE_MODELS),
            "unlimited_image_models": ["qwen-image"],
        },
    )


def test_each_field_that_is_read_is_documented_and_no_private_link_is_kept() -> None:
    """No name is misspelt, and the two links are kept nowhere."""
    page = sample("pixverse_account.json")
    assert DECIDING.keys() | {field for field, _ in DETAILS.values()} <= page.keys()
    assert "stripe" in repr(page)
    assert "stripe" not in repr(read(page))


def test_details_are_told_in_words() -> None:
    """Jobs, the finest quality, what is cheaper, the image models, and what is unlocked; nothing of what is unknown."""
    assert details(read(sample("pixverse_account.json")).details) == [
        ["5 jobs at once", "2160p", "off-peak price × 0.7", "preview price × 0.8", "11 image models, 1 unlimited"],
        ["fast mode, relaxed mode, private, no watermark, effects, Veo and Sora"],
    ]
    told = details(
        read(changed(gen_simultaneously=1, off_peak=0, preview_mode=None, accessible_image_models=["a"])).details
    )
    assert told[0] == ["1 job at once", "2160p", "preview price × 0.8", "1 image model, 1 unlimited"]
    assert [word for line in details({}) for word in line if word] == []


def test_a_free_account() -> None:
    """Plan type 0 is free; zero times and nulls are not known, and no credits stay a zero that is known."""
    reading = read(sample("pixverse_free.json"))
    assert (reading.plan.free, reading.plan.ends_at, reading.plan.renews) == (True, None, None)
    assert (reading.credits.monthly, reading.credits.daily, reading.credits.total) == (0, 60, 60)
    assert reading.credits.refresh_at is None
    assert not reading.details.keys() & {"image_models", "off_peak_discount"}


def test_a_cancelled_plan() -> None:
    """A cancellation time makes a plan one that ends."""
    plan = read(sample("pixverse_cancelled.json")).plan
    assert plan.cancelled_at == datetime(2026, 7, 2, 9, 15, tzinfo=UTC)
    assert plan.renews is False


def test_a_changing_plan() -> None:
    """Another next plan makes a plan one that changes."""
    reading = read(sample("pixverse_changing.json"))
    assert (reading.plan.becomes, reading.plan.renews, reading.plan.renewal_price) == ("Basic - Monthly", False, "8")
    assert reading.credits.total == 5600 + 45 + 500


def test_the_documented_page_of_2024() -> None:
    """Fewer fields: the refills, the cancellation and whether a plan has ended are unknown."""
    reading = read(sample("pixverse_account_2024.json"))
    end = datetime(2025, 1, 1, 21, 21, 21, tzinfo=UTC)
    assert reading.credits == Credits(5600, 30, 20, 6000, 30)
    assert reading.plan == Plan("Pro Plan", "Pro Plan", False, end, renewal_at=end, price="30", next_free=False)
    assert {one.name for one in reading.left_out} == {
        "refresh_at",
        "daily_refresh_at",
        "cancelled_at",
        "expired",
    }


def test_one_field_is_enough() -> None:
    """All but the monthly credits may be absent; what is absent is unknown, never zero."""
    reading = read(sample("pixverse_sparse.json"))
    nothing = tuple(LeftOut(name) for name in DECIDING.values())
    assert reading == Reading(NOW, Credits(monthly=7), Plan(free=None), left_out=nothing)


@pytest.mark.parametrize(
    "name", sorted(path.name for path in SAMPLES.glob("pixverse_*.json") if "accounts" not in path.name)
)
def test_every_sample_is_a_reading(name: str) -> None:
    """Each recorded page is read."""
    assert read(sample(name)).taken_at == NOW


@pytest.mark.parametrize("page", [None, [], "x", 5, True, [{"credit_monthly": 5}]])
def test_a_page_of_another_shape_is_garbled(page: Any) -> None:
    """Only an object is a page."""
    assert refusal(page).said == "The answer is JSON of another shape"


@pytest.mark.parametrize("field", ["credit_monthly", "credit_daily", "credit_package"])
@pytest.mark.parametrize("value", ["12450", "", [], {}, True, False, float("nan"), float("inf"), 1e13, -(10**400)])
def test_credits_that_are_no_number_are_garbled(field: str, value: Any) -> None:
    """Credits of a wrong type are no reading, named by their field, and never read as low."""
    assert refusal(changed(**{field: value})).said == f"{field} is no number"


def test_missing_monthly_credits_are_garbled() -> None:
    """Without the monthly credits there is no reading, be they absent or null."""
    page = sample("pixverse_account.json")
    del page["credit_monthly"]
    assert refusal(page).said == "credit_monthly is missing"
    assert refusal(changed(credit_monthly=None)).said == "credit_monthly is missing"


def test_missing_daily_and_package_credits_are_unknown() -> None:
    """Null or absent other buckets are unknown; whoever knows the last reading judges them."""
    credits_ = read(changed(credit_daily=None, credit_package=None)).credits
    assert (credits_.daily, credits_.package, credits_.total) == (None, None, 12450)


@pytest.mark.parametrize(("error", "said"), [("Session lost", "Session lost"), ({"code": 5}, "an error without words")])
def test_an_error_with_a_good_status_is_garbled(error: Any, said: str) -> None:
    """A page that tells an error is no reading, even beside credits; its words are told."""
    assert refusal(changed(error=error)).said.endswith(said)
    assert read(changed(error=None)).credits.total == 12450


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (6000, 6000),
        (6000.0, 6000),
        (0, 0),
        (0.5, 0.5),
        ("6000", 6000),
        ("0.5", 0.5),
        (-1, None),
        ("-1", None),
        ("6,000", None),
        ("many", None),
        (True, None),
        (1e300, None),
        ([], None),
    ],
)
def test_an_allowance_is_a_number_that_is_not_negative(value: Any, known: Any) -> None:
    """An allowance that cannot be one is unknown, so no percentage is made of it; a whole float becomes an int."""
    reading = read(changed(credit_monthly_gift=value))
    found = reading.credits.monthly_allowance
    assert (found, type(found)) == (known, type(known))
    assert [one.name for one in reading.left_out] == ([] if known is not None else ["monthly_allowance"])


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("2026-07-23T00:48:50Z", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23T02:48:50+02:00", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23T00:48:50", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23T00:48:50.123456789Z", datetime(2026, 7, 23, 0, 48, 50, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1969-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-07-23T00:48:50.5+0000", datetime(2026, 7, 23, 0, 48, 50, 500000, tzinfo=UTC)),
        ("2026-07-23 00:48:50 UTC", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23 00:48:50 +0000 UTC", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23T08:48:50+08", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23T08:48:50+8", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23 08:48:50 GMT+8", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23 08:48:50 +08:00", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026/07/23 00:48:50", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("Thu, 23 Jul 2026 00:48:50 GMT", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("2026-07-23", datetime(2026, 7, 23, tzinfo=UTC)),
        ("20260723", datetime(2026, 7, 23, tzinfo=UTC)),
        (1784767730, datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        (1784767730.0, datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("1784767730", datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("1784767730.5", datetime(2026, 7, 23, 0, 48, 50, 500000, tzinfo=UTC)),
        (1784767730123, datetime(2026, 7, 23, 0, 48, 50, 123000, tzinfo=UTC)),
        ("1784767730123", datetime(2026, 7, 23, 0, 48, 50, 123000, tzinfo=UTC)),
        (1784767730_000000, datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        (1784767730_000000000, datetime(2026, 7, 23, 0, 48, 50, tzinfo=UTC)),
        ("", None),
        (" ", None),
        (0, None),
        ("0", None),
        (-62135596800, None),
        (False, None),
        (None, None),
    ],
)
def test_times(value: Any, known: datetime | None) -> None:
    """Times come out as aware UTC, in every usual spelling; zero times and what overflows in some zone are not set."""
    found = moment(value)
    assert found == known
    if found:
        assert found.tzinfo is UTC
        for hours in (-24, 24):
            found.astimezone(timezone(timedelta(hours=hours) - timedelta(minutes=hours // 24)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("soon", "“soon”"),
        ("30", "“30”"),
        ("10000-01-01T00:00:00Z", "“10000-01-01T00:00:00Z”"),
        ("2026-02-30T00:00:00Z", "“2026-02-30T00:00:00Z”"),
        ("\ud800", "“\ufffd”"),
        (30, "30"),
        (True, "true"),
        (float("nan"), "nan"),
        (10**400, "a number beyond all bounds"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_a_time_that_cannot_be_read_is_said(value: Any, shown: str) -> None:
    """What is no time at all is not "not set": the reading names the field, and what stood there."""
    with pytest.raises(UnreadableFieldError):
        moment(value)
    reading = read(changed(expired_date=value))
    assert reading.plan.ends_at is None
    assert [(one.name, one.unreadable) for one in reading.left_out] == [("ends_at", f"expired_date is {shown}")]


@given(st.integers(1974, 5000), st.integers(0, 365 * 86_400 * 10**6), st.integers(-14 * 4, 14 * 4))
def test_a_time_is_read_from_whatever_spelling(year: int, microseconds: int, quarters: int) -> None:
    """The same moment in every zone and spelling is the same time."""
    when = datetime(year, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    moved = when.astimezone(timezone(timedelta(minutes=15 * quarters)))
    spellings = [moved.isoformat(), moved.isoformat(" "), moved.strftime("%Y-%m-%d %H:%M:%S.%f %z")]
    spellings += [moved.strftime("%Y-%m-%d %H:%M:%S.%f UTC%z"), moved.strftime("%Y/%m/%d %H:%M:%S.%f GMT%z")]
    assert {moment(spelling) for spelling in spellings} == {when}
    whole = when.replace(microsecond=0)
    seconds = int(whole.timestamp())
    numbers = (seconds, str(seconds), seconds * 1000, str(seconds * 1000), seconds * 10**6, seconds * 10**9)
    assert {moment(one) for one in numbers} == {whole}


@given(JSON)
def test_any_value_is_a_time_or_not_set_or_said(value: Any) -> None:
    """Nothing falls between: a time that can be moved to any zone, nothing there, or unreadable, in words."""
    try:
        found = moment(value)
    except UnreadableFieldError as error:
        said = str(error)
    else:
        said = "read"
        assert found is None or 1970 <= found.year < 9999
    assert said.encode()
    assert said == "read" or value not in (None, "", 0, False)


@pytest.mark.parametrize("name", sorted(DECIDING))
def test_a_field_that_decides_is_never_silent(name: str) -> None:
    """Each such field is noted where it is absent, null or not to be understood, and not where it is told."""
    page = sample("pixverse_account.json")
    assert read(page).left_out == ()
    without = {key: value for key, value in page.items() if key != name}
    for left_out in (without, {**page, name: None}):
        assert read(left_out).left_out == (LeftOut(DECIDING[name]),)
        assert read(left_out).left_out[0].unreadable is None
    (unreadable,) = read({**page, name: {"a": 1}}).left_out
    assert (unreadable.name, unreadable.unreadable) == (DECIDING[name], f"{name} is an object")


@pytest.mark.parametrize(
    ("value", "known"),
    [(1, True), (0, False), (True, True), (False, False), (1.0, True), (2, None), ("1", None), (None, None)],
)
def test_flags(value: Any, known: bool | None) -> None:
    """A flag is 0 or 1 or a boolean; anything else is unknown."""
    assert read(changed(allow_fast_mode=value)).details.get("fast_mode") is known


@pytest.mark.parametrize(
    ("value", "known"),
    [(0, False), (1, True), (2, True), (False, False), (True, True), (None, None), ("0", False), ("no", None)],
)
def test_expired_member(value: Any, known: bool | None) -> None:
    """Only 0 is documented: active. Any other number is expired, and no number is unknown."""
    assert read(changed(expired_member=value)).plan.expired is known


@pytest.mark.parametrize(
    ("value", "free"),
    [(0, True), (0.0, True), (2, False), ("0", True), (False, None), ("free", None), (2.5, None), (None, None)],
)
def test_free(value: Any, free: bool | None) -> None:
    """Only the number 0 is the free plan; what is no number says nothing, and so does nothing."""
    assert read(changed(current_plan_type=value)).plan.free is free


def test_a_discount_of_a_mode_that_is_off_is_none() -> None:
    """What the plan does not unlock gives no discount."""
    off = read(changed(off_peak=0, preview_mode=0)).details
    assert not off.keys() & {"off_peak_discount", "preview_discount"}


def test_names_may_hold_anything_within_bounds() -> None:
    """Markup, emoji and line breaks stay as they are; 5,000 characters are cut, and all of it can be encoded."""
    wild = "<b>*Pro*</b>\n🎬\u202eabc"
    plan = read(changed(plan_name=wild, next_plan_name="x" * 5000, price="\ud800\x00", renewal_price=" \n")).plan
    assert (plan.name, plan.next_name, plan.price, plan.renewal_price) == (wild, "x" * 200, "\ufffd\ufffd", None)


def test_lists_are_bounded_and_hold_texts_only() -> None:
    """A list of thousands is cut; what is no text in it is left out; what is no list is empty."""
    found = read(changed(qualities=["a", 5, None, "", "x" * 5000] + ["b"] * 5000, accessible_image_models={"a": 1}))
    assert found.details["qualities"][:3] == ["a", "x" * 200, "b"]
    assert len(found.details["qualities"]) <= 100
    assert "image_models" not in found.details


def test_a_wrong_type_anywhere_else_is_no_error() -> None:
    """Fields beside the credits never make a page unreadable, whatever they hold."""
    page = sample("pixverse_account.json")
    needed = {"credit_monthly", "credit_daily", "credit_package"}
    wrongs: tuple[Any, ...] = ([], {}, "x", -1, 2.5, True, None, 10**100, {"a": [1]})
    for wrong in wrongs:
        reading = read({name: value if name in needed else wrong for name, value in page.items()})
        assert details(reading.details)
        assert reading.credits.total == 12450
