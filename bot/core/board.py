"""The board: one message in a chat that shows the whole fleet and is kept current. When to edit it; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Chat

EVERY = timedelta(minutes=1)
"""A board changes at most so often."""

REPLACE_AFTER = timedelta(minutes=1)
"""For so long an edit is refused before a new message takes the board's place: the refusal may be the message's own."""

REPLACE_EVERY = timedelta(minutes=15)
"""A message that took a board's place is itself replaced no sooner, so that no refusal can flood a chat."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a board does not say what it should, in words, and since when."""

    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """Where a board stands, what it says (or a hash of that), and since when.

    ``message_id`` is 0 while no message of it is known: it is yet to be posted. ``leftover`` is the message that it was
    before, while that one could not be removed.
    """

    chat: Chat
    message_id: int
    text: str
    edited_at: datetime
    pinned: bool = True
    trouble: Trouble | None = None
    leftover: int | None = None


@dataclass(frozen=True, slots=True)
class BoardShown:
    """What became of the wish for a board here. ``refused`` says why it cannot be posted now, ``pinned`` whether it is.

    ``before`` is what was wrong with the one whose place it takes.
    """

    pinned: bool = True
    refused: str | None = None
    before: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The message now says what it should."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A new message stands there."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The message cannot be edited any more, such as a deleted one: a new one has to take its place."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram refuses the call. Each refusal may pass, so none ends a board."""

    why: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Telegram was not reached, or asks to be left in peace for ``retry_after`` seconds."""

    why: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Moved:
    """The group has become another chat, where the message cannot be edited."""

    chat_id: int


EditResult = Shown | Lost | Refused | NotNow | Moved
PostResult = Posted | Refused | NotNow | Moved


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
    if isinstance(result, Refused):
        return refused_since is not None and abs(now - refused_since) >= REPLACE_AFTER
    return isinstance(result, Lost)
