"""Sweeps: what calls for one, how often, and whom it checks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import FailureKind
from bot.domain.alerts import NotifyReason, Severity
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.evaluation.sweep import LATELY, MOST, SHARE, Other, Scope, called_for, is_allowed, sweep_of
from tests.support.builders import EMAIL, HOUR, KEY, MINUTE, NOW, SECOND, SOURCE

EVERY = timedelta(minutes=15)


def test_a_source_is_swept_at_most_once_in_a_quarter_of_the_interval() -> None:
    """Never before, then not again until the quarter is over; a clock set back does not put it off."""
    assert is_allowed(None, EVERY, NOW)
    assert not is_allowed(NOW, EVERY, NOW)
    assert not is_allowed(NOW, EVERY, NOW + EVERY / SHARE - SECOND)
    assert is_allowed(NOW, EVERY, NOW + EVERY / SHARE)
    assert is_allowed(NOW + HOUR, EVERY, NOW)


@pytest.mark.parametrize("every", [SECOND, LATELY])
def test_where_all_are_checked_each_minute_there_is_nothing_to_sweep(every: timedelta) -> None:
    """Everybody was checked lately, or is about to be."""
    assert not is_allowed(None, every, NOW)
    assert is_allowed(None, LATELY + SECOND, NOW)


OTHERS = st.lists(
    st.builds(
        Other,
        st.integers(0, 400).map(lambda number: f"a{number}"),
        st.one_of(st.none(), st.integers(0, 3600).map(lambda age: NOW - age * SECOND)),
        st.booleans(),
    ),
    max_size=250,
    unique_by=lambda one: one.key,
)


@given(OTHERS, st.sets(st.integers(0, 400).map(lambda number: f"a{number}")), st.integers(-5, 300))
def test_whom_a_sweep_checks(others: list[Other], under_way: set[str], room: int) -> None:
    """Nobody who is spared, was checked within a minute, or is being checked; no more than fit; the oldest first."""
    sweep = sweep_of(others, under_way, room, NOW)
    known = {one.key: one for one in others}
    stale = {one.key for one in others if one.checked_at is None or NOW - one.checked_at >= LATELY}
    may = {key for key in stale - under_way if not known[key].spared}
    assert set(sweep.check) <= may
    assert len(set(sweep.check)) == len(sweep.check) == min(len(may), MOST, max(room, 0))
    ages = [
        NOW - at if (at := known[key].checked_at) else timedelta.max for key in (*sweep.check, *(may - {*sweep.check}))
    ]
    assert min(ages[: len(sweep.check)], default=timedelta.max) >= max(ages[len(sweep.check) :], default=timedelta(0))
    assert set(sweep.wait_for) == set(sweep.check) | {key for key in stale & under_way if not known[key].spared}


def told(reason: NotifyReason, source: str = SOURCE, **facts: object) -> Notification:
    """Something that is told of an account of a source."""
    about = replace(Facts(name="alice", email=EMAIL, source=source), **facts)  # type: ignore[arg-type]
    return Notification(f"{source}{reason}", NotificationKind.ALERT, Severity.WARNING, reason, KEY, facts=about)


@pytest.mark.parametrize(
    ("notification", "scope"),
    [
        (told(NotifyReason.FIRED), Scope.ALL),
        (told(NotifyReason.WORSENED), Scope.ALL),
        (told(NotifyReason.RESOLVED), Scope.ALL),
        (told(NotifyReason.REMINDED), Scope.CRITICAL),
        (told(NotifyReason.JOINED), None),
        (told(NotifyReason.FIRED, outage=FailureKind.BROKEN), Scope.ALL),
        (told(NotifyReason.FIRED, outage=FailureKind.THROTTLED), None),
        (told(NotifyReason.FIRED, email=None), None),
        (replace(told(NotifyReason.NONE), topic=NotificationKind.GONE), None),
    ],
)
def test_what_calls_for_a_sweep(notification: Notification, scope: Scope | None) -> None:
    """Changes of an account, and reminders for who may be due for one too; nothing about the source itself."""
    assert called_for([notification]) == ({SOURCE: scope} if scope else {})


def test_the_widest_of_several_calls_counts() -> None:
    """Each source by itself; a change weighs more than a reminder, whichever comes first."""
    reminded, fired, other = (
        told(NotifyReason.REMINDED),
        told(NotifyReason.FIRED),
        told(NotifyReason.REMINDED, "pixverse/film"),
    )
    for notifications in ([reminded, fired, other], [other, fired, reminded]):
        assert called_for(notifications) == {SOURCE: Scope.ALL, "pixverse/film": Scope.CRITICAL}


@given(
    st.lists(st.tuples(st.integers(1, 900), st.booleans()), max_size=60),
    st.sampled_from([MINUTE + SECOND, EVERY, 4 * HOUR]),
)
def test_no_account_is_swept_twice_in_a_minute_nor_in_a_quarter_of_the_interval(
    steps: list[tuple[int, bool]], every: timedelta
) -> None:
    """Whatever is told whenever: between two sweeps of a source lies a quarter, and a minute between two checks."""
    now, last, checked = NOW, None, {f"a{number}": NOW - HOUR for number in range(5)}
    for seconds, is_news in steps:
        now += seconds * SECOND
        if not (is_news and is_allowed(last, every, now)):
            continue
        sweep = sweep_of([Other(key, at) for key, at in checked.items()], (), MOST, now)
        assert last is None or now - last >= every / SHARE
        assert all(now - checked[key] >= MINUTE for key in sweep.check)
        if sweep.check:
            last = now
        checked |= dict.fromkeys(sweep.check, now)
