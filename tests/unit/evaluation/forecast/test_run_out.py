"""The forecast: when credits run out, as a range, and whether that is before they are refilled or lapse."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.accounts import Account, Credits, ForecastRecord, Plan, Reading
from bot.domain.credit_changes import Point, changes_between, point_of
from bot.evaluation.forecast.record import record_of
from bot.evaluation.forecast.run_out import Forecast, forecast, next_boundary, outlook
from bot.evaluation.forecast.runway import runway_standing
from bot.evaluation.forecast.spending import days_of, hourly, orderly, unseen_since
from bot.evaluation.forecast.spike import spike, spike_standing
from tests.support.builders import DAY, HOUR, MINUTE, NOW, account_with, read
from tests.support.builders import days as ladder
from tests.support.credit_histories import (
    by_day,
    kept,
    known_of,
    on_mondays,
    past,
    reading_at,
    refill_in,
    shifted,
    steadily,
)


def told(readings: list[Reading]) -> Forecast:
    """What is forecast after these readings; something is."""
    found = forecast(*known_of(readings), NOW)
    assert found is not None
    return found


def in_days(moment: datetime | None) -> float:
    """How far away a moment is."""
    assert moment is not None
    return (moment - NOW) / DAY


def test_steady_spending_runs_out_when_division_says() -> None:
    """100 an hour for two weeks and 4,800 left: gone in two days, hardly earlier, perhaps later, before the refill."""
    found = told(past(steadily(100), 4_800, 14 * 24, refill_in(10)))
    assert in_days(found.median) == pytest.approx(2, abs=0.1)
    assert 1.6 < in_days(found.earliest) < in_days(found.latest) < 4
    assert found.before_refill is True
    assert found.lasts_past is None
    assert found.per_day == pytest.approx(2_400, rel=0.01)
    assert found.unused == 0


def test_credits_that_last_past_the_refill() -> None:
    """10 an hour and 4,800 left, refilled in five days: it lasts, and about 3,600 lapse unused."""
    found = told(past(steadily(10), 4_800, 14 * 24, refill_in(5)))
    assert found.before_refill is False
    assert found.lasts_past == refill_in(5)
    assert found.unused == pytest.approx(3_600, rel=0.05)


def test_either_is_possible() -> None:
    """A refill within the range: it is not said to come first or last, and the chance is told."""
    found = told(past(steadily(100), 4_800, 14 * 24, refill_in(2.02)))
    assert found.before_refill is None
    assert 0.2 < found.risk < 0.8
    assert found.lasts_past is None


def test_nothing_is_spent_by_night() -> None:
    """Jobs from nine to five: credits for one and a half days' work end in working hours, not at night."""
    found = told(past(by_day(100), 1_200, 14 * 24, refill_in(10)))
    assert found.median is not None
    assert 9 <= found.median.hour <= 17
    assert 1 <= in_days(found.median) <= 2


def test_mondays_are_known() -> None:
    """Batches on Mondays, for five weeks: what is left for half a batch lasts until the next one."""
    found = outlook(*known_of(past(on_mondays(2_400), 1_200, 35 * 24, refill_in(20))), NOW)
    assert found is not None
    assert in_days(found.median) == pytest.approx(6.75, abs=0.5)


def jumping(jump: dict[str, object], at: int = 60) -> list[Reading]:
    """100 an hour for ten days, with a change so many hours ago that leaves 6,000 more than there would be."""
    readings = past(steadily(100), 4_800, 240, refill_in(10))
    return [
        reading
        if index >= 240 - at
        else replace(
            reading,
            credits=replace(reading.credits, monthly=reading.credits.monthly - 6_000, **jump.get("credits", {})),  # type: ignore[arg-type]
            plan=replace(reading.plan, **jump.get("plan", {})),  # type: ignore[arg-type]
        )
        for index, reading in enumerate(readings)
    ]


