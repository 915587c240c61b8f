"""The board of a chat: which message shows it, and how Telegram answered an edit."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.chats import Chat


@dataclass(frozen=True, slots=True)
class BoardTrouble:
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
    trouble: BoardTrouble | None = None
    leftover: int | None = None


@dataclass(frozen=True, slots=True)
class BoardStatus:
    """What became of the wish for a board here. ``refused`` says why it cannot be posted now, ``pinned`` whether it is.

    ``before`` is what was wrong with the one whose place it takes.
    """

    pinned: bool = True
    refused: str | None = None
    before: BoardTrouble | None = None


@dataclass(frozen=True, slots=True)
class BoardEdited:
    """The message now says what it should."""


@dataclass(frozen=True, slots=True)
class BoardPosted:
    """A new message stands there."""

    message_id: int


@dataclass(frozen=True, slots=True)
class BoardLost:
    """The message cannot be edited any more, such as a deleted one: a new one has to take its place."""

    why: str


@dataclass(frozen=True, slots=True)
class BoardRefused:
    """Telegram refuses the call. Each refusal may pass, so none ends a board."""

    why: str


@dataclass(frozen=True, slots=True)
class BoardDelayed:
    """Telegram was not reached, or asks to be left in peace for ``retry_after`` seconds."""

    why: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class BoardMoved:
    """The group has become another chat, where the message cannot be edited."""

    chat_id: int


EditResult = BoardEdited | BoardLost | BoardRefused | BoardDelayed | BoardMoved
PostResult = BoardPosted | BoardRefused | BoardDelayed | BoardMoved
