"""The past as a picture: what must not be lost on the way from stored readings to lines, marks and gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from json import dumps, loads

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credit_changes import Point
from bot.domain.history import LARGEST, PAUSED, Gap, merged, unseen_of
from bot.evaluation.forecast.run_out import Forecast
from bot.features.history.chart import (
    MOST_MARKS,
    SLOTS,
    AnnotationKind,
    Downsampler,
    ForecastBand,
    Line,
    Panel,
    Series,
    band_of,
    chart_of,
    is_drawable,
    lines_of,
    load_chart,
    threshold_lines,
)
from tests.support.builders import DAY, HOUR, NOW, rungs

SINCE = NOW - 7 * DAY
BEGIN, END = SINCE.timestamp(), NOW.timestamp()


def traced(points: Iterable[Point], slots: int = SLOTS) -> Series:
    """The way of these points through the week before now."""
    tracer = Downsampler(BEGIN, END, slots)
    for point in points:
        tracer.add(point)
    return tracer.trace()


def spans(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """From when to when each line goes."""
    return [(line[0][0], line[-1][0]) for line in lines]


levels = st.floats(-10, 20_000) | st.sampled_from([0.0, 1.0, 15_000.0])
moments = st.floats(-10 * 86_400, 3600).map(lambda seconds: NOW + timedelta(seconds=seconds))
points = st.lists(
    st.builds(
        Point,
        moments,
        levels,
        st.none() | levels,
        st.none() | levels,
        monthly_allowance=st.none() | st.floats(0, 20_000),
        refresh_at=st.none() | moments,
        daily_refresh_at=st.none() | moments,
        plan_ends_at=st.none() | moments,
    ),
    max_size=60,
).map(lambda many: sorted(many, key=lambda point: point.taken_at))
gaps = st.lists(
    st.builds(
        lambda start, length: Gap(start, None if length is None else start + length),
        st.floats(BEGIN - 86_400, END + 3600),
        st.none() | st.floats(0, 3 * 86_400),
    ),
    max_size=8,
)


@given(points, gaps, st.integers(1, 50))
def test_whatever_was_stored_becomes_a_picture(many: list[Point], holes: list[Gap], slots: int) -> None:
    """Never raises; and every place of a line is a number at a moment within the span, in order."""
    trace = traced(many, slots)
    whole = merged(holes, BEGIN, END)
    lines = lines_of(trace.places, whole, END)
    for line in lines:
        assert all(BEGIN <= at <= END and abs(level) <= 3 * LARGEST for at, level in line)
        assert all(one[0] <= other[0] for one, other in pairwise(line))
    picture = chart_of("", [Panel("", lines=lines, gaps=whole, marks=trace.marks)], BEGIN, END, "UTC")
    assert picture.since < picture.now < picture.until
    assert load_chart(loads(dumps(asdict(picture), allow_nan=False))) == picture


@given(points, gaps)
def test_every_gap_stays_a_gap(many: list[Point], holes: list[Gap]) -> None:
    """No line reaches into a time in which nothing was known."""
    whole = merged(holes, BEGIN, END)
    for start, end in spans(lines_of(traced(many).places, whole, END)):
        assert all(end <= gap.since or (gap.until is not None and gap.until <= start) for gap in whole)


@given(gaps)
def test_gaps_are_in_order_and_apart(holes: list[Gap]) -> None:
    """Outages that overlap, touch, or lie outside the span are told once, and only within it."""
    whole = merged(holes, BEGIN, END)
    assert all(gap.until is not None and BEGIN <= gap.since < gap.until <= END for gap in whole)
    assert all(one.until is not None and one.until < other.since for one, other in pairwise(whole))
    inside = [hole for hole in holes if hole.since < END and (hole.until is None or hole.until > BEGIN)]
    for hole in inside:
        start, end = max(hole.since, BEGIN), END if hole.until is None else min(hole.until, END)
        assert end <= start or any(gap.since <= start and gap.until and end <= gap.until for gap in whole)


def test_the_value_before_a_gap_holds_after_it() -> None:
    """A number that did not change is stored once; it is known again from the first good look on."""
    places = ((BEGIN, 500.0),)
    lines = lines_of(places, (Gap(BEGIN + 100, BEGIN + 200),), END)
    assert lines == (((BEGIN, 500.0), (BEGIN + 100, 500.0)), ((BEGIN + 200, 500.0), (END, 500.0)))


@given(st.lists(st.integers(0, 15_000), min_size=2, max_size=400), st.integers(1, 20))
def test_the_lowest_and_the_highest_survive_thinning(values: list[int], slots: int) -> None:
    """However few places are kept, no dip to zero and no peak disappears, and the last value is exact."""
    times = [SINCE + index * 7 * DAY / len(values) for index in range(len(values))]
    trace = traced((Point(at, value) for at, value in zip(times, values, strict=True)), slots)
    kept = [level for _, level in trace.places]
    assert (min(kept), max(kept), kept[-1]) == (min(values), max(values), values[-1])
    assert len(kept) <= 4 * (slots + 1)
    assert trace.lowest is not None
    assert trace.lowest[1] == min(values)


@given(points, st.integers(1, 30))
def test_steps_never_go_up_before_the_credits_did(many: list[Point], slots: int) -> None:
    """What is kept are stored values at their own moments: a refill is never drawn before it came."""
    full, thin = traced(many, 10**6), traced(many, slots)
    assert set(thin.places) <= set(full.places)
    for (start, low), (end, high) in pairwise(thin.places):
        if high > low:
            between = [place for place in full.places if start <= place[0] <= end]
            assert any(two[1] > one[1] for one, two in pairwise(between))


REFRESH = NOW - 2 * DAY
EARLIER, LATER = NOW - 3 * DAY, NOW - DAY


@pytest.mark.parametrize(
    ("before", "after", "kind", "amount"),
    [
        (Point(EARLIER, 100, refresh_at=REFRESH), Point(LATER, 15_000), AnnotationKind.REFILL, 14_900),
        (Point(EARLIER, 1, refresh_at=NOW), Point(LATER, 900, refresh_at=NOW + 2 * DAY), AnnotationKind.REFILL, 899),
        (Point(EARLIER, 100, 0, 0), Point(LATER, 90, 0, 5000), AnnotationKind.TOP_UP, 5000),
        (Point(EARLIER, 100), Point(LATER, 3000, monthly_allowance=15_000), AnnotationKind.TOP_UP, 2900),
        (Point(EARLIER, 4120, plan_ends_at=REFRESH), Point(LATER, 0), AnnotationKind.LAPSED, 4120),
    ],
)
def test_jumps_are_marked(before: Point, after: Point, kind: AnnotationKind, amount: float) -> None:
    """A refill, bought credits and a plan's end are told apart by what grew, and when."""
    (mark,) = traced([before, after]).marks
    assert (mark.kind, mark.amount, mark.at) == (kind, amount, LATER.timestamp())