@pytest.mark.parametrize(
    "jump",
    [
        pytest.param({}, id="top-up"),
        pytest.param({"credits": {"refresh_at": NOW - 60 * HOUR}}, id="refill"),
        pytest.param({"plan": {"ends_at": NOW - 60 * HOUR}}, id="renewal"),
        pytest.param({"plan": {"name": "Basic"}, "credits": {"monthly_allowance": 3_000}}, id="another plan"),
    ],
)
def test_jumps_are_cut_out(jump: dict[str, object]) -> None:
    """A top-up, a refill, a renewal, another plan: neither spending nor its opposite."""
    found = told(jumping(jump))
    assert found.per_day == pytest.approx(2_400, rel=0.03)
    assert in_days(found.median) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize(
    ("before", "after", "spent"),
    [
        (Point(NOW, 500), Point(NOW + HOUR, 400), 100),
        (Point(NOW, 500), Point(NOW + HOUR, 900), 0),
        (Point(NOW, 500, refresh_at=NOW + MINUTE), Point(NOW + HOUR, 300), 0),
        (Point(NOW, 500, refresh_at=NOW + DAY), Point(NOW + HOUR, 300, refresh_at=NOW + DAY + MINUTE), 200),
        (Point(NOW, 500, refresh_at=NOW + DAY), Point(NOW + HOUR, 300, refresh_at=NOW + 31 * DAY), 0),
        (Point(NOW, 500, plan="Pro"), Point(NOW + HOUR, 0, plan="Basic"), 0),
        (Point(NOW, 500, package=50), Point(NOW + HOUR, 500, package=20), 30),
        (Point(NOW, 500, package=50), Point(NOW + HOUR, 450, package=999), 50),
        (Point(NOW, 500, 10, daily_allowance=60), Point(NOW + HOUR, 500, 40, daily_allowance=60), 20),
        (Point(NOW, 500, 60), Point(NOW + HOUR, 480, 0), 80),
        (Point(NOW, 500, 60), Point(NOW + HOUR, 500, None), 0),
    ],
)
def test_what_counts_as_spent(before: Point, after: Point, spent: float) -> None:
    """Only what shrank with no refill, renewal or other plan between; of the daily credits also after a refill."""
    found = changes_between(before, after)
    assert found.spent == spent
    assert not (found.hides_spending and before.monthly - after.monthly == spent > 0)


def test_the_daily_refill_is_spent_first() -> None:
    """60 a day come by themselves, 60 a day are spent: nothing runs out, and nothing is unused but what is there."""
    readings = []
    for ago in range(240, -1, -1):
        at = NOW - ago * HOUR
        midnight = at.replace(hour=0) + DAY
        daily = round(60 - 2.5 * at.hour, 1)
        more = {"daily": daily, "daily_allowance": 60}
        reading = reading_at(at, 1_000, refill_in(20), **more)
        readings.append(replace(reading, credits=replace(reading.credits, daily_refresh_at=midnight)))
    found = told(readings)
    assert found.per_day == pytest.approx(60, rel=0.1)
    assert found.lasts_past == refill_in(20)
    assert found.unused is not None
    assert found.unused > 800


def test_a_gap_is_unknown_and_not_idle() -> None:
    """Two days without a look: what was lost meanwhile is spread over them, and the pace stays what it was."""
    readings = past(steadily(100), 4_800, 240, refill_in(10))
    readings = [
        replace(reading, credits=replace(reading.credits, daily_refresh_at=reading.taken_at.replace(hour=0) + DAY))
        for reading in readings
    ]
    seen = readings[:150] + readings[198:]
    account, points = known_of(seen)
    days = days_of(orderly(points, NOW), NOW)
    assert [round(day.total) for day in days[1:4]] == [2_400, 2_400, 2_400]
    found = forecast(account, points, NOW)
    assert found is not None
    assert in_days(found.median) == pytest.approx(2, abs=0.1)


def test_a_gap_across_a_refill_is_not_counted() -> None:
    """Nobody looked while it was refilled: those days are unknown, and filled in from the others."""
    readings = jumping({"credits": {"refresh_at": NOW - 60 * HOUR}})
    daily = [
        replace(reading, credits=replace(reading.credits, daily_refresh_at=reading.taken_at.replace(hour=0) + DAY))
        for reading in readings
    ]
    found = told(daily[:150] + daily[198:])
    assert found.days < 9
    assert found.per_day == pytest.approx(2_400, rel=0.1)


def test_an_empty_account_tells_nothing_of_the_pace() -> None:
    """Out of credits for three days, then topped up: the wait was no idling, so the pace is the one before it."""
    busy = past(steadily(100), 0, 72)
    waiting = [replace(reading, taken_at=reading.taken_at - 3 * DAY) for reading in busy]
    found = outlook(*known_of([*waiting, reading_at(NOW, 4_800, refill_in(10))]), NOW)
    assert found is not None
    assert in_days(found.median) == pytest.approx(2, rel=0.35)
    assert found.per_day == pytest.approx(2_400)


@pytest.mark.parametrize("hours", [0, 1, 12, 23])
def test_too_little_history_says_nothing(hours: int) -> None:
    """Less than a day, or a single point: None."""
    account, points = known_of(past(steadily(100), 4_800, hours, refill_in(10)))
    assert outlook(account, points, NOW) is None


