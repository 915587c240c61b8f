"""When a forecast is still worth a word: never against the last reading."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.foresee import told_now
from bot.core.model import Account, Credits, Foretold, Reading

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
MADE = NOW - timedelta(hours=2)
LASTS = Foretold(
    MADE, 14_490, useful=True, lasts=True, before=False, boundary=NOW + timedelta(days=9), unused=14_000, per_day=50
)
RUNS_OUT = Foretold(
    MADE,
    1_000,
    useful=True,
    lasts=False,
    before=True,
    earliest=NOW + timedelta(days=1),
    latest=NOW + timedelta(days=3),
    per_day=500,
)


def account(foretold: Foretold, total: float) -> Account:
    """An account with a forecast, and what was read of it since."""
    return Account("k", "s", "a@example.com", reading=Reading(NOW, Credits(total)), foretold=foretold)


@pytest.mark.parametrize(
    ("foretold", "total", "told"),
    [
        (LASTS, 14_490, True),
        (LASTS, 14_400, True),
        (LASTS, 600, False),
        (LASTS, 0, False),
        (LASTS, 14_491, False),
        (RUNS_OUT, 900, True),
        (RUNS_OUT, 800, True),
        (RUNS_OUT, 700, False),
        (RUNS_OUT, 0, False),
    ],
)
def test_a_forecast_that_the_last_reading_contradicts_is_not_told(foretold: Foretold, total: float, told: bool) -> None:
    """Nothing left, more than there was, or far less than its own pace takes: it speaks of another account."""
    assert (told_now(account(foretold, total), NOW) is not None) is told


def test_what_an_account_that_was_empty_is_foretold_holds_while_it_is_empty() -> None:
    """Nothing left is no news for a forecast that was made of nothing left."""
    nothing = replace(RUNS_OUT, total=0)
    assert told_now(account(nothing, 0), NOW) is not None
