"""The board of a chat: the message that shows it, and Telegram's answers to an edit."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.chats import Chat


@dataclass(frozen=True, slots=True)
class BoardTrouble:
    """Why a board is out of date, in words, and since when."""

    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """Where a board stands, its text (or a hash of that), and since when.

    ``message_id`` is 0 until its message is posted. ``leftover`` is the message that it replaced, while that one could
    not be deleted.
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
    """How a request for a board ended. ``refused`` is why it cannot be posted now, ``pinned`` whether it is pinned.

    ``before`` is the trouble of the board that it replaces.
    """

    pinned: bool = True
    refused: str | None = None
    before: BoardTrouble | None = None


@dataclass(frozen=True, slots=True)
class BoardEdited:
    """The message shows the new text."""


@dataclass(frozen=True, slots=True)
class BoardPosted:
    """A new message shows the board."""

    message_id: int


@dataclass(frozen=True, slots=True)
class BoardLost:
    """The message can no longer be edited, for example because it was deleted: a new one replaces it."""

    why: str


@dataclass(frozen=True, slots=True)
class BoardRefused:
    """Telegram refuses the call. Each refusal can pass, so none ends a board."""

    why: str


@dataclass(frozen=True, slots=True)
class BoardDelayed:
    """Telegram was not reached, or asks for ``retry_after`` seconds."""

    why: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class BoardMoved:
    """The group has migrated to another chat, where the message cannot be edited."""

    chat_id: int


EditResult = BoardEdited | BoardLost | BoardRefused | BoardDelayed | BoardMoved
PostResult = BoardPosted | BoardRefused | BoardDelayed | BoardMoved
