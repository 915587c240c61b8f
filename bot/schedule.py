"""When things happen: APScheduler, with nothing skipped in silence.

Its timers are monotonic and its default skips a job that is two seconds late, so it only ever ticks; what is due is
decided from stored moments.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import BotError
from bot.metrics import Metrics

log = logging.getLogger(__name__)

SLOWEST_TICK = timedelta(seconds=5)
FASTEST_TICK = timedelta(seconds=0.25)
WRONGS = {EVENT_JOB_MISSED: "was missed", EVENT_JOB_MAX_INSTANCES: "is due again and has not ended yet"}


class Schedule:
    """The bot's own scheduler."""

    def __init__(self, metrics: Metrics) -> None:
        """Has nothing to do yet."""
        self._metrics = metrics
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_listener(self._went_wrong, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def every(self, interval: timedelta, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work at each interval, from one interval on; work that takes longer is not begun twice.

        The same name again is the same work at another interval.
        """
        self._scheduler.add_job(work, "interval", seconds=interval.total_seconds(), id=name, replace_existing=True)

    def start(self) -> None:
        """Begins; needs a running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begins nothing more; what is under way is the caller's to drain."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _went_wrong(self, event: JobEvent) -> None:
        """Logs and counts what did not happen as planned; that a stop ends work under way is planned."""
        error = getattr(event, "exception", None)
        if isinstance(error, asyncio.CancelledError) and not self._scheduler.running:
            return
        self._metrics.misfires.labels(event.job_id).inc()
        if isinstance(error, BotError):
            log.error("Job %s failed: %s", event.job_id, error)
        elif error is not None:
            log.error("Job %s failed", event.job_id, exc_info=error)
        else:
            log.warning("Job %s %s", event.job_id, WRONGS.get(event.code, "went wrong"))


def tick_of(every: timedelta) -> timedelta:
    """How often to look what is due: often enough for the interval, and never so rare that a clock's jump goes long."""
    return min(SLOWEST_TICK, max(FASTEST_TICK, every / 4))
