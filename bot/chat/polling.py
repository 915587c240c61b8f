"""Asks Telegram for updates, again and again, whatever it answers.

python-telegram-bot's Updater ends its task at the first 401 or 404 and says so to nobody, and cannot be restarted
after that; so the loop is ours: no answer ends it, and each request is bounded in time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut

from bot.chat.sender import reason_of, seconds_of
from bot.metrics import Metrics

log = logging.getLogger(__name__)

POLL_SECONDS = 20
SPARE_SECONDS = 15
"""How much longer than the poll itself the whole request may take."""

LONGEST_WAIT = 30.0
WANTED = [Update.MESSAGE, Update.CALLBACK_QUERY]


class Polling:
    """The loop, and how it fares."""

    def __init__(self, bot: Bot, handle: Callable[[Update], Awaitable[None]], metrics: Metrics) -> None:
        """``handle`` takes each update in turn and returns soon."""
        self._bot = bot
        self._handle = handle
        self._metrics = metrics
        self._offset: int | None = None
        self._answered_at = time.monotonic()
        self.trouble: str | None = None

    @property
    def silent_for(self) -> float:
        """Seconds since Telegram last answered."""
        return time.monotonic() - self._answered_at

    async def run(self) -> None:
        """Polls until cancelled."""
        failures = 0
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS + SPARE_SECONDS):
                    updates = numbered(
                        await self._bot.get_updates(offset=self._offset, timeout=POLL_SECONDS, allowed_updates=WANTED)
                    )
            except (TelegramError, TimeoutError) as error:
                failures += 1
                await asyncio.sleep(self._note_failure(error, failures))
                continue
            except Exception:
                failures += 1
                log.exception("An answer to the polling could not be read")
                await asyncio.sleep(LONGEST_WAIT)
                continue
            failures = 0
            self._note_answer()
            for update in updates:
                self._offset = update.update_id + 1
                await self._handle(update)

    async def confirm(self) -> None:
        """Tells Telegram which updates were handled, so that the next start does not see them again."""
        if self._offset is not None:
            try:
                async with asyncio.timeout(2):
                    await self._bot.get_updates(offset=self._offset, timeout=0, limit=1)
            except (TelegramError, TimeoutError):
                log.debug("The last updates could not be confirmed; they will come again")

    def _note_answer(self) -> None:
        """Telegram answered."""
        self._answered_at = time.monotonic()
        self._metrics.polls.labels("ok").inc()
        if self.trouble:
            log.info("Telegram answers the polling again")
            self.trouble = None

    def _note_failure(self, error: TelegramError | TimeoutError, failures: int) -> float:
        """Says once what is wrong, and gives the seconds to wait."""
        self._metrics.polls.labels(type(error).__name__).inc()
        trouble = words_of(error)
        if trouble != self.trouble:
            log.warning("Polling: %s", trouble)
            self.trouble = trouble
        if isinstance(error, RetryAfter):
            return seconds_of(error)
        return min(float(2 ** min(failures - 1, 10)), LONGEST_WAIT)


def numbered(updates: Sequence[Update]) -> Sequence[Update]:
    """The updates, each of which has its number; without one it could not be confirmed, and would come for ever."""
    for update in updates:
        if not isinstance(update.update_id, int):
            raise TypeError("an update has no number")
    return updates


def words_of(error: TelegramError | TimeoutError) -> str:
    """What is wrong with the polling, and what to do."""
    match error:
        case Conflict():
            return "another program polls with the same bot token (409): stop it, or give this bot a token of its own"
        case InvalidToken():
            return "Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN"
        case TimedOut() | TimeoutError():
            return "Telegram does not answer in time"
        case _:
            return f"Telegram cannot be reached: {reason_of(error)}"
