"""An invitation lasts ten minutes, and guessing at one gets nowhere."""

import secrets
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.invitations import LIFETIME, Guesses, Invitation
from bot.features.pairing.rules import (
    CODE_BYTES,
    OF_EVERYBODY,
    OF_ONE_CHAT,
    Patience,
    after_wrong,
    is_code,
    is_noted,
    link_due,
)
from tests.support.builders import HOUR, MINUTE, NOW, SECOND

EACH = pytest.mark.parametrize("patience", [OF_ONE_CHAT, OF_EVERYBODY])


def test_a_code_is_one_that_nobody_guesses() -> None:
    """At least 128 bits of chance, in letters that Telegram takes as a start parameter."""
    assert CODE_BYTES * 8 >= 128
    assert is_code(secrets.token_urlsafe(CODE_BYTES))


@pytest.mark.parametrize("text", ["", "abc", "x" * 65, "x" * 31 + "=", "x" * 31 + " ", "x" * 31 + "\n", "ä" * 32])
def test_what_can_be_no_code(text: str) -> None:
    """Nothing is looked up for a text of another shape."""
    assert not is_code(text)


@pytest.mark.parametrize(
    ("age", "is_open"),
    [(0, True), (599, True), (600, False), (601, False), (-1, True), (-599, True), (-600, False)],
)
def test_an_invitation_lasts_ten_minutes(age: int, is_open: bool) -> None:
    """Also by a clock that was moved meanwhile."""
    assert Invitation(NOW).is_open(NOW + age * SECOND) is is_open
    assert LIFETIME == 10 * MINUTE


@pytest.mark.parametrize(
    ("shown", "anybody", "due"),
    [
        (None, False, True),
        (None, True, False),
        (Invitation(NOW - 9 * MINUTE), False, False),
        (Invitation(NOW - 10 * MINUTE), False, True),
        (Invitation(NOW - 10 * MINUTE), True, False),
        (Invitation(NOW + HOUR), False, True),
    ],
)
def test_the_link_in_the_log_is_renewed_while_nobody_is_paired(
    shown: Invitation | None, anybody: bool, due: bool
) -> None:
    """One that no longer works is followed by another, until somebody is allowed."""
    assert link_due(shown, NOW, anybody_allowed=anybody) is due


@EACH
def test_five_wrong_codes_are_noted(patience: Patience) -> None:
    """From the fifth on there is a wait in which none is, and it grows up to an end."""
    guesses = Guesses()
    for _ in range(5):
        assert is_noted(guesses, patience, NOW)
        guesses = after_wrong(guesses, NOW)
    assert not is_noted(guesses, patience, NOW)
    assert not is_noted(guesses, patience, NOW + patience.first_wait - SECOND / 2)
    assert is_noted(guesses, patience, NOW + patience.first_wait)
    waits = [patience.wait(wrong) for wrong in range(5, 40)]
    assert waits == sorted(waits)
    assert waits[-1] == patience.longest_wait


def test_a_calm_is_forgiven() -> None:
    """Hours later the count begins anew."""
    many = Guesses(30, NOW)
    assert after_wrong(many, NOW + HOUR).wrong == 31
    assert after_wrong(many, NOW + 3 * HOUR).wrong == 1


def test_a_clock_that_is_set_back_hides_no_wrong_code() -> None:
    """One that seems to come from the future holds nothing up."""
    assert is_noted(Guesses(30, NOW + 5 * HOUR), OF_ONE_CHAT, NOW)


@EACH
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=300))
@settings(deadline=None)
def test_a_flood_of_wrong_codes_leaves_little_behind(patience: Patience, pauses: list[int]) -> None:
    """However the tries are spread: no more are noted than the waits let through, and five a calm."""
    guesses, now, written = Guesses(), NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if is_noted(guesses, patience, now):
            written += 1
            guesses = after_wrong(guesses, now)
    passed = now - NOW
    calms = passed // (2 * HOUR) + 1
    assert written <= 5 * calms + passed // patience.first_wait + 1