def test_no_reading_says_nothing() -> None:
    """An account never read, and one last read two days ago: None, whatever the history."""
    account, points = known_of(past(steadily(100), 4_800, 240))
    assert forecast(replace(account, reading=None), points, NOW) is None
    assert forecast(account, points, NOW + 2 * DAY) is None


def test_nothing_left_is_no_forecast() -> None:
    """What has run out is not foretold; the outlook still knows that it is out."""
    account, points = known_of(past(steadily(100), 0, 240, refill_in(10)))
    assert forecast(account, points, NOW) is None
    full = outlook(account, points, NOW)
    assert full is not None
    assert full.is_out


def test_too_wide_a_range_says_nothing() -> None:
    """A day and a bit of history with one burst in it: the outlook is too vague to be told."""
    readings = past(lambda ago: 1_000 if ago == 20 else 0, 2_500, 26, refill_in(25))
    account, points = known_of(readings)
    assert outlook(account, points, NOW) is not None
    found = forecast(account, points, NOW)
    assert found is None or found.latest is not None


@pytest.mark.parametrize("bucket", ["monthly", "daily", "package"])
def test_a_past_of_nothing_but_refunds_spends_nothing(bucket: str) -> None:
    """Failed jobs of before come back for three weeks: nothing was spent, nothing runs out, and no pace is told."""
    first = Credits(4_000, 10, 500, 15_000, 60, refill_in(9), NOW + 12 * HOUR)
    readings = [
        Reading(NOW - ago * HOUR, replace(first, **{bucket: getattr(first, bucket) + 21 * 24 - ago}))
        for ago in range(21 * 24, -1, -1)
    ]
    account, points = known_of(readings)
    days = days_of(orderly(points, NOW), NOW)
    assert len(days) == 21
    assert all(day.total == 0 for day in days)
    found = outlook(account, points, NOW)
    assert found is not None
    assert (found.earliest, found.likeliest, found.latest, found.as_lately) == (None, None, None, None)
    assert (found.risk, found.per_day, found.before_refill) == (0, 0, False)
    standing = runway_standing(found, ladder(2), NOW)
    assert standing is not None
    assert (standing.fire_level, standing.clear_level) == (0, 0)
    assert spike(account, points, NOW) is None
    assert record_of(account, points, NOW) == ForecastRecord(NOW)


def test_an_idle_account_lasts() -> None:
    """Nothing spent in a week: it lasts past the refill, with all of it unused; without a refill, no moment is told."""
    found = told(past(steadily(0), 4_800, 168, refill_in(10)))
    assert (found.lasts_past, found.unused, found.earliest) == (refill_in(10), 4_800, None)
    endless = told(past(steadily(0), 4_800, 168))
    assert (endless.lasts_past, endless.boundary, endless.unused, endless.before_refill) == (None, None, None, False)


def test_a_young_account_is_not_said_to_last() -> None:
    """Six quiet days may all have been no Mondays: nothing is said before a week was seen."""
    account, points = known_of(past(steadily(1), 4_800, 6 * 24, refill_in(10)))
    assert forecast(account, points, NOW) is None
    full = outlook(account, points, NOW)
    assert full is not None
    assert (full.risk, full.before_refill, full.lasts_past) == (0, None, None)


def test_a_cancelled_plan_ends_where_it_ends() -> None:
    """The plan's end takes the refill's place when nothing renews it; a plan that goes on is refilled."""
    end = refill_in(5)
    ending = Plan("Pro", "Pro", ends_at=end, cancelled_at=NOW - DAY)
    credits = Credits(4_800, monthly_allowance=15_000, refresh_at=end + MINUTE)
    assert next_boundary(Reading(NOW, credits, ending)) == (end, True)
    assert next_boundary(Reading(NOW, credits, replace(ending, cancelled_at=None))) == (end + MINUTE, False)
    assert next_boundary(Reading(NOW, credits, replace(ending, next_name="Basic"))) == (end + MINUTE, False)
    assert next_boundary(Reading(end + HOUR, credits, ending)) == (None, False)
    assert next_boundary(read(100)) == (None, False)


def test_a_hundred_thousand_points_are_quick() -> None:
    """A history a hundred times as long as usual is foretold from within a few seconds on a slow machine."""
    random, left, points = Random(1), 2_000_000.0, []
    for index in range(100_000):
        left -= random.random() * 20
        points.append(Point(NOW - (100_000 - index) * timedelta(seconds=30), left, monthly_allowance=15_000))
    account = account_with(reading_at(NOW, left, refill_in(20)))
    started = time.process_time()
    assert outlook(account, points, NOW) is not None
    assert time.process_time() - started < 5


