"""Credits that a plan's end takes: sent once an end, three days before, and only where the pace is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import (
    Account,
    Balance,
    CheckFailure,
    Credits,
    FailureKind,
    ForecastSummary,
    Pause,
    Plan,
    Reading,
)
from bot.domain.lapses import Lapse, Left, ToldLapse
from bot.domain.notifications import NotificationKind
from bot.evaluation.lapses import BEFORE, decide_lapses, is_due, lapses_of

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = NOW + 2 * DAY
CANCELLED = Plan("Premium", ends_at=END, cancelled_at=NOW - 9 * DAY, free=False)
BECOMES_FREE = Plan("Premium", "Basic", ends_at=END, next_free=True)
RENEWS = Plan("Premium", "Premium", ends_at=END)
BECOMES_PRO = Plan("Premium", "Pro", ends_at=END, next_free=False)
GIFT = Plan("Premium", ends_at=END)
FREE = Plan("Basic", free=True)


def account(plan: Plan = CANCELLED, left: float | None = 4_000, monthly: float = 9_000, **more: Any) -> Account:
    """An account read just now; ``left`` is forecast to remain at the plan's end, None: nobody knows."""
    told = ForecastSummary(
        NOW,
        monthly,
        useful=True,
        lasts=True,
        before=False,
        boundary=plan.ends_at,
        lapses=True,
        unused=left,
        unused_least=(left or 0) * 0.7,
        unused_most=(left or 0) * 1.2,
        per_day=900,
    )
    known = Account(
        "pixverse:a@example.com",
        "pixverse",
        "a@example.com",
        reading=Reading(NOW, Credits(monthly, 0, 0, 15_000), plan),
        looked_at=NOW,
        allowance=15_000,
        foretold=told if left is not None else None,
    )
    return replace(known, **more)


def due_of(one: Account, told: tuple[ToldLapse, ...] = (), now: datetime = NOW) -> list[str]:
    """The keys of what has to be sent."""
    return [sent.key for sent in decide_lapses(one, lapses_of(one, now), told, now).due]


def told_of(one: Account) -> ToldLapse:
    """What was sent of an account."""
    (sent,) = decide_lapses(one, lapses_of(one, NOW), (), NOW).due
    assert sent.facts.lapse
    return ToldLapse(sent.key, sent.facts.lapse)


@pytest.mark.parametrize(
    ("plan", "due"),
    [(CANCELLED, 1), (BECOMES_FREE, 1), (RENEWS, 0), (BECOMES_PRO, 0), (GIFT, 0), (FREE, 0), (Plan("Premium"), 0)],
)
def test_only_a_certain_end_takes_credits(plan: Plan, due: int) -> None:
    """One that was cancelled, or becomes free. What another paid plan or a gift card does with them, nobody says."""
    assert len(due_of(account(plan))) == due


def test_it_is_silent_and_says_what_is_left() -> None:
    """It is a note, about one end."""
    (sent,) = decide_lapses(account(), lapses_of(account(), NOW), (), NOW).due
    assert sent.topic is NotificationKind.LAPSE
    assert not sent.rings
    assert sent.facts.lapse == Lapse("plan", END, 9_000, 15_000, "Premium", Left(4_000, 2_800, 4_800))


@pytest.mark.parametrize(
    "unknown",
    [
        {"foretold": None},
        {"outage": CheckFailure(NOW, FailureKind.UNAVAILABLE)},
        {"pause": Pause("k", NOW, NOW + HOUR)},
        {"allowance": None},
        {"reading": None},
    ],
)
def test_nothing_is_sent_and_nothing_is_over_while_it_is_not_known(unknown: dict[str, Any]) -> None:
    """A pause, a failure, no pace: what was sent stays, and nothing new comes."""
    one = replace(account(), **unknown)
    assert due_of(one) == []
    if "allowance" not in unknown:
        assert decide_lapses(one, lapses_of(one, NOW), (told_of(account()),), NOW).over == ()


