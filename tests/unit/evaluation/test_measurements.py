"""Samples to measures: where accounts and sources stand on each ladder."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import FailureKind, Health, Number, Plan, Reading, SourceState
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.rules import CANCELLED, Rules, Threshold, Thresholds
from bot.evaluation.measurements import (
    Measurement,
    account_failures,
    credits_standing,
    ladder_severities,
    plan_standing,
    source_failures,
    source_listing,
)
from tests.support.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PRO,
    RULES,
    SECOND,
    SOURCE,
    account_with,
    credit_of,
    days,
    failed,
    read,
    rungs,
)

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


def credits_at(
    value: Number, ladder: Thresholds, allowance: Number | None = 10_000, daily: Number | None = None
) -> tuple[int, int]:
    """What so many credits reach and hold."""
    account = replace(account_with(read(value)), allowance=allowance, daily_allowance=daily)
    standing = credits_standing(account, ladder)
    assert standing is not None
    return standing.fire_level, standing.clear_level


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        (551, (0, 0)),
        (550, (0, 1)),
        (501, (0, 1)),
        (500, (1, 1)),
        (111, (1, 1)),
        (110, (1, 2)),
        (100, (2, 2)),
        (1, (2, 2)),
        (0, (3, 3)),
        (-5, (3, 3)),
        (0.5, (2, 2)),
    ],
)
def test_absolute_ladder(value: Number, levels: tuple[int, int]) -> None:
    """A rung is reached at or below its value and left above a tenth more; the deepest of several counts."""
    assert credits_at(value, rungs("500", "100", "0"), allowance=None) == levels


@pytest.mark.parametrize(
    ("value", "levels"),
    [(3_301, (0, 0)), (3_300, (0, 1)), (3_000, (1, 1)), (825, (1, 2)), (750, (2, 2)), (0, (3, 3))],
)
def test_percent_ladder(value: Number, levels: tuple[int, int]) -> None:
    """Percent rungs are of the monthly allowance: 20 % and 5 % of 15,000, and nothing left."""
    assert credits_at(value, rungs("20%", "5%", "0"), allowance=15_000) == levels


@pytest.mark.parametrize("allowance", [None, 0, -5])
@pytest.mark.parametrize(("value", "levels"), [(5_000, (0, 0)), (150, (2, 2)), (0, (3, 3))])
def test_percent_needs_an_allowance(allowance: Number | None, value: Number, levels: tuple[int, int]) -> None:
    """A percent rung applies where the allowance is known and above zero; absolute rungs apply always."""
    assert credits_at(value, rungs("20%", "150", "0"), allowance) == levels


@pytest.mark.parametrize(("value", "level"), [(2_001, 0), (2_000, 1), (300, 2), (0, 3)])
def test_mixed_ladder(value: Number, level: int) -> None:
    """Percent and absolute rungs stand on one ladder."""
    assert credits_at(value, rungs("20%", "300", "0"))[0] == level


def test_percent_alone_without_allowance_reaches_nothing() -> None:
    """With nothing to take the percent of, even no credits at all reach no percent rung."""
    assert credits_at(-9, rungs("20%", "5%"), allowance=-5) == (0, 0)
    assert credits_at(0, rungs("20%", "5%"), allowance=None) == (0, 0)


@pytest.mark.parametrize(
    ("daily", "value", "clear_level"),
    [(60, 160, 1), (60, 161, 0), (5, 110, 1), (5, 111, 0), (None, 110, 1), (None, 111, 0), (0, 111, 0)],
)
def test_margin_is_never_less_than_the_daily_allowance(daily: Number | None, value: Number, clear_level: int) -> None:
    """The margin is a tenth of the rung and never less than the daily allowance."""
    assert credits_at(value, rungs("100"), daily=daily) == (0, clear_level)


@given(rung=st.integers(0, 5_000), daily=st.integers(0, 500), below=st.integers(0, 5_000))
def test_a_daily_refill_never_leaves_a_rung(rung: int, daily: int, below: int) -> None:
    """From at or below a rung, the daily refill alone never leaves it, whatever the numbers."""
    assert credits_at(rung - below + daily, rungs(str(rung)), daily=daily)[1] == 1


@given(
    values=st.lists(st.integers(0, 2_000), min_size=1, max_size=5, unique=True),
    value=st.integers(0, 3_000),
    daily=st.integers(0, 300),
)
def test_level_counts_the_rungs(values: list[int], value: int, daily: int) -> None:
    """On a ladder that falls, the level is the number of rungs at or below which the value lies; so it is for hold."""
    ladder = rungs(*map(str, sorted(values, reverse=True)))
    fire_level, clear_level = credits_at(value, ladder, daily=daily)
    assert fire_level == sum(value <= rung for rung in values)
    assert clear_level == sum(value <= rung + max(rung / 10, daily) for rung in values)


def test_total_is_daily_monthly_and_package() -> None:
    """Credits are daily + monthly + package; allowances are denominators and never added."""
    known = credit_of(100, 10_000, daily=20, package=30, daily_allowance=60)
    standing = credits_standing(account_with(read(known)), rungs("150"))
    assert standing is not None
    assert (standing.value, standing.fire_level) == (150, 1)


def test_an_allowance_left_out_of_one_reading_changes_nothing() -> None:
    """The allowance last known counts on where one reading leaves it out."""
    account = replace(account_with(read(credit_of(900, allowance=None))), allowance=10_000)
    standing = credits_standing(account, RULES.low_credits)
    assert standing is not None
    assert standing.fire_level == 1


def test_no_reading_or_no_ladder_is_unknown() -> None:
    """Without a reading, or with the rule switched off, nothing is known and so nothing changes."""
    assert credits_standing(account_with(), RULES.low_credits) is None
    assert credits_standing(account_with(read(0)), ()) is None
    assert plan_standing(account_with(), None, RULES.plan_ends_within, NOW) is None
    ended = account_with(read(plan=Plan(PRO, ends_at=NOW - DAY)))
    assert plan_standing(ended, None, (), NOW) is None


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (CRITICAL,)), (2, (WARNING, CRITICAL)), (3, (INFO, WARNING, CRITICAL)), (4, (INFO, INFO, WARNING, CRITICAL))],
)
def test_severity_by_place(count: int, expected: tuple[Severity, ...]) -> None:
    """The last rung is critical, the one before it a warning, any earlier one info."""
    assert ladder_severities(count) == expected


def test_rung_and_severity_of_a_level() -> None:
    """Each level has its severity and its words; one beyond a shortened ladder counts as its last."""
    standing = credits_standing(account_with(read(0)), rungs("20%", "1500", "0"))
    assert standing is not None
    assert [standing.rung(level) for level in range(5)] == [None, "20 %", "1,500", "0", "0"]
    assert [standing.severity(level) for level in range(1, 5)] == [INFO, WARNING, CRITICAL, CRITICAL]
    assert Measurement(0, 1, 1, (WARNING,)).rung(1) is None


ENDED = len(RULES.plan_ends_within) + 3


def plan_at(
    left: timedelta | None,
    *,
    cancelled: bool = False,
    next_name: str | None = PRO,
    free: bool = False,
    before: Reading | None = None,
    ladder: Thresholds = RULES.plan_ends_within,
) -> Measurement | None:
    """Where a plan stands that ends in so long."""
    plan = Plan(
        PRO,
        next_name=next_name,
        free=free,
        ends_at=None if left is None else NOW + left,
        cancelled_at=NOW - DAY if cancelled else None,
    )
    return plan_standing(account_with(read(plan=plan)), before, ladder, NOW)


def plan_levels(
    left: timedelta,
    *,
    cancelled: bool = False,
    next_name: str | None = PRO,
    ladder: Thresholds = RULES.plan_ends_within,
) -> tuple[int, int]:
    """What a plan reaches and holds that ends in so long."""
    standing = plan_at(left, cancelled=cancelled, next_name=next_name, ladder=ladder)
    assert standing is not None
    return standing.fire_level, standing.clear_level


@pytest.mark.parametrize(
    ("left", "levels"),
    [
        (8 * DAY, (0, 0)),
        (7.7 * DAY, (0, 1)),
        (7 * DAY, (1, 1)),
        (3 * DAY, (1, 1)),
        (HOUR, (1, 1)),
        (SECOND, (1, 1)),
        (timedelta(0), (1, ENDED)),
        (-5 * MINUTE + SECOND, (1, ENDED)),
        (-5 * MINUTE, (ENDED, ENDED)),
        (-9 * DAY, (ENDED, ENDED)),
    ],
)
def test_a_plan_that_renews(left: timedelta, levels: tuple[int, int]) -> None:
    """Renewing: told once, at the first rung; ended only some minutes after its end, for renewal takes a moment.

    An end that lies ahead again, after a clock was set back, is no longer overdue.
    """
    assert plan_levels(left) == levels


@pytest.mark.parametrize(
    ("left", "levels"),
    [
        (8 * DAY, (0, 0)),
        (7.7 * DAY, (0, 3)),
        (7 * DAY, (3, 3)),
        (3.3 * DAY, (3, 4)),
        (3 * DAY, (4, 4)),
        (DAY, (5, 5)),
        (2 * HOUR, (5, 5)),
        (HOUR, (5, ENDED)),
        (SECOND, (5, ENDED)),
        (timedelta(0), (ENDED, ENDED)),
        (-SECOND, (ENDED, ENDED)),
        (-9 * DAY, (ENDED, ENDED)),
    ],
)
@pytest.mark.parametrize(
    ("cancelled", "next_name"), [(True, PRO), (False, "Basic"), (True, "Basic"), (False, None), (False, "")]
)
def test_a_plan_that_ends_or_changes(
    left: timedelta, levels: tuple[int, int], cancelled: bool, next_name: str | None
) -> None:
    """Cancelled, changing, or not known to renew: the whole ladder, each rung worse than "renews", and its end.

    One that was cancelled is on it at once.
    """
    least = CANCELLED if cancelled else 0
    wanted = tuple(max(level, least) for level in levels)
    assert plan_levels(left, cancelled=cancelled, next_name=next_name) == wanted


def test_plan_severities() -> None:
    """To renew is info, the ladder grows worse towards its end, and an ended plan is critical with no rung for it."""
    standing = plan_at(9 * DAY)
    assert standing is not None
    severities = [INFO, INFO, INFO, WARNING, CRITICAL, CRITICAL]
    assert [standing.severity(level) for level in range(1, ENDED + 1)] == severities
    assert (standing.value, standing.period, standing.renews) == (9 * 86_400, NOW + 9 * DAY, True)


@pytest.mark.parametrize("cancelled", [True, False])
def test_an_ended_plan_needs_no_rung(cancelled: bool) -> None:
    """However short the ladder, a plan whose end has passed is critical at once."""
    standing = plan_at(-DAY, cancelled=cancelled, ladder=days(2))
    assert standing is not None
    assert standing.severity(standing.fire_level) is CRITICAL
    assert standing.fire_level > plan_levels(DAY, cancelled=True, ladder=days(2))[0]


@pytest.mark.parametrize("left", [None, 2 * DAY, -2 * DAY])
@pytest.mark.parametrize("before", [None, read(), read(plan=Plan("Free", free=True, ends_at=NOW))])
def test_a_free_account_has_no_end(left: timedelta | None, before: Reading | None) -> None:
    """A free account has no plan to end, whatever date the service gives it."""
    standing = plan_at(left, free=True, before=before)
    assert standing is not None
    assert (standing.fire_level, standing.clear_level, standing.settled) == (0, 0, True)


@pytest.mark.parametrize("left", [None, 2 * DAY, -2 * DAY])
def test_a_paid_plan_that_became_free_has_ended(left: timedelta | None) -> None:
    """Paid at the reading before and free now: the plan has ended, whatever date stands there."""
    standing = plan_at(left, free=True, before=read(plan=Plan(PRO, ends_at=NOW + 9 * DAY)))
    assert standing is not None
    assert (standing.fire_level, standing.severity(standing.fire_level), standing.settled) == (ENDED, CRITICAL, False)


def test_an_absent_end_is_unknown() -> None:
    """No end known: neither fires nor resolves."""
    assert plan_at(None) is None
    assert plan_at(None, cancelled=True) is None


@given(seconds=st.integers(-20 * 86_400, 40 * 86_400), cancelled=st.booleans())
def test_plan_holds_at_least_what_it_reaches(seconds: int, cancelled: bool) -> None:
    """A rung just reached is never left by the same look."""
    fire_level, clear_level = plan_levels(timedelta(seconds=seconds), cancelled=cancelled)
    assert clear_level >= fire_level


FINE = Health(total=3)


def failing(kind: FailureKind, times: int, health: Health = FINE, rules: Rules = RULES) -> tuple[int, int] | None:
    """What an account reaches and holds after so many such outages in a row."""
    standing = account_failures(account_with(read(), failed(kind), times), rules, health)
    return (standing.fire_level, standing.clear_level) if standing else None


SHARED = Health(total=3, failing=3, shared=True, fewest_failures=3)
UNCERTAIN_KINDS = [FailureKind.UNAVAILABLE, FailureKind.UNREFRESHED, FailureKind.THROTTLED, FailureKind.GARBLED]


@pytest.mark.parametrize("kind", UNCERTAIN_KINDS)
def test_an_uncertain_outage_is_counted(kind: FailureKind) -> None:
    """Unavailable, throttled and garbled fire after UNREADABLE_AFTER in a row, and hold what was said before."""
    assert [failing(kind, times) for times in (1, 2, 3, 4)] == [(0, 3), (0, 3), (1, 3), (1, 3)]
    assert failing(kind, 1, rules=replace(RULES, unreadable_after=1)) == (1, 3)


@pytest.mark.parametrize("kind", [FailureKind.MISSING, FailureKind.BROKEN])
@pytest.mark.parametrize("health", [FINE, SHARED])
def test_a_certain_outage_fires_at_once(kind: FailureKind, health: Health) -> None:
    """Missing and broken fire on the first look, and are the account's own trouble however many share it."""
    assert failing(kind, 1, health) == ((3, 3) if kind is FailureKind.BROKEN else (2, 3))


