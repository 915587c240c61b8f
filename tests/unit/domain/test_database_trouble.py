"""When a trouble of the database begins, when it is a problem, and when it is over."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.database_trouble import CALM_S, LOCKED_FOR_S, DatabaseTrouble, Failing, failed, succeeded

EVENTS = st.lists(st.tuples(st.floats(0, 100), st.none() | st.sampled_from(DatabaseTrouble)), max_size=30)


def lived(events: Sequence[tuple[float, DatabaseTrouble | None]]) -> list[tuple[float, Failing | None]]:
    """What lasted after each of some tries, each so many seconds after the one before; None is one that succeeded."""
    now, failing, found = 0.0, None, []
    for wait, trouble in events:
        now += wait
        if trouble:
            failing = failed(failing, trouble, trouble.name, now)
        elif failing:
            failing = succeeded(failing, now)
        found.append((now, failing))
    return found


@given(EVENTS)
def test_a_trouble_lasts_until_it_was_quiet_for_long_enough(events: list[tuple[float, DatabaseTrouble | None]]) -> None:
    """It never grows milder, ends only by a try that succeeded, and never one from which only a new start helps."""
    before: Failing | None = None
    for (_, trouble), (now, failing) in zip(events, lived(events), strict=True):
        if trouble:
            assert failing
            assert failing.last == now
            assert failing.trouble == (max(trouble, before.trouble) if before else trouble)
            assert failing.since == (before.since if before else now)
        elif before and failing is None:
            assert before.trouble.passes
            assert before.trouble is DatabaseTrouble.LOCKED or now - before.last >= CALM_S
        elif before:
            assert failing == before
        before = failing


def test_another_program_may_hold_the_database_for_a_minute() -> None:
    """Anything else is a problem at once."""
    for trouble in DatabaseTrouble:
        failing = failed(None, trouble, "", 0)
        assert failing.is_problem(0) is (trouble is not DatabaseTrouble.LOCKED)
        assert failing.is_problem(LOCKED_FOR_S)


def test_a_lock_that_is_let_go_is_over_at_once() -> None:
    """It needs no calm: nothing of the disk is in doubt."""
    assert succeeded(failed(None, DatabaseTrouble.LOCKED, "", 0), 0.1) is None


def test_each_trouble_says_what_is_wrong_and_what_to_do() -> None:
    """With the driver's own word for whoever looks for it."""
    assert failed(None, DatabaseTrouble.FULL, "database or disk is full", 0).words == (
        "the disk of the database is full (database or disk is full): "
        "free some space on it; the bot then goes on by itself"
    )
    assert DatabaseTrouble.FULL.mend_at_start == "free some space on it"
    assert all(one.what and one.mend for one in DatabaseTrouble)
