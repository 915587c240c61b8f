"""Quiet hours and the daily summary follow the wall clock of the zone, at both of its changes too."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, cycle, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.notifications import Delivery, NotificationKind
from bot.domain.quiet_hours import QuietHours, parse_clock_time, parse_quiet_hours
from bot.features.summary.due import LATEST, day_of, done_before, first_moment, mark_of, summary_due
from bot.outbox.batching import Batch, PendingAlert
from bot.outbox.quiet import rings
from tests.support.builders import delivery

UNHURRIED = settings(deadline=None)
BERLIN, NEW_YORK, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
ZONES = [BERLIN, NEW_YORK]
CHANGES = {
    "Berlin, spring": (BERLIN, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    "Berlin, autumn": (BERLIN, datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    "New York, spring": (NEW_YORK, datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
    "New York, autumn": (NEW_YORK, datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
}
at_each_change = pytest.mark.parametrize(("zone", "change"), CHANGES.values(), ids=CHANGES.keys())
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHT = QuietHours(time(22), time(8))
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
zones = st.sampled_from([*ZONES, LORD_HOWE, UTC_ZONE])


def moment(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """A moment as the zone's clock shows it; ``fold`` 1 is the second time of two."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def shown(at: datetime, zone: ZoneInfo) -> str:
    """What a clock on the wall shows, to the minute."""
    return at.astimezone(zone).strftime("%H:%M")


# Quiet hours


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("22:00-08:00", time(22), time(8)),
        (" 9:30 – 17:45 ", time(9, 30), time(17, 45)),
        ("00:00-23:59", time(0), time(23, 59)),
    ],
)
def test_quiet_hours_are_read(text: str, begin: time, end: time) -> None:
    """What people write is understood, and written back as the contract has it."""
    quiet = parse_quiet_hours(text)
    assert quiet == QuietHours(begin, end)
    assert parse_quiet_hours(str(quiet)) == quiet


@pytest.mark.parametrize(
    "text",
    [
        "22-8",
        "22:00",
        "22:00-",
        "24:00-08:00",
        "22:60-08:00",
        "22:00-08:00-09:00",
        "a:b-c:d",
        "22:00 08:00",
        "\u0662\u0662:00-08:00",
    ],
)
def test_wrong_quiet_hours_are_refused(text: str) -> None:
    """The error says what was written and that it is no span."""
    with pytest.raises(ValueError, match=r"is “.*”, which is not a span of the day"):
        parse_quiet_hours(text)


def test_quiet_hours_of_no_length_are_refused() -> None:
    """Nobody knows whether the same time twice means never or always."""
    with pytest.raises(ValueError, match="ends when it begins"):
        parse_quiet_hours("08:00-08:00")


def test_empty_switches_off() -> None:
    """Both settings are off when empty."""
    assert parse_quiet_hours("  ") is None
    assert parse_clock_time("") is None


@pytest.mark.parametrize(("text", "clock"), [("09:00", time(9)), (" 7:05 ", time(7, 5)), ("23:59", time(23, 59))])
def test_a_clock_time_is_read(text: str, clock: time) -> None:
    """A time of the day, with or without a leading zero."""
    assert parse_clock_time(text) == clock


@pytest.mark.parametrize("text", ["9", "24:00", "12:60", "9:0", "9 am", "09:00:00", "x" * 90])
def test_a_wrong_clock_time_is_refused(text: str) -> None:
    """The error quotes at most a short line of what was written."""
    with pytest.raises(ValueError, match="which is not a time of the day") as caught:
        parse_clock_time(text)
    assert len(str(caught.value)) < 100


@given(clocks, clocks, zones, st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)))  # noqa: DTZ001 - made aware below
@UNHURRIED
def test_quiet_is_what_the_wall_clock_shows(begin: time, end: time, zone: ZoneInfo, at: datetime) -> None:
    """At every moment: inside exactly when the shown time is, counted as text on a clock's face."""
    at, first, last = at.replace(tzinfo=UTC), f"{begin:%H:%M}", f"{end:%H:%M}"
    now = shown(at, zone)
    inside = first <= now < last if first <= last else now >= first or now < last
    assert QuietHours(begin, end).contains(at, zone) is inside


