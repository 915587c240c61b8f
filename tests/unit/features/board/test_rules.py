"""When a board is edited, and when another message takes its place."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.boards import (
    Board,
    BoardDelayed,
    BoardEdited,
    BoardLost,
    BoardMoved,
    BoardRefused,
    BoardTrouble,
    EditResult,
)
from bot.domain.chats import Chat
from bot.features.board.rules import EVERY, REPLACE_EVERY, board_due, is_replaced
from tests.support.builders import HOUR, MINUTE, NOW, SECOND


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
    board = Board(Chat(7), 1, "old", NOW - since_edit)
    assert board_due(board, text, NOW) is due
    assert EVERY == MINUTE


def test_a_board_in_trouble_is_due_though_its_text_is_the_same() -> None:
    """What it says may stand on a message that is no longer there."""
    assert board_due(Board(Chat(7), 1, "old", NOW, trouble=BoardTrouble("deleted", NOW)), "old", NOW)


@pytest.mark.parametrize(
    ("result", "refused_for", "replaced_ago", "replaced"),
    [
        (BoardLost("deleted"), None, None, True),
        (BoardLost("deleted"), None, 14 * MINUTE, False),
        (BoardLost("deleted"), None, 15 * MINUTE, True),
        (BoardLost("deleted"), None, -HOUR, True),
        (BoardRefused("rights"), None, None, False),
        (BoardRefused("rights"), 59 * SECOND, None, False),
        (BoardRefused("rights"), MINUTE, None, True),
        (BoardRefused("rights"), -HOUR, None, True),
        (BoardRefused("rights"), HOUR, 14 * MINUTE, False),
        (BoardDelayed("away"), HOUR, None, False),
        (BoardMoved(-1), HOUR, None, False),
        (BoardEdited(), HOUR, None, False),
    ],
)
def test_another_message_takes_the_place_of_one_that_cannot_be_edited(
    result: EditResult, refused_for: timedelta | None, replaced_ago: timedelta | None, replaced: bool
) -> None:
    """At once where Telegram says so, after a minute of any other refusal; and not again and again."""
    refused_since = None if refused_for is None else NOW - refused_for
    replaced_at = None if replaced_ago is None else NOW - replaced_ago
    assert is_replaced(result, refused_since, replaced_at, NOW) is replaced


@given(st.lists(st.integers(0, 3600), max_size=100))
def test_no_refusal_floods_a_chat(pauses: list[int]) -> None:
    """However often a board is tried: a quarter of an hour lies between two replacements."""
    now, replaced = NOW, list[timedelta]()
    for pause in pauses:
        now += pause * SECOND
        last = NOW + replaced[-1] if replaced else None
        if is_replaced(BoardLost("no edits here"), NOW, last, now):
            replaced.append(now - NOW)
    assert len(replaced) <= (now - NOW) // REPLACE_EVERY + 1