@pytest.mark.parametrize("health", [FINE, SHARED, Health(total=1)])
@pytest.mark.parametrize("kind", [FailureKind.UNAUTHORIZED, FailureKind.LAPSED])
def test_a_refused_look_is_the_sources_trouble(kind: FailureKind, health: Health) -> None:
    """401 and 402 concern the whole source: the account's own alert neither fires nor resolves."""
    assert failing(kind, 99, health) is None


@pytest.mark.parametrize("kind", UNCERTAIN_KINDS)
def test_a_shared_outage_is_the_sources_trouble(kind: FailureKind) -> None:
    """An outage that all accounts share is said once, for the source, and not for its accounts."""
    assert failing(kind, 99, SHARED) is None


def test_a_reading_is_off_the_failures_ladder() -> None:
    """One look that works resolves; an unreadable account is never more than a warning."""
    standing = account_failures(account_with(read()), RULES, FINE)
    assert standing is not None
    assert (standing.fire_level, standing.clear_level) == (0, 0)
    assert {standing.severity(level) for level in (1, 2)} == {WARNING}


def source_at(source: SourceState, health: Health, alert: Alert | None = None) -> tuple[int, int] | None:
    """What a source reaches and holds."""
    standing = source_failures(source, health, RULES, alert or Alert(SOURCE, AlertRule.FAILURES), NOW)
    assert standing is None or {standing.severity(1), standing.severity(2)} == {CRITICAL}
    return (standing.fire_level, standing.clear_level) if standing else None


