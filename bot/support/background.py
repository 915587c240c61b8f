"""Background tasks, and the error of the part that failed first."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from bot.support.errors import BotError, DatabaseBusyError

log = logging.getLogger(__name__)


class Background:
    """Runs work until it ends or everything does. Logs its failures, which end nothing else."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts the work and returns at once."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def cancel(self) -> None:
        """Cancels all running work."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Logs why work failed."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, DatabaseBusyError):
            log.debug("Work on the side failed: %s", error)  # it is logged already
        elif isinstance(error, BotError):
            log.error("%s", error)
        elif error:
            log.error("A background task failed", exc_info=error)


def first_error(parts: Iterable[asyncio.Task[None]]) -> BaseException | None:
    """The error of the part that failed first. An error without words of its own is logged."""
    failed = (part.exception() for part in parts if part.done() and not part.cancelled())
    error = next(filter(None, failed), None)
    if error and not isinstance(error, BotError):
        log.critical("A part of the bot has failed; the bot ends", exc_info=error)
    return error