@pytest.mark.parametrize(
    ("before", "after", "spent"),
    [
        (Point(EARLIER, 100, 0), Point(LATER, 100, 60), 0),
        (Point(EARLIER, 9000, monthly_allowance=15_000), Point(LATER, 9030), -30),
        (Point(EARLIER, 9000, 10, 5), Point(LATER, 8000, 60, 5), 1000),
        (Point(EARLIER, 9000, 60, 5), Point(LATER, 9000, None, None), 0),
    ],
)
def test_small_changes_are_not_marked(before: Point, after: Point, spent: float) -> None:
    """The daily refill and a job's refund are none; what is not told counts as before; a refund is not spent."""
    start = Point(EARLIER - HOUR, before.monthly + 500, before.daily, before.package)
    trace = traced([start, before, after])
    assert trace.marks == ()
    assert trace.spent == 500 + spent


def test_what_is_out_of_reach_is_left_out() -> None:
    """No number, the same moment again and the future are not drawn; the number before the span holds as it begins."""
    trace = traced(
        [
            Point(SINCE - DAY, 700),
            Point(SINCE + DAY, float("nan")),
            Point(SINCE + DAY, 600),
            Point(SINCE + DAY, 500),
            Point(NOW + DAY, 400),
        ]
    )
    assert trace.places == ((BEGIN, 700.0), (BEGIN + 86_400, 600.0))