def unlisted(kind: FailureKind, times: int = 1, at: datetime = NOW, listed_at: datetime | None = None) -> SourceState:
    """A source whose listing could not be read so many times in a row."""
    listed = 3 if listed_at else None
    return SourceState(SOURCE, listed_at, listed, outage=failed(kind, at), failures=times, failing_since=at)


LISTED = SourceState(SOURCE, listed_at=NOW, listed=3)


@pytest.mark.parametrize(
    ("source", "health", "levels"),
    [
        (LISTED, FINE, (0, 0)),
        (LISTED, Health(total=3, failing=1), (0, 0)),
        (LISTED, Health(total=3, failing=1, refused=1), (2, 2)),
        (LISTED, Health(total=1, failing=1, refused=1), (2, 2)),
        (
            LISTED,
            Health(total=3, failing=1, refused=1, outage=failed(FailureKind.LAPSED), read_at=NOW - SECOND),
            (2, 2),
        ),
        (
            LISTED,
            Health(total=3, failing=3, refused=1, outage=failed(FailureKind.LAPSED), read_at=NOW + SECOND),
            (0, 0),
        ),
        (LISTED, Health(total=3, failing=3, shared=True, fewest_failures=2), (0, 2)),
        (LISTED, Health(total=3, failing=3, shared=True, fewest_failures=3), (1, 2)),
        (LISTED, Health(total=3, failing=3, fewest_failures=9), (0, 0)),
        (LISTED, Health(total=1, failing=1, fewest_failures=9), (0, 0)),
        (unlisted(FailureKind.UNAUTHORIZED), FINE, (2, 2)),
        (unlisted(FailureKind.LAPSED), FINE, (2, 2)),
        (unlisted(FailureKind.LAPSED), Health(), (2, 2)),
        (unlisted(FailureKind.LAPSED), Health(total=3, read_at=NOW - SECOND), (2, 2)),
        (unlisted(FailureKind.LAPSED), Health(total=3, read_at=NOW + SECOND), (0, 0)),
        (unlisted(FailureKind.UNAVAILABLE, 9), FINE, (0, 0)),
        (SourceState(SOURCE), Health(), None),
        (unlisted(FailureKind.UNAVAILABLE, 2), Health(), (0, 2)),
        (unlisted(FailureKind.UNAVAILABLE, 3), Health(), (1, 2)),
        (unlisted(FailureKind.UNAVAILABLE, 3, listed_at=NOW), Health(), (1, 2)),
        (SourceState(SOURCE, listed_at=NOW, listed=0), Health(), (0, 0)),
        (SourceState(SOURCE), FINE, (0, 0)),
    ],
    ids=[
        "all well",
        "one account's own trouble",
        "one refused shuts the source",
        "a single account refused",
        "refused after another was read",
        "another was read since the refusal, and fails by now",
        "shared, not long enough",
        "shared long enough",
        "all fail, each in its own way",
        "a single account's trouble is its own",
        "the listing unauthorized",
        "the listing lapsed",
        "lapsed before anything is watched",
        "refused after the last reading",
        "a newer reading proves the listing stale",
        "a listing that is down matters not while accounts are read",
        "nothing watched, never asked",
        "discovery fails twice",
        "discovery fails three times",
        "discovery fails where there was a listing before",
        "a listing that came through, though empty",
        "accounts by name, never listed",
    ],
)
def test_a_source(source: SourceState, health: Health, levels: tuple[int, int] | None) -> None:
    """A source fires when refused on one look, or shut long enough for all; it is critical, and a reading resolves."""
    assert source_at(source, health) == levels


