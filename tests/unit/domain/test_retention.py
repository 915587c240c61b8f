"""When a pass is due, what it reads, and how many rows a step may take."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.retention import (
    DAY,
    EPOCH,
    FEWEST_ROWS,
    HOUR,
    MOST_ROWS,
    QUICK_S,
    SLOW_S,
    Pass,
    next_rows,
    pass_due,
    start_of,
    windows,
)

NOW = datetime(2026, 7, 21, 9, 17, 5, 3, tzinfo=UTC)
EVERY = timedelta(hours=6)
KEEP = timedelta(days=400)


def test_the_first_pass_reads_everything() -> None:
    """Nothing is known of what was thinned before."""
    assert pass_due(None, NOW, EVERY) == Pass(NOW, None, "")


def test_a_pass_follows_the_last_one_after_six_hours() -> None:
    """Counted from the beginning of the last one, which it builds on."""
    last = Pass(NOW, NOW - DAY, None)
    assert pass_due(last, NOW + EVERY - timedelta(microseconds=1), EVERY) is None
    assert pass_due(last, NOW + EVERY, EVERY) == Pass(NOW + EVERY, NOW, "")


def test_a_pass_under_way_goes_on_however_old_it_is() -> None:
    """With the moment by which it judges age, and from the account that it reached."""
    last = Pass(NOW, NOW - DAY, "pixverse:m@example.com")
    assert pass_due(last, NOW, EVERY) == last
    assert pass_due(last, NOW + 40 * DAY, EVERY) == last


@pytest.mark.parametrize("reached", [None, "pixverse:m@example.com"])
def test_a_clock_set_back_begins_again(reached: str | None) -> None:
    """A pass of the future judged by a wrong moment: the next one reads everything."""
    assert pass_due(Pass(NOW + DAY, NOW, reached), NOW, EVERY) == Pass(NOW, None, "")


moments = st.integers(0, 60 * 24 * 365).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(moment=moments, slot=st.sampled_from([HOUR, DAY]))
def test_a_slot_begins_on_the_clock(moment: datetime, slot: timedelta) -> None:
    """At the full hour or at midnight, UTC, at the moment or before it."""
    begins = start_of(moment, slot)
    assert begins <= moment < begins + slot
    assert (begins - EPOCH) % slot == timedelta(0)


def test_a_later_pass_reads_little() -> None:
    """What has grown a week old since the last pass, two months, and what is older than history is kept."""
    drop, daily, hourly = windows(Pass(NOW, NOW - EVERY), KEEP)
    assert (drop.before, drop.slot) == (NOW - KEEP, None)
    assert daily.before - daily.since <= EVERY + DAY
    assert hourly.before - hourly.since <= EVERY + HOUR


def test_a_bot_that_was_off_for_long_reads_no_hour_twice() -> None:
    """What is past its daily age by now needs no thinning by the hour first."""
    _, daily, hourly = windows(Pass(NOW, NOW - 200 * DAY), KEEP)
    assert hourly.since <= daily.before < hourly.since + HOUR


def test_a_slow_step_is_followed_by_a_smaller_one() -> None:
    """Down to a few rows, on the slowest of disks."""
    rows = MOST_ROWS
    for _ in range(20):
        smaller = next_rows(rows, SLOW_S * 2, whole=True)
        assert smaller < rows or smaller == FEWEST_ROWS
        rows = smaller
    assert rows == FEWEST_ROWS
    assert next_rows(rows, SLOW_S * 100, whole=False) == FEWEST_ROWS


def test_a_quick_step_is_followed_by_a_larger_one_if_it_read_all_it_might() -> None:
    """A step that found little to read says nothing; and there is a most."""
    assert next_rows(64, QUICK_S / 2, whole=True) == 128
    assert next_rows(64, QUICK_S / 2, whole=False) == 64
    assert next_rows(64, QUICK_S * 2, whole=True) == 64
    assert next_rows(MOST_ROWS, 0.0, whole=True) == MOST_ROWS