def test_a_jump_a_minute_stays_bounded() -> None:
    """An account that goes mad fills neither the picture nor the memory; the count is whole."""
    trace = traced(Point(SINCE + index * HOUR, 0, 0, 1_000 * index) for index in range(100))
    assert len(trace.marks) == MOST_MARKS
    assert trace.counts == {"top-up": 99}


@pytest.mark.parametrize("size", [1e300, float(10**15), -1e18])
def test_absurd_numbers_are_drawn_as_very_large_ones(size: float) -> None:
    """A service that tells nonsense is no reason to fail."""
    trace = traced([Point(SINCE, size, size, size), Point(LATER, 5)])
    assert abs(trace.places[0][1]) <= 3 * LARGEST


def test_a_number_that_never_changed_is_a_flat_line() -> None:
    """One reading is drawn, up to now; only where there is none there is nothing to draw."""
    held = traced([Point(SINCE - DAY, 5)])
    drawable = [is_drawable(trace) for trace in (traced([]), traced([Point(LATER, 5)]), held)]
    assert drawable == [False, True, True]
    assert lines_of(held.places, (), END) == (((BEGIN, 5), (END, 5)),)
    assert is_drawable(traced([Point(SINCE - DAY, 5), Point(LATER, 4)]))


def test_thresholds_become_levels() -> None:
    """Percent need an allowance; the last rung is critical, the one before it a warning."""
    assert [(rung.level, rung.words, rung.severity) for rung in threshold_lines(rungs("20%", "5%", "0"), 15_000)] == [
        (3000, "20 %", "info"),
        (750, "5 %", "warning"),
        (0, "0", "critical"),
    ]
    assert [rung.words for rung in threshold_lines(rungs("20%", "50"), None)] == ["50"]


def test_the_axis_begins_where_something_is_known_and_ends_with_the_forecast() -> None:
    """A young history fills the width; a far forecast takes at most a share of it."""
    panel = Panel("", lines=(((END - 3600, 1.0), (END, 1.0)),))
    short = chart_of("", [panel], BEGIN, END, "UTC")
    assert short.since == END - 3600
    assert END < short.until < END + 100
    far = Panel("", lines=(((BEGIN, 1.0), (END, 1.0)),), fan=ForecastBand(END + 60, END + 86_400, END + 10**8))
    long = chart_of("", [far], BEGIN, END, "UTC")
    assert END + 2 * 86_400 < long.until < END + 3.5 * 86_400
    near = replace(far, fan=ForecastBand(END + 60, END + 86_400, None, END + 3600))
    assert END + 3600 < chart_of("", [near], BEGIN, END, "UTC").until < END + 4 * 3600
    open_end = replace(far, fan=ForecastBand(END + 60))
    assert chart_of("", [open_end], BEGIN, END, "UTC").until == long.until


def test_a_forecast_becomes_a_fan() -> None:
    """A moment beyond what is foretold stays open; credits that last make no fan."""
    at = datetime(2026, 11, 24, tzinfo=UTC)
    given = Forecast(NOW, at, at, None, 0.9, 100, 7, boundary=at + DAY, lapses=True)
    assert band_of(given) == ForecastBand(at.timestamp(), at.timestamp(), None, (at + DAY).timestamp(), lapses=True)
    assert band_of(Forecast(NOW, None, None, None, 0, 1, 7)) is None
    assert band_of(None) is None


def test_a_pause_among_outages_keeps_its_name() -> None:
    """Touching times are one, but for a pause: it begins where the outage before it ends, or ends where one begins."""
    holes = [
        Gap(10, 20, "broken"),
        Gap(15, 30, PAUSED),
        Gap(30, 40, "unavailable"),
        Gap(35, 50, "broken"),
        Gap(32, 34, PAUSED),
    ]
    assert merged(holes, 0, 100) == (Gap(10, 20, "broken"), Gap(20, 30, PAUSED), Gap(30, 50, "unavailable"))


def test_times_in_which_nobody_looked() -> None:
    """Gaps as moments, within the span; one that lasts goes on to its end."""
    begin, end = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)
    hour = timedelta(hours=1)
    holes = [Gap((begin - hour).timestamp(), (begin + hour).timestamp()), Gap((end - hour).timestamp(), None, PAUSED)]
    assert unseen_of(holes, begin, end) == [(begin, begin + hour), (end - hour, end)]