SHUT = Alert(SOURCE, AlertRule.FAILURES, level=2, episode=1, severity=CRITICAL)
ANSWERS = replace(SHUT, period=NOW - MINUTE)


@pytest.mark.parametrize(
    ("alert", "health", "levels"),
    [
        (SHUT, Health(total=3, failing=2, read_at=NOW, oldest_failure=NOW - MINUTE), (0, 2)),
        (SHUT, Health(total=3, failing=2, read_at=NOW, oldest_failure=NOW), (0, 0)),
        (SHUT, Health(total=3, failing=0, read_at=NOW), (0, 0)),
        (ANSWERS, Health(total=3, failing=1, read_at=NOW, oldest_failure=NOW - 2 * MINUTE), (0, 2)),
        (ANSWERS, Health(total=3, failing=1, read_at=NOW, oldest_failure=NOW - SECOND), (0, 0)),
        (
            replace(SHUT, period=NOW - 5 * MINUTE),
            Health(total=3, failing=1, read_at=NOW, oldest_failure=NOW - HOUR),
            (0, 0),
        ),
        (
            replace(SHUT, period=NOW + HOUR),
            Health(total=3, failing=1, read_at=NOW, oldest_failure=NOW - HOUR),
            (0, 0),
        ),
        (SHUT, Health(total=3, failing=2, refused=2, outage=failed(), read_at=NOW - SECOND), (2, 2)),
        (
            SHUT,
            Health(
                total=3,
                failing=2,
                refused=2,
                outage=failed(at=NOW - MINUTE),
                read_at=NOW,
                oldest_failure=NOW - MINUTE,
            ),
            (0, 2),
        ),
        (ANSWERS, Health(total=3, failing=3, shared=True, fewest_failures=9, oldest_failure=NOW), (1, 2)),
        (Alert(SOURCE, AlertRule.FAILURES), Health(total=3, failing=1, oldest_failure=NOW - HOUR, read_at=NOW), (0, 0)),
    ],
    ids=[
        "one answers, the others were not looked at since",
        "one answers, the others failed since",
        "all answer",
        "one is still to be looked at",
        "all were looked at since it answers",
        "the wait is over",
        "the clock was set back",
        "refused after it answered",
        "it answers after the refusals",
        "all fail once more",
        "nothing was told",
    ],
)
def test_a_source_has_recovered_once_all_were_looked_at_again(
    alert: Alert, health: Health, levels: tuple[int, int]
) -> None:
    """A recovery that is told after the first account that answers would not know of the others."""
    assert source_at(LISTED, health, alert) == levels


