"""Calls of Telegram's methods, with any answer."""

from collections.abc import Awaitable
from typing import TypeVar

from telegram.error import TelegramError

T = TypeVar("T")


class UnreadableAnswerError(TelegramError):
    """Telegram seems to have taken a call, and the library failed to parse its answer."""


async def answered(call: Awaitable[T]) -> T:
    """The answer to a call. Raises Telegram's errors, and UnreadableAnswerError in place of any other.

    The library parses an answer whole, and an unknown shape in any part of it raises anything.
    """
    try:
        return await call
    except TelegramError:
        raise
    except Exception as error:
        raise UnreadableAnswerError("Telegram's answer cannot be read") from error