moments = st.integers(0, 45 * 24 * 4).map(lambda quarter: NOW - quarter * 15 * MINUTE)
amounts = st.one_of(st.integers(-10, 20_000), st.floats(0, 1e9, allow_nan=False))
maybe_amounts = st.none() | amounts
maybe_moments = st.none() | st.integers(-800, 800).map(lambda hours: NOW + hours * HOUR)
garbage = st.builds(
    Point, moments, amounts, maybe_amounts, maybe_amounts, maybe_amounts, maybe_amounts, maybe_moments, maybe_moments,
    st.none() | st.sampled_from(["Pro", "Basic"]), maybe_moments,
)  # fmt: skip


def account_at(point: Point) -> Account:
    """The account whose last reading is a point, taken now."""
    credits = Credits(*point[1:8])
    return account_with(Reading(NOW, credits, Plan(point.plan, point.plan, ends_at=point.plan_ends_at)))


@settings(deadline=None, max_examples=60)
@given(st.lists(garbage, max_size=40), garbage)
def test_any_history_gives_an_ordered_answer_or_none(points: list[Point], last: Point) -> None:
    """Equal times, clocks set back, numbers from nowhere: never an error, a range in order, never before now."""
    account, later = account_at(last), NOW + 15 * MINUTE
    found = outlook(account, points, later)
    assert found == outlook(account, reversed(points), later) or len({point.taken_at for point in points}) < len(points)
    if found is not None:
        ends = [end for end in (found.earliest, found.median, found.latest) if end is not None]
        assert ends == sorted(ends)
        assert all(end >= later for end in ends)
        assert 0 <= found.risk <= 1
        assert found.per_day >= 0
        assert found.unused is None or found.unused >= 0
        assert found.days >= 0.8
    assert spike(account, points, later) is None or found is not None or last.total <= 0


@settings(deadline=None, max_examples=30)
@given(st.integers(-10_000, 10_000), st.integers(0, 3))
def test_another_time_gives_the_same_answer_at_another_time(minutes: int, kind: int) -> None:
    """Shifting all moments shifts the answer and changes nothing else."""
    spend = [steadily(70), by_day(100), on_mondays(2_000), lambda ago: 400 if ago % 31 == 0 else 0][kind]
    account, points = known_of(past(spend, 3_000, 200, refill_in(9)))
    by = minutes * MINUTE
    assert account.reading is not None
    last = point_of(account.reading)
    moved = replace(account.reading, taken_at=NOW + by, credits=Credits(*shifted(last, by)[1:8]))
    before = outlook(account, points, NOW)
    after = outlook(replace(account, reading=moved), [shifted(point, by) for point in points], NOW + by)
    assert before is not None
    assert after is not None
    assert after.earliest == (before.earliest + by if before.earliest else None)
    assert after.latest == (before.latest + by if before.latest else None)
    assert (after.risk, after.unused, after.per_day) == (before.risk, before.unused, before.per_day)


@settings(deadline=None, max_examples=30)
@given(st.lists(garbage, max_size=30))
def test_the_same_readings_give_the_same_answer(points: list[Point]) -> None:
    """No lots are drawn: asked twice, the same is said."""
    account = account_with(reading_at(NOW, 900, refill_in(9)))
    assert outlook(account, points, NOW) == outlook(account, list(points), NOW)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(garbage, st.integers(0, 23)), max_size=30))
def test_less_than_a_day_is_never_enough(given_: list[tuple[Point, int]]) -> None:
    """However many readings: those of less than a day foretell nothing."""
    points = [point._replace(taken_at=NOW - hours * HOUR) for point, hours in given_]
    assert outlook(account_with(reading_at(NOW, 900)), points, NOW) is None


def test_a_spike_is_told_in_usual_paces() -> None:
    """Ten working days of 50 an hour, then two hours of 300: six times the usual pace."""
    readings = past(lambda ago: 300 if ago < 2 else 50 if ago % 24 < 8 else 0, 5_000, 240)
    times = spike(*known_of(readings), NOW)
    assert times == pytest.approx(6, rel=0.05)
    standing = spike_standing(times)
    assert standing is not None
    assert (standing.fire_level, standing.clear_level) == (1, 1)


def test_the_first_job_after_a_night_is_no_spike() -> None:
    """What is usual is the pace at work: beginning to work is not striking, nor is a rest."""
    working = spike(*known_of(past(lambda ago: 50 if ago < 2 or ago % 24 > 16 else 0, 5_000, 240)), NOW)
    assert working == pytest.approx(1, rel=0.05)
    assert spike(*known_of(past(lambda ago: 50 if ago % 24 > 16 else 0, 5_000, 240)), NOW) == 0
    calm = spike_standing(working)
    assert calm is not None
    assert (calm.fire_level, calm.clear_level) == (0, 0)