@at_each_change
@pytest.mark.parametrize(
    "text", ["22:00-08:00", "01:30-02:30", "02:15-02:45", "02:30-01:30", "03:00-02:00", "00:00-02:00"]
)
def test_quiet_at_every_minute_around_a_change(zone: ZoneInfo, change: datetime, text: str) -> None:
    """Each minute of the two days around a clock change reads as the clock shows, left out and doubled hours too."""
    quiet = parse_quiet_hours(text)
    assert quiet
    first, _, last = text.partition("-")
    for minutes in range(-24 * 60, 24 * 60):
        at = change + minutes * MINUTE
        now = shown(at, zone)
        inside = first <= now < last if first < last else now >= first or now < last
        assert quiet.contains(at, zone) is inside, at


@at_each_change
def test_the_quiet_ends_on_the_clock_on_the_wall(zone: ZoneInfo, change: datetime) -> None:
    """The night of a change is an hour shorter or longer, and ends at 08:00 all the same."""
    evening = first_moment(change.astimezone(zone).date() - DAY, time(22), zone)
    assert evening
    over = NIGHT.over_at(evening + 7 * timedelta(seconds=1), zone)
    assert shown(over, zone) == "08:00"
    assert over - evening == 10 * HOUR + (HOUR if change.month > 6 else -HOUR)


