"""The measure runway: an alert when a run-out before the refill is likely and near; once for each risk."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.rules import Thresholds
from bot.evaluation.alert_state import transition
from bot.evaluation.forecast.run_out import Forecast, outlook
from bot.evaluation.forecast.runway import runway_standing
from bot.evaluation.measurements import Measurement
from tests.support.builders import DAY, HOUR, KEY, NOW, days
from tests.support.credit_histories import known_of, past, refill_in, steadily

LADDER = days(2)


def expected(
    likeliest: float | None,
    risk: float = 0.9,
    refill: float = 10,
    *,
    lately: float | None = None,
    out: bool = False,
) -> Forecast:
    """A forecast in days from now, with a range from a quarter to five times of it.

    ``lately`` is the run-out at the pace of the last two days, the same where it is left out.
    """
    left = None if likeliest is None else likeliest * DAY
    early, late = (None if left is None else NOW + factor * left for factor in (0.25, 5))
    found = Forecast(NOW, early, late, late, risk, 100, 14, NOW + refill * DAY, is_out=out)
    soon = None if left is None else NOW + left
    return replace(found, likeliest=soon, as_lately=soon if lately is None else NOW + lately * DAY)


def standing(found: Forecast | None, ladder: Thresholds = LADDER) -> Measurement:
    """Where it stands."""
    where = runway_standing(found, ladder, NOW)
    assert where is not None
    return where


@pytest.mark.parametrize(
    ("found", "levels"),
    [
        pytest.param(expected(1), (1, 1), id="likely and near"),
        pytest.param(expected(2), (1, 1), id="on the rung"),
        pytest.param(expected(2.1), (0, 1), id="just beyond it"),
        pytest.param(expected(2.9), (0, 1), id="within the margin"),
        pytest.param(expected(3.1), (0, 0), id="far beyond it"),
        pytest.param(expected(1, risk=0.5), (0, 1), id="as likely as not"),
        pytest.param(expected(1, risk=0.2), (0, 0), id="unlikely"),
        pytest.param(expected(1, lately=3.9), (1, 1), id="spending goes on, more slowly"),
        pytest.param(expected(1, lately=4.1), (0, 1), id="spending has just stopped"),
        pytest.param(expected(2.5, lately=1), (0, 1), id="fast lately, and not long enough"),
        pytest.param(expected(4), (0, 0), id="the early end alone is near"),
        pytest.param(expected(None, risk=0.0), (0, 0), id="never"),
        pytest.param(expected(0, out=True), (0, 1), id="nothing left: the alert on credits says so"),
    ],
)
def test_levels(found: Forecast, levels: tuple[int, int]) -> None:
    """Fires on a likely run-out within the rung; holds until it is unlikely or half as far away again."""
    where = standing(found)
    assert (where.fire_level, where.clear_level) == levels


def test_no_forecast_changes_nothing() -> None:
    """None, and a ladder that is switched off, give no standing."""
    assert runway_standing(None, LADDER, NOW) is None
    assert runway_standing(expected(1), (), NOW) is None


def test_never_more_than_a_warning() -> None:
    """A forecast is no fact: the last rung is a warning where another measure's is critical."""
    assert standing(expected(1)).severities == (Severity.WARNING,)
    three = standing(expected(1), days(7, 2, 1))
    assert three.severities == (Severity.INFO, Severity.WARNING, Severity.WARNING)
    assert three.rungs == ("7 d", "2 d", "1 d")
    assert three.fire_level == 3


def test_a_risk_fires_once_and_a_refill_arms_it_again() -> None:
    """Wavering up to the margin says nothing more; after a refill the next risk is an episode of its own."""
    alert, reasons = Alert(KEY, AlertRule.PLAN), []
    course = [expected(1), expected(2.5), expected(1.5), expected(2.9), expected(1), expected(1, refill=40)]
    for found in [*course, expected(1, refill=40)]:
        decision = transition(alert, standing(found), DAY, NOW)
        alert = decision.alert
        reasons.append(decision.reason)
    assert [reason for reason in reasons if reason is not NotifyReason.NONE] == [
        NotifyReason.FIRED,
        NotifyReason.RESOLVED,
        NotifyReason.FIRED,
    ]
    assert alert.episode == 2


def test_a_top_up_resolves() -> None:
    """From real readings: 100 an hour and 2,400 left fires; with 20,000 more it is over."""
    account, points = known_of(past(steadily(100), 2_400, 240, refill_in(9)))
    fired = transition(Alert(KEY, AlertRule.PLAN), standing(outlook(account, points, NOW)), None, NOW)
    assert fired.reason is NotifyReason.FIRED
    assert account.reading is not None
    richer = replace(account.reading, credits=replace(account.reading.credits, package=20_000))
    after = standing(outlook(replace(account, reading=richer), points, NOW))
    assert transition(fired.alert, after, None, NOW + HOUR).reason is NotifyReason.RESOLVED


def test_a_batch_that_is_over_fires_nothing() -> None:
    """1,000 an hour for five days, then nothing for two: at the week's pace it runs out soon, and yet nobody works."""
    account, points = known_of(past(lambda ago: 0 if ago < 48 else 1_000, 20_000, 7 * 24, refill_in(20)))
    found = outlook(account, points, NOW)
    assert found is not None
    assert found.likeliest is not None
    assert found.likeliest < NOW + 2 * DAY
    assert found.as_lately is None
    assert standing(found).fire_level == 0
    assert standing(replace(found, as_lately=found.likeliest)).fire_level == 1


def test_quiet_days_before_the_weekday_of_a_batch_fire() -> None:
    """Batches each Tuesday and nothing else: on Monday half a batch is left, and the next one comes tomorrow."""
    account, points = known_of(past(lambda ago: 1_000 if is_tuesday(ago) else 0, 6_000, 6 * 7 * 24, refill_in(20)))
    assert standing(outlook(account, points, NOW)).fire_level == 1
    young = points[-2:] if len(points) < 3 else [point for point in points if point.taken_at > NOW - 9 * DAY]
    assert standing(outlook(account, young, NOW)).fire_level == 0, "one Tuesday is no habit"


def is_tuesday(ago: int) -> bool:
    """True for the first twelve hours of a Tuesday, so many hours ago."""
    at = NOW - ago * HOUR
    return at.weekday() == 1 and at.hour < 12


def test_credits_that_last_to_the_refill_never_fire() -> None:
    """One day's credits and a refill in twelve hours: no alert, however near the run-out."""
    account, points = known_of(past(steadily(100), 2_400, 240, refill_in(0.5)))
    where = standing(outlook(account, points, NOW))
    assert (where.fire_level, where.clear_level) == (0, 0)


@given(st.none() | st.floats(0, 90), st.floats(0, 90), st.floats(0, 1), st.lists(st.floats(0.1, 30), max_size=4))
def test_what_is_reached_is_held(likeliest: float | None, lately: float, risk: float, rungs: list[float]) -> None:
    """Whatever is foretold: no level beyond the ladder, what is reached is held, and the value is a finite time."""
    ladder = days(*sorted(rungs, reverse=True))
    found = expected(likeliest, risk, lately=lately)
    where = runway_standing(found, ladder, NOW)
    assert (where is None) == (not ladder)
    if where is not None:
        assert 0 <= where.fire_level <= where.clear_level <= len(ladder)
        assert 0 <= where.value <= timedelta(days=181).total_seconds()
