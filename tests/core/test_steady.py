"""How long a page that stays the very same may go undecided: shown on random lives, against deciding every look."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.looks import decide_account, judge, noted
from bot.core.model import (
    Account,
    Alert,
    Health,
    Measure,
    Outage,
    OutageKind,
    Plan,
    Rules,
    Sample,
    Silence,
    SilenceKind,
)
from bot.core.steady import LONGEST, steady_until
from tests.core.builders import DAY, HOUR, KEY, MINUTE, NOW, PRO, RULES, SECOND, account_with, credit_of, failed, read

Alerts = dict[Measure, Alert]

edges = st.sampled_from([0, 1, 499, 500, 501, 549, 551, 1_999, 2_000, 2_001, 2_201, 9_000])
away = st.one_of(
    st.sampled_from([timedelta(0), SECOND, 5 * MINUTE, HOUR, DAY, 3 * DAY, 7 * DAY]),
    st.timedeltas(-2 * DAY, 40 * DAY),
)
plans = st.builds(
    lambda end, cancelled, nxt, free: Plan(
        PRO, nxt, free=free, ends_at=None if end is None else NOW + end, cancelled_at=NOW - DAY if cancelled else None
    ),
    st.none() | away,
    st.booleans(),
    st.sampled_from([PRO, "Basic"]),
    st.sampled_from([False, False, False, True]),
)
looks = st.lists(
    st.tuples(st.timedeltas(SECOND, 2 * DAY), edges | st.sampled_from(list(OutageKind)), plans), min_size=1, max_size=6
)
silences = st.sampled_from(
    [(), (Silence(SilenceKind.ALL, "", until=NOW + HOUR),), (Silence(SilenceKind.ACCOUNT, KEY, until=NOW + DAY),)]
)
rules = st.sampled_from([RULES, replace(RULES, remind_every=None), replace(RULES, plan_ends_within=())])


def step(
    account: Account, alerts: Alerts, sample: Sample, now: datetime, under: Rules, silent: Sequence[Silence]
) -> tuple[Account, Alerts, int]:
    """The account and its alerts after one more look, and how many messages it called for."""
    after = noted(account, judge(sample, account))
    outcomes = decide_account(account, after, alerts, under, Health(), silent, now)
    said = sum(one.notice is not None for one in outcomes)
    return after, alerts | {one.alert.measure: one.alert for one in outcomes}, said


def comparable(alerts: Alerts) -> dict[Measure, Alert]:
    """The alerts, but for the least time that a plan had left, which each look notes and no message tells."""
    return {
        measure: replace(alert, worst=None) if measure is Measure.PLAN else alert for measure, alert in alerts.items()
    }


@given(looks, silences, rules, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_what_is_steady_decides_nothing_new(
    lived: list[tuple[timedelta, int | OutageKind, Plan]],
    silent: Sequence[Silence],
    under: Rules,
    moments: list[float],
) -> None:
    """Until the moment that is named, the same reading moves no alert and calls for no message, whenever it is seen."""
    account, alerts, now = account_with(), Alerts(), NOW - 5 * DAY
    for after, seen, plan in lived:
        now += after
        sample = failed(seen, now) if isinstance(seen, OutageKind) else read(credit_of(seen), now, plan)
        account, alerts, _ = step(account, alerts, sample, now, under, silent)
    until = steady_until(account, alerts, under, now)
    if until is None or until <= now:
        return
    assert account.reading is not None
    assert until <= now + LONGEST
    for moment in sorted({*moments, 1.0}):
        then = min(now + moment * (until - now), until - timedelta(microseconds=1))
        again = replace(account.reading, taken_at=max(then, now + timedelta(microseconds=1)))
        account, later, said = step(account, alerts, again, then, under, silent)
        assert comparable(later) == comparable(alerts)
        assert said == 0


def test_an_account_in_peace_is_steady_until_its_plan_comes_to_a_rung() -> None:
    """It is no empty promise: nothing is decided for a day, nor up to the moment at which seven days are left."""
    reading = read(9_000, NOW, Plan(PRO, PRO, ends_at=NOW + 10 * DAY))
    account, alerts, _ = step(account_with(), {}, reading, NOW, RULES, ())
    assert steady_until(account, alerts, RULES, NOW) == NOW + LONGEST
    late = NOW + 3 * DAY - HOUR
    until = steady_until(account, alerts, RULES, late)
    assert until is not None
    assert timedelta(0) < NOW + 3 * DAY - until < SECOND
    *_, said = step(
        account, alerts, replace(account.reading or read(), taken_at=until + SECOND), until + SECOND, RULES, ()
    )
    assert said == 1


def test_nothing_is_steady_while_something_is_owed_or_failed() -> None:
    """A failed look, and a message that a silence withholds, are decided anew each time."""
    mute = (Silence(SilenceKind.ALL, "", until=NOW + HOUR),)
    low, alerts, said = step(account_with(), {}, read(0), NOW, RULES, mute)
    assert said == 0
    assert steady_until(low, alerts, RULES, NOW) is None
    lost, alerts, _ = step(account_with(read(9_000)), {}, Outage(NOW + HOUR, OutageKind.GARBLED), NOW + HOUR, RULES, ())
    assert steady_until(lost, alerts, RULES, NOW + HOUR) is None


def test_a_critical_alert_is_steady_until_its_reminder() -> None:
    """What stays critical is decided again when its reminder is due."""
    low, alerts, _ = step(account_with(), {}, read(0), NOW, replace(RULES, remind_every=2 * HOUR), ())
    until = steady_until(low, alerts, replace(RULES, remind_every=2 * HOUR), NOW)
    assert until is not None
    assert timedelta(0) < NOW + 2 * HOUR - until < SECOND
