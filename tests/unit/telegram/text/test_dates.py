"""Moments and lengths of time in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.text import dates
from tests.support.given import NOW, UNHURRIED, UTC_ZONE

BERLIN, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")


@pytest.mark.parametrize(
    ("when", "zone", "said"),
    [
        (NOW.replace(hour=14, minute=0), UTC_ZONE, "today 14:00"),
        (NOW.replace(hour=23, minute=30), BERLIN, "tomorrow 01:30"),
        (NOW - timedelta(days=1), UTC_ZONE, "yesterday 14:03"),
        (datetime(2026, 7, 23, 0, 48, tzinfo=UTC), UTC_ZONE, "Thu 23 Jul, 00:48"),
        (datetime(2026, 7, 23, 0, 48, tzinfo=UTC), BERLIN, "Thu 23 Jul, 02:48"),
        (datetime(2027, 7, 22, 0, 48, tzinfo=UTC), UTC_ZONE, "Thu 22 Jul 2027, 00:48"),
        (datetime(1970, 1, 1, tzinfo=UTC), UTC_ZONE, "Thu 1 Jan 1970, 00:00"),
    ],
)
def test_moments(when: datetime, zone: ZoneInfo, said: str) -> None:
    """Near days by word, others with weekday, far ones with their year, all in the reader's zone."""
    assert dates.format_moment(when, NOW, zone) == said


@pytest.mark.parametrize(
    ("when", "now", "said"),
    [
        (datetime(2026, 7, 26, 15, 50, tzinfo=UTC), datetime(2026, 7, 24, 3, 20, tzinfo=UTC), "in 2 days"),
        (NOW + timedelta(days=30, hours=20), NOW, "in 31 days"),
        (NOW + timedelta(days=3), NOW, "in 3 days"),
        (NOW + timedelta(days=2, hours=23, minutes=50), NOW, "in 3 days"),
        (NOW + timedelta(days=1), NOW, "in 1 day"),
        (NOW + timedelta(hours=23, minutes=45), NOW, "in 23 h 45 min"),
        (NOW + timedelta(hours=14), NOW, "in 14 h"),
        (NOW, NOW, "now"),
        (NOW - timedelta(hours=14), NOW, "now"),
    ],
)
def test_how_long_from_now_is_counted_by_the_calendar(when: datetime, now: datetime, said: str) -> None:
    """From Friday 03:20 to Sunday 15:50 are two days, in every message alike; within a day the hours are told."""
    assert dates.format_in(when, now, UTC_ZONE) == said


def test_days_are_counted_by_the_readers_own_midnights() -> None:
    """What lies behind two midnights in one zone lies behind one in another."""
    now, when = datetime(2026, 7, 20, 22, 30, tzinfo=UTC), datetime(2026, 7, 21, 23, 0, tzinfo=UTC)
    assert (dates.format_in(when, now, UTC_ZONE), dates.format_in(when, now, BERLIN)) == ("in 1 day", "in 1 day")
    assert dates.format_in(when + timedelta(hours=1), now, UTC_ZONE) == "in 2 days"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (-timedelta(seconds=20), "just now"),
        (timedelta(hours=1), "just now"),
        (-timedelta(minutes=43), "43 min ago"),
        (-timedelta(hours=1, minutes=20), "1 h 20 min ago"),
        (-timedelta(hours=5, minutes=50), "5 h ago"),
        (-timedelta(days=12, hours=7), "12 d ago"),
    ],
)
def test_how_long_ago(away: timedelta, said: str) -> None:
    """In the unit that matters."""
    assert dates.format_ago(NOW + away, NOW) == said


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(minutes=2), "read 14:01"),
        (timedelta(hours=5, minutes=3), "read 09:00, 5 h ago"),
        (timedelta(days=2), "read Sat 18 Jul, 14:03, 2 d ago"),
    ],
)
def test_a_number_that_is_not_fresh_says_so(age: timedelta, said: str) -> None:
    """No stale number passes for a fresh one."""
    assert dates.format_read(NOW - age, NOW, UTC_ZONE) == said


@pytest.mark.parametrize(
    ("away", "said"),
    [(timedelta(hours=9), "today 23:03"), (timedelta(days=4), "Fri 14:03"), (timedelta(days=8), "28 Jul")],
)
def test_lists_say_moments_in_few_letters(away: timedelta, said: str) -> None:
    """A weekday means the coming one, never one a week later."""
    assert dates.format_short(NOW + away, NOW, UTC_ZONE) == said


MOMENTS = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), NOW]),
)
SAYERS = (
    dates.format_moment,
    dates.format_on,
    dates.format_at,
    dates.format_past,
    dates.format_day,
    dates.format_read,
    dates.format_short,
    dates.format_in,
)


@UNHURRIED
@given(MOMENTS, MOMENTS, st.sampled_from([UTC_ZONE, BERLIN, AUCKLAND, ZoneInfo("America/Los_Angeles")]))
def test_nothing_raises(when: datetime, now: datetime, zone: ZoneInfo) -> None:
    """From the first to the last moment of the calendar, everything can be said."""
    assert all(say(when, now, zone) for say in SAYERS)
    assert dates.format_ago(when, now)
    assert dates.format_clock(when, zone)
