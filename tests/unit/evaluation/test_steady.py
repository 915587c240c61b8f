"""How long a page that stays the very same may go undecided: shown on random lives, against deciding every look."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account, CheckFailure, CheckResult, FailureKind, Health, Plan
from bot.domain.alerts import Alert, AlertRule, Silence, SilenceKind
from bot.domain.rules import Rules
from bot.evaluation.evaluate import apply_result, decide_account, validate
from bot.evaluation.steady import LONGEST, steady_until
from tests.support.builders import (
    DAY,
    HERE,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    PRO,
    RULES,
    SECOND,
    THERE,
    Listeners,
    account_with,
    credit_of,
    failed,
    read,
)

Alerts = dict[AlertRule, Alert]

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
    st.tuples(st.timedeltas(SECOND, 2 * DAY), edges | st.sampled_from(list(FailureKind)), plans), min_size=1, max_size=6
)
silences = st.sampled_from(
    [
        (),
        (Silence(SilenceKind.ALL, "", until=NOW + HOUR),),
        (Silence(SilenceKind.ALL, "", until=NOW + HOUR, chat=HERE),),
        (Silence(SilenceKind.ACCOUNT, KEY, until=NOW + DAY, chat=THERE),),
    ]
)
rules = st.sampled_from([RULES, replace(RULES, remind_every=None), replace(RULES, plan_ends_within=())])


class Life:
    """An account with its alerts and two chats, look after look."""

    def __init__(self, account: Account, under: Rules, silences: Sequence[Silence] = ()) -> None:
        self.account, self.under, self.alerts, self.owed = account, under, Alerts(), False
        self.listeners = Listeners((HERE, THERE), list(silences))

    def look(self, sample: CheckResult, now: datetime) -> int:
        """One more look; how many messages it called for."""
        after = apply_result(self.account, validate(sample, self.account))
        audience = self.listeners.audience
        updates = decide_account(self.account, after, self.alerts, self.under, Health(), audience, now)
        self.account, self.owed = after, any(one.owed for one in updates)
        self.alerts = self.alerts | {one.alert.measure: one.alert for one in updates}
        self.listeners.keep(updates)
        return sum(len(one.notifications) for one in updates)

    def steady_until(self, now: datetime) -> datetime | None:
        """Until when the last page decides nothing new."""
        return steady_until(self.account, self.alerts, self.under, now, owed=self.owed)


def comparable(alerts: Alerts) -> dict[AlertRule, Alert]:
    """The alerts, but for the least time that a plan had left, which each look notes and no message tells."""
    return {
        measure: replace(alert, worst=None) if measure is AlertRule.PLAN else alert for measure, alert in alerts.items()
    }


@given(looks, silences, rules, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_what_is_steady_decides_nothing_new(
    lived: list[tuple[timedelta, int | FailureKind, Plan]],
    silent: Sequence[Silence],
    under: Rules,
    moments: list[float],
) -> None:
    """Until the moment that is named, the same reading moves no alert and calls for no message, whenever it is seen."""
    life, now = Life(account_with(), under, silent), NOW - 5 * DAY
    for after, seen, plan in lived:
        now += after
        sample = failed(seen, now) if isinstance(seen, FailureKind) else read(credit_of(seen), now, plan)
        life.look(sample, now)
    until = life.steady_until(now)
    if until is None or until <= now:
        return
    assert life.account.reading is not None
    assert until <= now + LONGEST
    before = comparable(life.alerts)
    for moment in sorted({*moments, 1.0}):
        then = min(now + moment * (until - now), until - timedelta(microseconds=1))
        again = replace(life.account.reading, taken_at=max(then, now + timedelta(microseconds=1)))
        assert life.look(again, then) == 0
        assert comparable(life.alerts) == before


def test_an_account_in_peace_is_steady_until_its_plan_comes_to_a_rung() -> None:
    """It is no empty promise: nothing is decided for a day, nor up to the moment at which seven days are left."""
    reading = read(9_000, NOW, Plan(PRO, PRO, ends_at=NOW + 10 * DAY))
    life = Life(account_with(), RULES)
    life.look(reading, NOW)
    assert life.steady_until(NOW) == NOW + LONGEST
    until = life.steady_until(NOW + 3 * DAY - HOUR)
    assert until is not None
    assert timedelta(0) < NOW + 3 * DAY - until < SECOND
    assert life.look(replace(reading, taken_at=until + SECOND), until + SECOND) == 1


def test_nothing_is_steady_while_something_is_owed_or_failed() -> None:
    """A failed look, and a message that a silence withholds from any chat, are decided anew each time."""
    low = Life(account_with(), RULES, (Silence(SilenceKind.ALL, "", until=NOW + HOUR, chat=THERE),))
    assert low.look(read(0), NOW) == 1
    assert low.steady_until(NOW) is None
    lost = Life(account_with(read(9_000)), RULES)
    lost.look(CheckFailure(NOW + HOUR, FailureKind.GARBLED), NOW + HOUR)
    assert lost.steady_until(NOW + HOUR) is None


def test_a_critical_alert_is_steady_until_its_reminder() -> None:
    """What stays critical is decided again when its reminder is due."""
    low = Life(account_with(), replace(RULES, remind_every=2 * HOUR))
    low.look(read(0), NOW)
    until = low.steady_until(NOW)
    assert until is not None
    assert timedelta(0) < NOW + 2 * HOUR - until < SECOND
