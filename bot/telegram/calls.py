"""Calls of Telegram's methods, whatever comes back."""

from collections.abc import Awaitable
from typing import TypeVar

from telegram.error import TelegramError

T = TypeVar("T")


class UnreadableAnswerError(TelegramError):
    """Telegram took a call, as it seems, and the library could make nothing of the answer."""


async def answered(call: Awaitable[T]) -> T:
    """The answer to a call. Raises Telegram's errors, and UnreadableAnswer in place of any other.

    The library parses an answer whole, and raises whatever an unknown shape in any part of it leads to.
    """
    try:
        return await call
    except TelegramError:
        raise
    except Exception as error:
        raise UnreadableAnswerError("Telegram's answer cannot be read") from error
