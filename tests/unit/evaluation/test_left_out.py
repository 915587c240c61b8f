"""What an answer leaves out is as it was told last, with its age, and moves no alert."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account, Credits, Health, LeftOut, Plan, Reading
from bot.domain.alerts import Alert, AlertRule
from bot.evaluation.evaluate import apply_result, decide_account, validate
from bot.evaluation.left_out import OF_PLAN, completed, is_told, newly_unreadable, told_at, trusted_end, value_of
from bot.evaluation.measurements import plan_standing
from tests.support.builders import DAY, HOUR, KEY, MINUTE, NOW, RULES, Listeners, account_with, notices_to

OF_CREDITS = ("monthly_allowance", "daily_allowance", "refresh_at", "daily_refresh_at")
NAMES = (*sorted(OF_PLAN), *OF_CREDITS)
CANCELLED = Plan("Pro", "Pro", False, NOW + 2 * DAY, NOW - DAY, NOW + 2 * DAY, expired=False)
RENEWING = replace(CANCELLED, cancelled_at=None)
FREE = Plan("Basic", None, free=True)


def told(plan: Plan = RENEWING, at: datetime = NOW, monthly: float = 9_000) -> Reading:
    """An answer that tells everything."""
    credits = Credits(monthly, 0, 0, 10_000, 60, NOW + 2 * DAY, NOW + HOUR)
    return Reading(at, credits, plan)


def without(reading: Reading, *names: str, unreadable: str | None = None) -> Reading:
    """The same answer without some of its fields, as a source reads it."""
    plan: dict[str, Any] = {name: None for name in names if name in OF_PLAN}
    credits: dict[str, Any] = {name: None for name in names if name not in OF_PLAN}
    return replace(
        reading,
        plan=replace(reading.plan, **plan),
        credits=replace(reading.credits, **credits),
        left_out=tuple(LeftOut(name, unreadable) for name in names),
    )


def later(reading: Reading, by: timedelta = MINUTE) -> Reading:
    """The same, read later."""
    return replace(reading, taken_at=reading.taken_at + by)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("plan", [CANCELLED, RENEWING, replace(RENEWING, next_name="Max")])
def test_a_field_that_was_left_out_is_as_it_was_told_last(name: str, plan: Plan) -> None:
    """Its value stays, and since when it was not told is known, also after many such answers and over a full one."""
    first, reading = told(plan), told(plan)
    for look in range(1, 4):
        reading = completed(without(later(first, look * HOUR), name), reading)
        assert value_of(reading, name) == value_of(first, name)
        assert reading.left_out == (LeftOut(name, known_at=NOW),)
        assert (told_at(reading, name), is_told(reading, name)) == (NOW, False)
        assert reading.plan.renews == plan.renews
    again = completed(later(first, 4 * HOUR), reading)
    assert (again.left_out, told_at(again, name)) == ((), NOW + 4 * HOUR)
    assert completed(without(later(first, 5 * HOUR), name), again).left_out[0].known_at == NOW + 4 * HOUR


def test_what_was_never_told_stays_unknown() -> None:
    """At the first look there is nothing to keep, and nothing is made up."""
    reading = completed(without(told(), *NAMES), None)
    assert all(value_of(reading, name) is None and told_at(reading, name) is None for name in NAMES)
    assert completed(without(told(), *NAMES), reading).left_out == reading.left_out


def test_explicitly_nothing_is_something_told() -> None:
    """A cancellation that was not set was told as none: left out afterwards, there still is none."""
    reading = completed(without(later(told(RENEWING)), "cancelled_at"), told(RENEWING))
    assert (reading.plan.cancelled_at, told_at(reading, "cancelled_at")) == (None, NOW)


def test_a_free_account_has_no_end_to_be_told() -> None:
    """Free accounts leave out what only a paid plan has, and nothing of it is noted, or kept from the paid time."""
    reading = completed(
        without(later(told(FREE)), "ends_at", "cancelled_at", "renewal_at", "next_name"), told(CANCELLED)
    )
    assert (reading.plan, reading.left_out) == (FREE, ())


def test_of_a_plan_type_that_is_left_out_nothing_is_guessed() -> None:
    """A free account stays one; where nobody ever told, an end that has passed says nothing, one ahead does."""
    reading = completed(without(later(told(FREE)), "free", "ends_at"), told(FREE))
    assert reading.plan.free is True
    unknown = without(told(replace(RENEWING, ends_at=NOW - DAY)), "free")
    assert trusted_end(unknown, NOW) is None
    ahead = without(told(RENEWING), "free")
    assert trusted_end(ahead, NOW) == NOW + 2 * DAY


def test_another_plan_and_another_period_keep_nothing_of_the_one_before() -> None:
    """A plan of another name has an end of its own; a cancellation ends with the period that it was made in."""
    other = without(later(told(replace(RENEWING, name="Max", next_name="Max"))), "ends_at", "cancelled_at")
    assert completed(other, told(CANCELLED)).plan.ends_at is None
    assert completed(other, told(CANCELLED)).plan.cancelled_at is None
    next_month = without(later(told(replace(CANCELLED, ends_at=NOW + 32 * DAY))), "cancelled_at")
    assert completed(next_month, told(CANCELLED)).plan.cancelled_at is None
    same_month = without(later(told(CANCELLED)), "cancelled_at")
    assert completed(same_month, told(CANCELLED)).plan.cancelled_at == CANCELLED.cancelled_at


def test_an_end_that_passed_unconfirmed_is_not_known() -> None:
    """A plan whose end was not told since may have been renewed: no "was not renewed", and no "goes on"."""
    kept = completed(without(told(at=NOW + DAY), "ends_at"), told())
    assert trusted_end(kept, NOW + DAY) == NOW + 2 * DAY
    assert trusted_end(kept, NOW + 2 * DAY) is None
    assert plan_standing(account_with(kept), told(), RULES.plan_ends_within, NOW + 3 * DAY) is None
    assert trusted_end(told(), NOW + 3 * DAY) == NOW + 2 * DAY, "one that was told has passed"


def test_a_value_that_cannot_be_understood_is_said_once() -> None:
    """At the first answer that holds it, and again only after one that could be read."""
    said = "expired_date is “soon”"
    first = completed(without(told(), "ends_at", unreadable=said), told())
    assert newly_unreadable(told(), first) == [said]
    assert newly_unreadable(None, first) == [said]
    second = completed(without(later(told()), "ends_at", unreadable="expired_date is “later”"), first)
    assert newly_unreadable(first, second) == []
    assert second == replace(first, taken_at=second.taken_at), "another nonsense is no news"
    assert newly_unreadable(later(told()), first) == [said]
    assert newly_unreadable(None, completed(without(told(), "ends_at"), None)) == []


PLANS = st.builds(
    Plan,
    name=st.just("Pro"),
    next_name=st.sampled_from(["Pro", "Max"]),
    free=st.just(False),
    ends_at=st.sampled_from([NOW + step * 12 * HOUR + 6 * HOUR for step in range(-3, 20)]),
    cancelled_at=st.sampled_from([None, NOW - DAY]),
)
ANSWERS = st.lists(st.tuples(PLANS, st.floats(0, 10_000), st.sets(st.sampled_from(NAMES))), min_size=1, max_size=8)


def seen_by(
    account: Account, alerts: dict[AlertRule, Alert], reading: Reading, listeners: Listeners
) -> tuple[Account, dict[AlertRule, Alert], list[str]]:
    """What one look makes of an account and its alerts, and the reasons of what is told."""
    now = reading.taken_at
    sample = validate(reading, account)
    after = apply_result(account, sample)
    updates = decide_account(account, after, alerts, RULES, Health(), listeners.audience, now)
    listeners.keep(updates)
    told_now = [f"{notification.measure} {notification.reason}" for notification in notices_to(updates)]
    return after, {**alerts, **{one.alert.measure: one.alert for one in updates}}, told_now


@given(ANSWERS)
def test_leaving_out_moves_no_alert(answers: list[tuple[Plan, float, set[str]]]) -> None:
    """After whatever answers, the last one again without any of its fields tells nothing and leaves each level."""
    account, alerts, listeners = Account(KEY, "pixverse", "alice@example.com"), dict[AlertRule, Alert](), Listeners()
    at = NOW
    for plan, monthly, names in answers:
        at += MINUTE
        account, alerts, _ = seen_by(account, alerts, without(told(plan, at, monthly), *sorted(names)), listeners)
    full = told(plan, at + 2 * MINUTE, monthly)
    for settled in (later(full, -MINUTE), full):  # the first may end the alert of a period that is over
        account, alerts, _ = seen_by(account, alerts, settled, listeners)
    levels = {measure: (alert.level, alert.episode) for measure, alert in alerts.items()}
    for step, left in enumerate([NAMES, ("cancelled_at",), ("ends_at", "next_name"), ("free",), OF_CREDITS]):
        account, alerts, told_now = seen_by(
            account, alerts, without(later(full, (step + 1) * MINUTE), *left), listeners
        )
        assert told_now == []
        assert {measure: (alert.level, alert.episode) for measure, alert in alerts.items()} == levels
        assert account.reading is not None
        assert account.reading.plan == full.plan