@given(clocks, clocks, zones, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - made aware below
@UNHURRIED
def test_the_quiet_is_over_as_soon_as_it_is_over(begin: time, end: time, zone: ZoneInfo, at: datetime) -> None:
    """The end is not quiet, and every minute before it is."""
    at, quiet = at.replace(tzinfo=UTC), QuietHours(begin, end)
    over = quiet.over_at(at, zone)
    assert not quiet.contains(over, zone)
    minute = at.replace(second=0, microsecond=0)
    for minutes in range(0, int((over - minute) / MINUTE), 7):
        assert quiet.contains(minute + minutes * MINUTE, zone)


# What rings


def batch(*parts: Delivery) -> Batch:
    """One story a notification."""
    return Batch(tuple(PendingAlert((part,)) for part in parts))


IN_QUIET, IN_DAYTIME = moment("2026-07-20 23:30"), moment("2026-07-20 14:00")
W, C, I = Severity.WARNING, Severity.CRITICAL, Severity.INFO  # noqa: E741 - three letters for three severities
F, D, R, O = NotifyReason.FIRED, NotifyReason.WORSENED, NotifyReason.REMINDED, NotifyReason.RESOLVED  # noqa: E741


@pytest.mark.parametrize(
    ("severity", "reason", "by_day", "by_night"),
    [
        (C, F, True, True),
        (C, D, True, True),
        (C, R, True, False),
        (W, F, True, False),
        (W, D, True, False),
        (I, F, False, False),
        (I, O, False, False),
    ],
)
def test_what_rings(severity: Severity, reason: NotifyReason, by_day: bool, by_night: bool) -> None:
    """In quiet hours only a critical alert's firing or worsening rings; at other times all that ever does."""
    told = batch(delivery(1, reason, severity=severity))
    assert rings(told, NIGHT, IN_DAYTIME, BERLIN) is by_day
    assert rings(told, None, IN_QUIET, BERLIN) is by_day
    assert rings(told, NIGHT, IN_QUIET, BERLIN) is by_night


@pytest.mark.parametrize(
    ("runs_out", "reason", "rung"),
    [
        ("2026-07-21 07:59", F, True),
        ("2026-07-21 07:59", D, True),
        ("2026-07-21 07:59", R, False),
        ("2026-07-21 08:00", F, False),
        ("2026-07-20 23:00", F, True),
        (None, F, False),
    ],
)
def test_a_forecast_that_ends_before_the_quiet_does_rings(
    runs_out: str | None, reason: NotifyReason, rung: bool
) -> None:
    """Whoever would only read it in the morning would read it too late."""
    told = batch(delivery(1, reason, severity=W))
    assert rings(told, NIGHT, IN_QUIET, BERLIN, lambda _: moment(runs_out) if runs_out else None) is rung


def test_a_forecast_makes_no_information_ring() -> None:
    """What never rings does not ring at night either."""
    told = batch(delivery(1, O, severity=I))
    assert not rings(told, NIGHT, IN_QUIET, BERLIN, lambda _: IN_QUIET)


def test_a_merged_message_rings_if_any_part_would() -> None:
    """One critical firing among warnings, or overtaken by a recovery, is enough."""
    warning, critical = delivery(1, F, severity=W), delivery(2, F, "bob", severity=C)
    assert rings(batch(warning, critical), NIGHT, IN_QUIET, BERLIN)
    overtaken = Batch((PendingAlert((critical, delivery(3, O, "bob"))),))
    assert rings(overtaken, NIGHT, IN_QUIET, BERLIN)


def test_notes_never_ring() -> None:
    """A greeting, a pause, an account that is gone: information at any time."""
    told = batch(delivery(1, NotifyReason.NONE, severity=I, topic=NotificationKind.DOWNTIME, measure=None))
    assert not rings(told, NIGHT, IN_QUIET, BERLIN)
    assert not rings(told, None, IN_DAYTIME, BERLIN)


@at_each_change
def test_ringing_follows_the_clock_over_a_change(zone: ZoneInfo, change: datetime) -> None:
    """A warning is silent until the wall clock shows 08:00 on the day of the change, and rings from then on."""
    told = batch(delivery(1, F, measure=AlertRule.CREDITS, severity=W))
    for minutes in range(0, 24 * 60, 5):
        at = change - 4 * HOUR + minutes * MINUTE
        assert rings(told, NIGHT, at, zone) is ("08:00" <= shown(at, zone) < "22:00")


# The daily summary


def run(zone: ZoneInfo, at: time, ticks: list[datetime], last: date | None) -> list[tuple[date, datetime]]:
    """What a bot sends that looks at these moments: each day with the moment it was sent."""
    sent = []
    for now in ticks:
        day = summary_due(last, now, zone, at)
        if day is not None:
            sent.append((day, now))
            last = day_of(mark_of(day))
    return sent


@at_each_change
@pytest.mark.parametrize("at", [time(9), time(2, 30), time(1, 30), time(2), time(3), time(0), time(23, 59)])
def test_a_summary_comes_once_a_day_over_a_change(zone: ZoneInfo, change: datetime, at: time) -> None:
    """Never twice where an hour comes twice, never not at all where one is left out, and at the time that was set."""
    beside = {0, 1, 29, 30, 31, 58, 59}  # the set times and their neighbours; what lies between is jumped over
    ticks = [change - 2 * DAY + minutes * MINUTE for minutes in range(4 * 24 * 60) if minutes % 60 in beside]
    sent = run(zone, at, ticks, done_before(ticks[0], zone, at))
    days = [day for day, _ in sent]
    first = days[0]
    assert days == [first + number * DAY for number in range(len(days))]
    assert len(days) >= 3
    for day, moment_sent in sent:
        exists = datetime.combine(day, at, zone).astimezone(UTC).astimezone(zone).time() == at
        assert moment_sent.astimezone(zone).date() == day
        assert shown(moment_sent, zone) == (f"{at:%H:%M}" if exists else "03:00")


@given(
    st.sampled_from(ZONES),
    clocks,
    st.lists(st.tuples(st.integers(0, 365 * 24 * 60), st.integers(1, 4 * 24 * 60)), max_size=25),
    st.lists(st.sampled_from([15, 20, 59, 240, 359]), min_size=3, max_size=5, unique=True),
)
@settings(deadline=None, max_examples=12)
def test_once_a_day_for_a_year(zone: ZoneInfo, at: time, off: list[tuple[int, int]], steps: list[int]) -> None:
    """Whatever the bot's down times: no day twice; each day on which it was up in time exactly once; others not."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    minutes = [
        minute
        for minute in takewhile(lambda minute: minute < 365 * 24 * 60, accumulate(cycle(steps), initial=0))
        if not any(start <= minute < start + length for start, length in off)
    ]
    ticks = [begin + minute * MINUTE for minute in minutes]
    start = done_before(ticks[0], zone, at) if ticks else date(2026, 1, 1)
    sent = run(zone, at, ticks, start)
    days = [day for day, _ in sent]
    assert days == sorted(set(days))
    assert set(days) == expected(zone, at, ticks, start)


def expected(zone: ZoneInfo, at: time, ticks: list[datetime], start: date) -> set[date]:
    """The days after the first on which there was a tick in the six hours from the set time on."""
    found, remaining = set[date](), iter(ticks)
    now = next(remaining, None)
    day = start + DAY
    while now is not None:
        due = first_moment(day, at, zone)
        assert due
        while now is not None and now < due:
            now = next(remaining, None)
        if now is not None and now <= due + LATEST:
            found.add(day)
        day += DAY
        if day > date(2027, 1, 3):
            break
    return found


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-07-20 08:59", None),
        ("2026-07-20 09:00", date(2026, 7, 20)),
        ("2026-07-20 15:00", date(2026, 7, 20)),
        ("2026-07-20 15:01", None),
    ],
)
def test_late_up_to_six_hours(now: str, due: date | None) -> None:
    """A summary missed while the bot was off comes up to six hours late, else not."""
    assert summary_due(date(2026, 7, 19), moment(now), BERLIN, time(9)) == due


def test_late_over_midnight() -> None:
    """What was due in the evening comes after midnight as the evening's, and the next evening has its own."""
    done, at = date(2026, 7, 19), time(22)
    assert summary_due(done, moment("2026-07-21 03:00"), BERLIN, at) == date(2026, 7, 20)
    assert summary_due(date(2026, 7, 20), moment("2026-07-21 03:00"), BERLIN, at) is None
    assert summary_due(date(2026, 7, 20), moment("2026-07-21 22:00"), BERLIN, at) == date(2026, 7, 21)


@at_each_change
def test_six_hours_are_six_hours_over_a_change(zone: ZoneInfo, change: datetime) -> None:
    """Lateness is time that passed, however far the hands moved."""
    day = change.astimezone(zone).date()
    due = first_moment(day, time(0, 30), zone)
    assert due
    assert summary_due(day - DAY, due + LATEST, zone, time(0, 30)) == day
    assert summary_due(day - DAY, due + LATEST + MINUTE, zone, time(0, 30)) is None


def test_a_new_bot_has_missed_nothing() -> None:
    """Installed at 11:00, it does not send the summary of 09:00; installed at 08:00, it does."""
    at = time(9)
    for clock, due in (("11:00", None), ("08:00", date(2026, 7, 20))):
        installed = moment(f"2026-07-20 {clock}")
        assert summary_due(done_before(installed, BERLIN, at), moment("2026-07-20 11:00"), BERLIN, at) == due


def test_a_mark_from_the_future_holds_nothing_up() -> None:
    """A clock that was wrong for an hour must not silence the summaries of years."""
    assert summary_due(date(2031, 1, 1), moment("2026-07-20 09:00"), BERLIN, time(9)) == date(2026, 7, 20)


def test_a_day_that_a_zone_left_out_has_no_summary() -> None:
    """Samoa had no 30 December 2011: that day's summary is not sent on the next."""
    assert first_moment(date(2011, 12, 30), time(9), APIA) is None
    ticks = [datetime(2011, 12, 29, tzinfo=UTC) + number * HOUR for number in range(72)]
    assert [day.day for day, _ in run(APIA, time(9), ticks, date(2011, 12, 28))] == [29, 31, 1]


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_survives_the_database(day: date) -> None:
    """The mark of a day reads as that day in every zone that the bot may be moved to."""
    assert day_of(mark_of(day)) == day
    assert day_of(None) is None
