"""When to edit the board, the message of a chat that shows all its accounts. Pure."""

from datetime import datetime, timedelta

from bot.domain.boards import Board, BoardLost, BoardRefused, EditResult, PostResult

EVERY = timedelta(minutes=1)
"""The shortest time between two edits of a board."""

REPLACE_AFTER = timedelta(minutes=1)
"""How long an edit is refused before a new message replaces the board: the message can be the reason."""

REPLACE_EVERY = timedelta(minutes=15)
"""The shortest life of a message that replaced a board, so that no refusal can flood a chat."""


def board_due(board: Board, new_text: str, now: datetime) -> bool:
    """True if a board is edited now: its text changed and its minute is over, or the last attempt failed.

    A last edit ahead of now comes from a clock that was set back since, and delays nothing.
    """
    if board.trouble:
        return True
    return new_text != board.text and not timedelta(0) <= now - board.edited_at < EVERY


def is_replaced(
    result: EditResult | PostResult, refused_since: datetime | None, replaced_at: datetime | None, now: datetime
) -> bool:
    """True if a new message replaces one that could not be edited; ``replaced_at`` is the last replacement."""
    if replaced_at is not None and timedelta(0) <= now - replaced_at < REPLACE_EVERY:
        return False
    if isinstance(result, BoardRefused):
        return refused_since is not None and abs(now - refused_since) >= REPLACE_AFTER
    return isinstance(result, BoardLost)
