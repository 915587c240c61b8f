"""Polls Telegram for updates, whatever it answers.

The Updater of python-telegram-bot ends its task at the first 401 or 404, reports that to nobody, and cannot start
again. This loop survives any answer, and each request is bounded in time. The library's ``get_updates`` parses all
updates of an answer or none, so one unreadable update would return for a day; here each is parsed alone.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.support.backoff import USUAL
from bot.support.metrics import Metrics
from bot.telegram.parsing import UnreadableUpdateError, numbered, read_update
from bot.telegram.sender import reason_of, seconds_of
from bot.telegram.webhook import Webhook

log = logging.getLogger(__name__)

POLL_SECONDS = 20
SPARE_SECONDS = 15
"""Seconds by which the whole request can exceed the poll itself."""

SILENCE_SECONDS = 10
"""Seconds by which a silence without a byte can exceed the poll itself."""

WANTED = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]


class Polling:
    """The polling loop and its state."""

    def __init__(self, bot: Bot, handle: Callable[[Update], Awaitable[None]], metrics: Metrics) -> None:
        """``handle`` takes each update in turn and returns soon."""
        self._bot = bot
        self._handle = handle
        self._metrics = metrics
        self._offset: int | None = None
        self._answered_at = time.monotonic()
        self._skipped = 0
        self.backoff = USUAL
        self.webhook = Webhook(bot)
        self.trouble: str | None = None

    @property
    def silent_for(self) -> float:
        """Seconds since Telegram last answered."""
        return time.monotonic() - self._answered_at

    @property
    def notes(self) -> tuple[str, ...]:
        """Past trouble that is harmless now, for /status."""
        count = "1 update was" if self._skipped == 1 else f"{self._skipped:,} updates were"
        skipped = f"{count} skipped: this version cannot read what Telegram sent" if self._skipped else None
        return tuple(note for note in (self.webhook.note, skipped) if note)

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS + SPARE_SECONDS):
                    answer = await self._ask(POLL_SECONDS)
            except (TelegramError, TimeoutError) as error:
                failures += 1
                await asyncio.sleep(await self._note_failure(error, failures))
                continue
            except Exception:
                failures += 1
                log.exception("Telegram cannot be polled")
                await asyncio.sleep(self.backoff.longest)
                continue
            failures = 0
            self._note_answer()
            for number, raw in answer:
                self._offset = number + 1
                await self._take(number, raw)

    async def confirm(self) -> None:
        """Confirms handled updates, so that the next start does not get them again."""
        if self._offset is not None:
            try:
                async with asyncio.timeout(2):
                    await self._ask(0, limit=1)
            except (TelegramError, TimeoutError):
                log.debug("The last updates could not be confirmed; they will come again")

    async def _ask(self, seconds: int, **more: Any) -> list[tuple[int, Any]]:
        """The next updates, raw, by their numbers. Raises Telegram's errors."""
        asked = {"offset": self._offset, "timeout": seconds, "allowed_updates": WANTED, **more}
        answer = await self._bot._post("getUpdates", asked, read_timeout=seconds + SILENCE_SECONDS)
        if not isinstance(answer, list):
            raise NetworkError("the answer is not a list of updates")
        updates = numbered(answer)
        if answer and not updates:  # nothing can be confirmed, so the same would return at once
            raise NetworkError("the answer holds no update with a number")
        return updates

    async def _take(self, number: int, raw: Any) -> None:
        """Handles one update; a failure in it does not delay the others."""
        try:
            await self._handle(read_update(raw, self._bot))
        except UnreadableUpdateError:
            self._skipped += 1
            self._metrics.skipped_updates.inc()
            log.warning("Update %d cannot be understood; it is skipped", number)
        except Exception:
            log.exception("Update %d could not be handled", number)

    def _note_answer(self) -> None:
        self._answered_at = time.monotonic()
        self._metrics.polls.labels("ok").inc()
        if self.trouble:
            log.info("Telegram answers the polling again")
            self.trouble = None

    async def _note_failure(self, error: TelegramError | TimeoutError, failures: int) -> float:
        """Logs a failure once, and returns the seconds to wait."""
        self._metrics.polls.labels(type(error).__name__).inc()
        trouble = await self.webhook.explain(error) if isinstance(error, Conflict) else words_of(error)
        if trouble != self.trouble:
            log.warning("Polling: %s", trouble)
            self.trouble = trouble
        if isinstance(error, RetryAfter):
            return seconds_of(error)
        return self.backoff.wait(failures)


def words_of(error: TelegramError | TimeoutError) -> str:
    """Why the polling fails, and what to do."""
    match error:
        case InvalidToken():
            return "Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN"
        case TimedOut() | TimeoutError():
            return "Telegram does not answer in time"
        case _:
            return f"Telegram cannot be reached: {reason_of(error)}"
