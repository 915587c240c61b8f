"""The board: one message in a chat that shows the whole fleet and is kept current. When to edit it; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Chat

EVERY = timedelta(minutes=1)
"""A board changes at most so often."""


@dataclass(frozen=True, slots=True)
class Board:
    """Where a board stands, what it says (or a hash of that), and since when."""

    chat: Chat
    message_id: int
    text: str
    edited_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """The message now says what it should."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The message cannot be edited any more: it was deleted, or its chat is out of reach."""

    why: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """The message could not be edited this time; ``retry_after`` are the seconds for which Telegram wants peace."""

    why: str
    retry_after: float = 0.0


EditResult = Shown | Gone | NotNow


def board_due(last_edit: datetime, last_text: str, new_text: str, now: datetime) -> bool:
    """Whether a board is to be edited now: it says something else, and its minute is over.

    A last edit in the future was dated by a clock that has been set back since, and holds nothing up.
    """
    return new_text != last_text and not timedelta(0) <= now - last_edit < EVERY