def test_an_old_forecast_says_nothing() -> None:
    """It was made seven hours ago, or of other credits."""
    one = account()
    assert one.foretold
    assert due_of(replace(one, foretold=replace(one.foretold, made_at=NOW - 7 * HOUR))) == []
    assert due_of(replace(one, foretold=replace(one.foretold, total=8_000))) == []
    assert due_of(replace(one, foretold=replace(one.foretold, useful=False))) == []


@given(st.floats(0, 15_000), st.floats(-1, 9))
def test_it_is_due_within_three_days_and_from_a_tenth_on(left: float, days: float) -> None:
    """Never after the end."""
    lapse = Lapse("plan", NOW + days * DAY, 9_000, 15_000, left=Left(left, 0, left))
    near = timedelta(0) < lapse.at - NOW <= BEFORE
    assert is_due(lapse, NOW) is (near and left >= 1_500)
    assert not is_due(replace(lapse, left=None), NOW)


@pytest.mark.parametrize(
    ("then", "over"),
    [
        (account(), False),
        (account(replace(CANCELLED, ends_at=END + HOUR)), False),
        (account(left=1_400), False),
        (account(left=None), False),
        (account(replace(BECOMES_FREE, next_free=None)), False),
        (account(left=700), True),
        (account(left=None, monthly=700), True),
        (account(RENEWS), True),
        (account(BECOMES_PRO), True),
        (account(replace(CANCELLED, ends_at=END + 30 * DAY)), True),
        (account(FREE), True),
    ],
)
def test_it_is_over_when_the_plan_goes_on_or_the_credits_are_spent(then: Account, over: bool) -> None:
    """A value that swings around the tenth changes nothing, nor does a field that an answer lacks."""
    told = told_of(account())
    assert decide_lapses(then, lapses_of(then, NOW), (told,), NOW).over == ((told,) if over else ())


def test_what_is_over_is_not_sent_again_for_the_same_end() -> None:
    """Nor is what was sent: whoever has it already is skipped by its key."""
    told = told_of(account())
    assert due_of(account(), (told,)) == [told.key]
    assert due_of(account(replace(CANCELLED, ends_at=END + HOUR)), (told,)) == [told.key]
    assert due_of(account(), (replace(told, over=True),)) == []
    later = account(replace(CANCELLED, ends_at=END + 30 * DAY))
    assert due_of(later, (replace(told, over=True),), NOW) == []


def test_an_end_that_has_come_is_closed_once() -> None:
    """Its message stays as it is."""
    told = told_of(account())
    later = END + HOUR
    assert decide_lapses(account(), lapses_of(account(), later), (told,), later).past == (told,)
    assert decide_lapses(account(), [], (replace(told, waits=False),), later).past == ()
    assert decide_lapses(account(), [], (told,), later).over == ()


lives = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.sampled_from([CANCELLED, CANCELLED, BECOMES_FREE, RENEWS, GIFT]),
        st.none() | st.floats(0, 15_000),
        st.booleans(),
    ),
    max_size=30,
)


@given(lives)
def test_each_end_is_sent_once_however_it_goes(life: list[tuple[int, Plan, float | None, bool]]) -> None:
    """Hours pass, plans change, the pace comes and goes: one key an end, none too early, none of a paused account."""
    now, told = NOW - 3 * DAY, dict[str, ToldLapse]()
    for hours, plan, left, paused in life:
        now += hours * HOUR
        one = account(plan, left, pause=Pause("k", now, now + HOUR) if paused else None)
        if one.foretold and one.reading:
            one = replace(one, foretold=replace(one.foretold, made_at=now), reading=replace(one.reading, taken_at=now))
        done = decide_lapses(one, lapses_of(one, now), tuple(told.values()), now)
        for sent in done.due:
            lapse = sent.facts.lapse
            assert lapse
            assert not paused
            assert timedelta(0) < lapse.at - now <= BEFORE
            assert lapse.left
            assert lapse.left.likely >= 1_500
            told.setdefault(sent.key, ToldLapse(sent.key, lapse))
        for ended in done.over:
            assert not ended.over
            told[ended.key] = replace(ended, over=True)
    assert len(told) <= 1


