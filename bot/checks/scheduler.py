"""When jobs run: APScheduler, which skips nothing silently and survives a clock that is set.

It only ticks; stored moments decide what is due.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.support import systemd
from bot.support.clock import origin_of
from bot.support.errors import BotError, DatabaseBusyError
from bot.support.metrics import Metrics

log = logging.getLogger(__name__)

SLOWEST_TICK = timedelta(seconds=5)
FASTEST_TICK = timedelta(seconds=0.25)
DRIFT = timedelta(seconds=1)
"""A smaller step of the wall clock moves no job: it delays a tick by less than that."""

WATCHDOG_EVERY = timedelta(seconds=30)
CHECK_JOB = "look"
"""The job that checks accounts. Names of jobs are labels in /metrics."""

WRONGS = {EVENT_JOB_MISSED: "was missed", EVENT_JOB_MAX_INSTANCES: "is due again and has not ended yet"}


class SteadyScheduler(AsyncIOScheduler):  # type: ignore[misc] # APScheduler has no types
    """APScheduler whose jobs keep their pace when the wall clock is set.

    APScheduler stores each job's next run as a moment of the wall clock and waits for it with a monotonic timer. After
    a clock that is set back that timer still fires, finds nothing due, and waits for hours; a clock that is set forward
    by a year makes it count every run of that year. Each run through the jobs therefore moves them along with the
    clock: before it reads the clock, and once more for a step that came meanwhile.
    """

    def __init__(self, wall: Callable[[], datetime], timer: Callable[[], float], **options: Any) -> None:
        """``wall`` is the clock that APScheduler reads itself, ``timer`` counts seconds and never jumps."""
        super().__init__(**options)
        self._wall = wall
        self._timer = timer
        self._origin = origin_of(wall, timer)

    def add_steady(self, work: Callable[[], Awaitable[None]], interval: timedelta, name: str) -> None:
        """Runs ``work`` at each interval, first after one interval, in place of a job of that name.

        The first run is set here, by the clock as the other jobs know it: APScheduler takes it from the wall clock, for
        good, and a step before the start would leave the job behind.
        """
        self.follow_clock()
        first = self._origin + timedelta(seconds=self._timer()) + interval
        seconds = interval.total_seconds()
        self.add_job(work, "interval", seconds=seconds, id=name, next_run_time=first, replace_existing=True)

    def _process_jobs(self) -> float | None:
        """Starts the jobs that are due, and returns the seconds until the next one.

        ``wakeup`` is no place for this: it only asks the loop for a run, and the clock can be set before that comes.
        """
        self.follow_clock()
        seconds: float | None = super()._process_jobs()
        self.follow_clock()  # it wakes the scheduler again, which then computes the wait again
        return seconds

    def follow_clock(self) -> None:
        """Moves the jobs along with a clock that was set; none is further away than its interval."""
        origin = origin_of(self._wall, self._timer)
        step = origin - self._origin
        if abs(step) >= DRIFT:
            self._origin = origin  # first: moving a job wakes the scheduler again
            now = origin + timedelta(seconds=self._timer())
            for job in self.get_jobs():
                # one that ran after the step has its next run by the new clock already
                job.modify(next_run_time=min(job.next_run_time + step, now + job.trigger.interval))


class Scheduler:
    """The bot's own scheduler."""

    def __init__(
        self, metrics: Metrics, wall: Callable[[], datetime], timer: Callable[[], float] = time.monotonic
    ) -> None:
        """``wall`` is the machine's clock."""
        self._metrics = metrics
        self._timer = timer
        self._ended: dict[str, float] = {}
        self._scheduler = SteadyScheduler(
            wall, timer, timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_listener(self._went_wrong, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._has_ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def every(self, interval: timedelta, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Runs ``work`` at each interval, first after one interval, never twice at once.

        The same name again replaces the interval.
        """
        self._scheduler.add_steady(work, interval, name)
        self._ended[name] = self._timer()

    def start(self) -> None:
        """Starts; needs a running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Starts no more jobs; the caller drains running ones."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def has_run(self, name: str, within: timedelta) -> bool:
        """True if a job ended lately, well or not, or was added lately."""
        return self._timer() - self._ended[name] <= within.total_seconds()

    async def feed_watchdog(self) -> None:
        """Notifies systemd's watchdog while the event loop, the scheduler and the checks run."""
        if self.has_run(CHECK_JOB, within=2 * WATCHDOG_EVERY):
            systemd.notify("WATCHDOG=1")

    def _has_ended(self, event: JobEvent) -> None:
        self._ended[event.job_id] = self._timer()

    def _went_wrong(self, event: JobEvent) -> None:
        """Logs and counts failed, missed and overlapping runs; work that a stop cancels is fine."""
        error = getattr(event, "exception", None)
        if isinstance(error, asyncio.CancelledError) and not self._scheduler.running:
            return
        self._metrics.misfires.labels(event.job_id).inc()
        if isinstance(error, DatabaseBusyError):
            log.debug("Job %s failed: %s", event.job_id, error)  # it is logged already
        elif isinstance(error, BotError):
            log.error("Job %s failed: %s", event.job_id, error)
        elif error is not None:
            log.error("Job %s failed", event.job_id, exc_info=error)
        else:
            log.warning("Job %s %s", event.job_id, WRONGS.get(event.code, "went wrong"))


def tick_of(every: timedelta) -> timedelta:
    """The time between two ticks: short against the interval, and never so long that a clock's jump goes unseen."""
    return min(SLOWEST_TICK, max(FASTEST_TICK, every / 4))