@pytest.mark.parametrize("hours", [10, 71])
def test_without_a_usual_pace_there_is_no_spike(hours: int) -> None:
    """Too young an account, one that hardly ever spends, one not read: None, and a standing that changes nothing."""
    assert spike(*known_of(past(steadily(50), 5_000, hours)), NOW) is None
    rare = known_of(past(lambda ago: 500 if ago in {1, 100} else 0, 5_000, 240))
    assert spike(*rare, NOW) is None
    assert spike(replace(rare[0], reading=None), rare[1], NOW) is None
    assert spike_standing(None) is None


def test_the_store_keeps_changes_only() -> None:
    """The tests' own histories are as the store keeps them: an idle hour leaves no point."""
    assert len(kept(past(by_day(100), 1_000, 48))) < 30


def paused_for(hours: int, spend: float, ended: int = 12) -> tuple[list[Reading], list[tuple[datetime, datetime]]]:
    """Ten days of 100 credits an hour in the store's words, with a pause that ended some hours ago, and its span."""
    readings = past(lambda ago: spend if ended <= ago < ended + hours else 100, 4_800, 240, refill_in(10))
    end = NOW - ended * HOUR
    seen = [one for one in readings if not end - hours * HOUR < one.taken_at < end]
    return seen, [(end - hours * HOUR, end)]


@pytest.mark.parametrize("hours", [3, 30])
def test_a_pause_is_unknown_and_not_idle(hours: int) -> None:
    """What was lost in a pause was lost at any time within it, not in its last hour; nobody spent nothing before."""
    seen, unseen = paused_for(hours, 100)
    account, points = known_of(seen)
    spent, known = hourly(orderly(points, NOW), NOW, 240, unseen)
    assert spent[12 : 12 + hours] == pytest.approx([100] * hours)
    assert known == pytest.approx([1] * 240)
    blind, _ = hourly(orderly(points, NOW), NOW, 240)
    assert blind[12] == pytest.approx(100 * hours)
    found = forecast(account, points, NOW, unseen)
    assert found
    assert in_days(found.median) == pytest.approx(2, abs=0.1)


def test_a_pause_makes_no_spike() -> None:
    """The first look after three hours of work on the website shows three hours' credits: that is the usual pace."""
    seen, unseen = paused_for(6, 100, ended=0)
    account, points = known_of(seen)
    assert (spike(account, points, NOW) or 0) > 2.9
    assert spike(account, points, NOW, unseen) == pytest.approx(1, abs=0.1)


def test_a_refill_in_a_pause_leaves_the_pause_unknown() -> None:
    """What was spent between the last look and the refill is not to be known: those hours count for nothing."""
    readings = jumping({"credits": {"refresh_at": NOW - 60 * HOUR}})
    end = readings[198].taken_at
    unseen = [(readings[149].taken_at, end)]
    points = orderly(kept(readings[:150] + readings[198:]), NOW)
    _, known = hourly(points, NOW, 200, unseen)
    hidden = round((NOW - end) / HOUR)
    assert known[hidden : hidden + 49] == pytest.approx([0] * 49)


def test_a_fall_that_was_seen_after_a_pause_is_of_its_own_hour() -> None:
    """The look after the pause saw no change: what was lost later was not lost in the pause."""
    seen, _ = paused_for(6, 0, ended=12)
    _, points = known_of(seen)
    unseen = [(NOW - 18 * HOUR, NOW - 13 * HOUR)]
    spent, _ = hourly(orderly(points, NOW), NOW, 240, unseen)
    assert spent[13:18] == pytest.approx([0] * 5)


def test_times_that_follow_each_other_are_one() -> None:
    """A pause, and then an outage: what was lost may have been lost since the pause began."""
    before, after = Point(NOW - 9 * HOUR, 900), Point(NOW, 0)
    chain = [(NOW - 8 * HOUR, NOW - 5 * HOUR), (NOW - 5 * HOUR + MINUTE, NOW - MINUTE)]
    assert unseen_since(before, after, chain) == NOW - 8 * HOUR
    assert unseen_since(before, after, chain[:1]) is None
    assert unseen_since(before, after, [(NOW - 30 * HOUR, NOW - MINUTE)]) == before.taken_at
    assert unseen_since(before, after, [(NOW - 30 * HOUR, NOW - 20 * HOUR)]) is None