def lots(*ends: tuple[float, float], per_day: float | None = 100, total: float = 2_000) -> Account:
    """An account with lots that end in so many days, and so many credits in each."""
    parts = tuple(Balance("lot", amount, lapses_at=NOW + days * DAY) for days, amount in ends)
    told = ForecastSummary(NOW, total, useful=False, lasts=True, per_day=per_day or 0, per_day_lately=per_day)
    reading = Reading(NOW, Credits.of(total, 2_000), parts=parts)
    return Account("kling:a", "kling", "a", reading=reading, looked_at=NOW, allowance=2_000, foretold=told)


def test_each_lot_has_an_end_of_its_own() -> None:
    """Services whose credits lapse lot by lot: what is spent is taken from the lot that ends next."""
    one = lots((1, 600), (2.5, 900))
    first, second = lapses_of(one, NOW)
    assert (first.at, first.amount, first.of) == (NOW + DAY, 600, 2_000)
    assert first.left
    assert second.left
    assert 450 < first.left.likely < 550
    assert first.left.most == 600, "nobody says which lot is spent first"
    assert 700 < second.left.likely < 800
    sent = decide_lapses(one, [first, second], (), NOW).due
    assert len({each.key for each in sent}) == 2
    told = ToldLapse(sent[0].key, first)
    assert [each.key for each in decide_lapses(one, [first, second], (told,), NOW).due] == [each.key for each in sent]
    assert decide_lapses(one, [second], (told,), NOW).over == (told,), "the lot is used up"


def test_lots_that_end_together_are_one() -> None:
    """Each is told once; lots without an end, and those that have ended, lapse not."""
    (one,) = lapses_of(lots((2, 300), (2.5, 400)), NOW)
    assert (one.at, one.amount) == (NOW + 2 * DAY, 700)
    assert lapses_of(lots((-1, 300)), NOW) == []
    assert due_of(lots((2, 700))) != []
    assert due_of(lots((2, 700), per_day=5_000)) == []


@given(st.floats(0.01, 9), st.integers(1, 2_000), st.booleans())
def test_a_lot_without_a_pace_is_sent_with_all_that_it_has(days: float, amount: int, ever: bool) -> None:
    """Nothing else tells of its end. A tenth of the allowance is worth it, as with a pace; a plan's end has alerts."""
    one = lots((days, amount), per_day=None)
    one = one if ever else replace(one, foretold=None)
    due = decide_lapses(one, lapses_of(one, NOW), (), NOW).due
    assert bool(due) is (days <= 3 and amount >= 200)
    for sent in due:
        assert sent.facts.lapse == Lapse("lots", NOW + days * DAY, amount, 2_000)
        assert not sent.rings


def test_a_pace_that_is_known_and_a_forecast_that_is_old_say_nothing_of_a_lot() -> None:
    """The next one will: all of it would be too much."""
    one = lots((2, 700), per_day=5_000)
    assert one.foretold
    assert due_of(replace(one, foretold=replace(one.foretold, made_at=NOW - 7 * HOUR))) == []


def test_what_was_sent_of_a_lot_without_a_pace_is_over_once_it_is_used_up() -> None:
    """And not sent again when a pace comes to be known."""
    before = lots((2, 700), per_day=None)
    (sent,) = decide_lapses(before, lapses_of(before, NOW), (), NOW).due
    assert sent.facts.lapse
    told = ToldLapse(sent.key, sent.facts.lapse)
    for then, over in ((lots((2, 650)), ()), (lots((2, 650), per_day=5_000), (told,)), (lots((2, 90)), (told,))):
        found = decide_lapses(then, lapses_of(then, NOW), (told,), NOW)
        assert found.over == over
        assert {one.key for one in found.due} <= {told.key}


@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(1, 2_000)), max_size=5), st.floats(0, 3_000))
def test_what_is_left_of_lots_is_no_more_than_there_is(ends: list[tuple[float, float]], per_day: float) -> None:
    """And in order."""
    for one in lapses_of(lots(*ends, per_day=per_day), NOW):
        assert one.left
        assert 0 <= one.left.least <= one.left.likely <= one.left.most == one.amount
