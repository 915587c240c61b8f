"""When a board is edited."""

from datetime import timedelta

import pytest

from bot.core.board import EVERY, board_due
from tests.core.builders import HOUR, MINUTE, NOW, SECOND


@pytest.mark.parametrize(
    ("since_edit", "text", "due"),
    [
        (MINUTE, "new", True),
        (HOUR, "new", True),
        (HOUR, "old", False),
        (59 * SECOND, "new", False),
        (timedelta(0), "new", False),
        (-HOUR, "new", True),
        (-HOUR, "old", False),
    ],
)
def test_a_board_is_edited_when_it_says_something_else(since_edit: timedelta, text: str, due: bool) -> None:
    """At most once a minute, never for nothing, and a clock that was set back stops nothing."""
    assert board_due(NOW - since_edit, "old", text, NOW) is due
    assert EVERY == MINUTE
