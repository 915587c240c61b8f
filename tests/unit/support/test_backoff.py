"""How long to wait between tries."""

from hypothesis import given
from hypothesis import strategies as st

from bot.support.backoff import JITTER, USUAL, Backoff
from tests.support.fakes import WITHOUT_JITTER


def test_waits_grow_to_half_a_minute_without_end() -> None:
    """Everything that is not permanent is tried again: a growing wait, at most half a minute, forever."""
    waits = [WITHOUT_JITTER.wait(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 10**9)]
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_tries_become_rare() -> None:
    """Another first and longest wait: half an hour at most."""
    rare = Backoff(60.0, 1800.0, jitter=lambda: 0.0)
    assert [rare.wait(failures) for failures in (1, 2, 3, 6, 50)] == [60, 120, 240, 1800, 1800]


@given(st.integers(1, 10**9), st.floats(0, 1), st.floats(0.001, 100), st.floats(100, 10**4), st.floats(1, 10))
def test_jitter_takes_off_a_fifth_at_most(
    failures: int, drawn: float, first: float, longest: float, factor: float
) -> None:
    """A wait is never longer than without jitter, nor shorter by more than a fifth."""
    whole = Backoff(first, longest, factor, lambda: 0.0).wait(failures)
    wait = Backoff(first, longest, factor, lambda: drawn).wait(failures)
    assert first <= whole <= longest
    assert whole * (1 - JITTER) <= wait <= whole


def test_what_failed_together_is_not_tried_together() -> None:
    """In earnest the jitter is drawn: a hundred waits after the same failure differ."""
    assert len({USUAL.wait(5) for _ in range(100)}) > 50