def test_a_listing() -> None:
    """A source that lists none is a warning; a listing that could not be read, or never was, is unknown."""
    empty = source_listing(SourceState(SOURCE, listed_at=NOW, listed=0), Health(), NOW)
    assert empty is not None
    assert (empty.fire_level, empty.severity(1)) == (1, WARNING)
    some = source_listing(LISTED, Health(), NOW)
    assert some is not None
    assert (some.fire_level, some.clear_level) == (0, 0)
    assert source_listing(SourceState(SOURCE), Health(), NOW) is None
    assert source_listing(replace(LISTED, outage=failed()), Health(), NOW) is None


@pytest.mark.parametrize(
    ("since", "read_at", "levels"),
    [
        (NOW - HOUR, None, (1, 1)),
        (NOW - HOUR, NOW - 2 * HOUR, (1, 1)),
        (NOW - HOUR, NOW - MINUTE, (0, 0)),
        (NOW - HOUR + SECOND, None, None),
        (None, NOW - MINUTE, None),
    ],
)
def test_a_list_that_answers_404_for_an_hour_perhaps_has_no_account(
    since: datetime | None, read_at: datetime | None, levels: tuple[int, int] | None
) -> None:
    """It is said after an hour, as a warning; an account that could be read meanwhile is proof of the contrary."""
    absent = replace(LISTED, outage=failed(), absent_since=since)
    standing = source_listing(absent, Health(total=1, read_at=read_at), NOW)
    assert (standing and (standing.fire_level, standing.clear_level)) == levels


@pytest.mark.parametrize(("free", "allowance", "held"), [(True, None, 0), (True, 15_000, 1), (False, None, 1)])
def test_a_free_account_recovers_by_its_daily_credits(free: bool, allowance: int | None, held: int) -> None:
    """It has no other refill; where credits of a month are the measure, the daily refill changes nothing."""
    told = replace(read(0), plan=Plan("Free", free=free))
    told = replace(told, credits=replace(told.credits, daily=60))
    account = replace(account_with(told), allowance=allowance, daily_allowance=60)
    standing = credits_standing(account, (Threshold(0),))
    assert standing is not None
    assert standing.clear_level == held
