"""The board: one message in a chat that shows the whole fleet and is kept current. When to edit it; pure."""

from datetime import datetime, timedelta

from bot.domain.boards import Board, BoardLost, BoardRefused, EditResult, PostResult

EVERY = timedelta(minutes=1)
"""A board changes at most so often."""

REPLACE_AFTER = timedelta(minutes=1)
"""For so long an edit is refused before a new message takes the board's place: the refusal may be the message's own."""

REPLACE_EVERY = timedelta(minutes=15)
"""A message that took a board's place is itself replaced no sooner, so that no refusal can flood a chat."""


def board_due(board: Board, new_text: str, now: datetime) -> bool:
    """Whether a board is to be edited now: it says something else, and its minute is over; or the last try failed.

    A last edit in the future was dated by a clock that has been set back since, and holds nothing up.
    """
    if board.trouble:
        return True
    return new_text != board.text and not timedelta(0) <= now - board.edited_at < EVERY


def is_replaced(
    result: EditResult | PostResult, refused_since: datetime | None, replaced_at: datetime | None, now: datetime
) -> bool:
    """Whether a new message takes the place of one that could not be edited; ``replaced_at`` is when one last did."""
    if replaced_at is not None and timedelta(0) <= now - replaced_at < REPLACE_EVERY:
        return False
    if isinstance(result, BoardRefused):
        return refused_since is not None and abs(now - refused_since) >= REPLACE_AFTER
    return isinstance(result, BoardLost)
