"""The daily summary's numbers: what was spent, what changed, what comes."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.accounts import Credits, Plan, Reading
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.credit_changes import Point
from bot.domain.notifications import NotificationKind, Watched
from bot.domain.summary import ComingKind, Listed, Summary, SummaryEvent
from bot.features.summary.rules import ComingDate, Past, Tally, by_days, coming_of, events_of, summary_of
from tests.support.builders import DAY, HOUR, KEY, MINUTE, NOW, account_with, delivery, failed, firing, read

C, W, I = Severity.CRITICAL, Severity.WARNING, Severity.INFO  # noqa: E741 - three letters for three severities


def past_of(*points: Point) -> Past:
    """What a tally makes of some points."""
    tally = Tally()
    for point in points:
        tally.add(point)
    return tally.past


def at(hours: float, monthly: float, daily: float = 0, package: float = 0, **more: object) -> Point:
    """What was read so many hours ago."""
    known = {"monthly_allowance": 10_000, "plan": "Pro", **more}
    return Point(NOW - hours * HOUR, monthly, daily, package, **known)  # type: ignore[arg-type]


def test_spending_is_what_went_away() -> None:
    """Of every kind; the first point only says what there was."""
    assert past_of(at(30, 9_000, 60, 500), at(5, 8_000, 10, 500), at(1, 8_000, 0, 400)).spent == 1_160
    assert past_of(at(1, 9_000)).spent == 0
    assert past_of().spent == 0


def test_a_refill_is_no_negative_spending() -> None:
    """It is told by itself, and what was spent before and after it counts."""
    points = [at(20, 500, refresh_at=NOW - 10 * HOUR), at(12, 100, refresh_at=NOW - 10 * HOUR)]
    points += [at(9, 10_000, refresh_at=NOW + 20 * DAY), at(2, 9_500, refresh_at=NOW + 20 * DAY)]
    past = past_of(*points)
    assert (past.spent, past.refilled, past.topped_up) == (900, 9_900, 0)


def test_a_top_up_and_a_plan_that_ends() -> None:
    """Bought credits are no refill, and credits that lapse are not spent."""
    bought = past_of(at(9, 100), at(2, 100, package=5_000))
    assert (bought.topped_up, bought.spent) == (5_000, 0)
    ended = past_of(at(9, 4_000, plan_ends_at=NOW - 5 * HOUR), at(2, 0, plan="Free", plan_ends_at=NOW - 5 * HOUR))
    assert (ended.lapsed, ended.spent, ended.plan) == (4_000, 0, ("Pro", "Free"))


def test_a_refund_takes_spending_back() -> None:
    """A job that failed and was given back cost nothing, and never less than nothing."""
    assert past_of(at(9, 9_000), at(5, 8_900), at(2, 9_000)).spent == 0
    assert past_of(at(9, 8_900), at(2, 9_000)).spent == 0


def test_a_plan_that_is_not_told_for_a_while_has_not_changed() -> None:
    """An unknown is no change; from one name to another is."""
    assert past_of(at(9, 1), at(5, 1, plan=None), at(2, 1)).plan is None
    assert past_of(at(9, 1), at(5, 1, plan=None), at(2, 1, plan="Max")).plan == ("Pro", "Max")


def watched(reading: Reading | None = None, **more: object) -> Watched:
    """Alice, read now unless said otherwise."""
    return Watched(account_with(reading or read(9_000)), **more)  # type: ignore[arg-type]


def coming(reading: Reading, runs_out: timedelta | None = None) -> list[tuple[timedelta, ComingKind]]:
    """What comes for Alice, and when from now."""
    forecasts = {KEY: NOW + runs_out} if runs_out else {}
    return [(one.at - NOW, one.kind) for one in coming_of([watched(reading)], forecasts, NOW)]


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        (Plan("Pro", "Pro", ends_at=NOW + DAY), ComingKind.RENEWS),
        (Plan("Pro", ends_at=NOW + DAY), ComingKind.ENDS),
        (Plan("Pro", "Pro", ends_at=NOW + DAY, cancelled_at=NOW - DAY), ComingKind.ENDS),
        (Plan("Pro", next_name="Basic", ends_at=NOW + DAY), ComingKind.CHANGES),
    ],
)
def test_what_a_plan_does(plan: Plan, kind: ComingKind) -> None:
    """Within the week; a free one does nothing."""
    assert coming(read(plan=plan)) == [(DAY, kind)]
    assert coming(read(plan=Plan(free=True, ends_at=NOW + DAY))) == []
    assert coming(read(plan=Plan("Pro", ends_at=NOW + 8 * DAY))) == []
    assert coming(read(plan=Plan("Pro", ends_at=NOW - DAY))) == []


def refilled(after: timedelta, plan: Plan | None = None) -> Reading:
    """A reading that tells of a refill."""
    return read(Credits(9_000, refresh_at=NOW + after), plan=plan)


def test_refills() -> None:
    """One that comes with the renewal is said with it; none is promised after a plan has ended."""
    renews, ends = Plan("Pro", "Pro", ends_at=NOW + DAY), Plan("Pro", ends_at=NOW + DAY, cancelled_at=NOW)
    assert coming(refilled(2 * DAY)) == [(2 * DAY, ComingKind.REFILL)]
    assert coming(refilled(DAY + MINUTE, renews)) == [(DAY, ComingKind.RENEWS)]
    assert coming(refilled(2 * DAY, renews)) == [(DAY, ComingKind.RENEWS), (2 * DAY, ComingKind.REFILL)]
    assert coming(refilled(2 * DAY, ends)) == [(DAY, ComingKind.ENDS)]
    assert coming(refilled(HOUR * 3, ends)) == [(3 * HOUR, ComingKind.REFILL), (DAY, ComingKind.ENDS)]


def test_forecasts() -> None:
    """Those that end within the week, in order with the rest."""
    assert coming(refilled(2 * DAY), DAY) == [(DAY, ComingKind.RUNS_OUT), (2 * DAY, ComingKind.REFILL)]
    assert coming(read(), 8 * DAY) == []


def test_days() -> None:
    """What comes on one day of the reader is together, each kind by itself, the most urgent first."""
    late = NOW.replace(hour=23)
    dates = [ComingDate(late, ComingKind.REFILL, "a"), ComingDate(late + 2 * HOUR, ComingKind.ENDS, "b")]
    alone = [(one.at, one.kind, one.names) for one in by_days(dates, UTC)]
    assert alone == [(late, ComingKind.REFILL, Listed.of(["a"])), (late + 2 * HOUR, ComingKind.ENDS, Listed.of(["b"]))]
    together = by_days(dates, timezone(2 * HOUR))
    assert [(one.at, one.kind) for one in together] == [(late, ComingKind.ENDS), (late, ComingKind.REFILL)]


def test_the_largest_are_kept_and_all_are_counted() -> None:
    """However many there are."""
    fleet = [Watched(replace(account_with(read(1)), key=f"p:{number}", label=str(number))) for number in range(100)]
    pasts = {one.account.key: Past(spent=float(number)) for number, one in enumerate(fleet)}
    spent = summary_of(fleet, pasts, [], {}, NOW - DAY, NOW, UTC).spent
    assert (spent.first[:2], spent.count) == ((("99", 99.0), ("98", 98.0)), 99)


def test_events() -> None:
    """Each alert once, as it was told last, the worst first; reminders, information and notes are none."""
    told = [
        delivery(1, who="a", severity=W),
        delivery(2, who="b", severity=W),
        delivery(3, NotifyReason.WORSENED, "b", severity=C),
        delivery(4, NotifyReason.RESOLVED, "a"),
        delivery(5, NotifyReason.REMINDED, "c", severity=C),
        delivery(6, who="d", severity=I),
        delivery(7, NotifyReason.RESOLVED, "e"),
        delivery(8, who="pixverse", severity=C, measure=AlertRule.FAILURES, source=True),
        delivery(9, NotifyReason.NONE, "f", topic=NotificationKind.GONE, measure=None, severity=I),
    ]
    assert events_of(part.notification for part in told) == (
        SummaryEvent("b", AlertRule.CREDITS, C, over=False),
        SummaryEvent(None, AlertRule.FAILURES, C, over=False),
        SummaryEvent("a", AlertRule.CREDITS, I, over=True),
        SummaryEvent("e", AlertRule.CREDITS, I, over=True),
    )


def test_a_digest() -> None:
    """Its counts: who needs somebody, who is unknown, what is left where it is known."""
    fleet = [watched(alerts=(firing(2),)), Watched(account_with(read(500), failed()))]
    digest = summary_of(fleet, {KEY: Past(spent=10)}, [], {}, NOW - DAY, NOW, UTC)
    assert (digest.accounts, digest.need, digest.unknown, digest.credits) == (2, 1, 1, 9_000)
    assert digest.spent == Listed.of([("alice@example.com", 10), ("alice@example.com", 10)])
    assert digest.spent_total == 20


def test_without_any_number_nothing_is_known_to_be_spent() -> None:
    """Before its first reading a bot knows nothing of the day before, neither that nothing was spent."""
    never = Watched(account_with(outage=failed()))
    assert not summary_of([never], {}, [], {}, NOW - DAY, NOW, UTC).known
    read_once = summary_of([never], {KEY: past_of(at(1, 9_000))}, [], {}, NOW - DAY, NOW, UTC)
    assert (read_once.known, read_once.begun) == (True, NOW - HOUR)


def test_an_empty_digest() -> None:
    """Nobody watched, nothing known."""
    assert summary_of([], {}, [], {}, NOW - DAY, NOW, UTC) == Summary(NOW - DAY)


amounts = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(st.tuples(amounts, amounts, amounts), max_size=30))
@settings(deadline=None)
def test_spending_is_never_less_than_nothing(history: list[tuple[float, float, float]]) -> None:
    """Whatever was read."""
    points = [at(40 - number, *buckets) for number, buckets in enumerate(history)]
    past = past_of(*points)
    assert min(past.spent, past.refilled, past.topped_up, past.lapsed) >= 0


@given(st.lists(st.integers(-10, 30), max_size=40))
@settings(deadline=None)
def test_what_comes_is_in_order_and_near(days: list[int]) -> None:
    """Nothing gone by, nothing beyond the week."""
    fleet = [watched(refilled(number * DAY)) for number in days]
    found = coming_of(fleet, {}, NOW)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert len(found) == sum(0 < number <= 7 for number in days)
    assert all(NOW < one.at <= NOW + 7 * DAY for one in found)
