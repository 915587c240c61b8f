"""The clockwork: nothing is skipped in silence."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent, JobSubmissionEvent

from bot.errors import DatabaseTrouble
from bot.metrics import Metrics
from bot.schedule import FASTEST_TICK, SLOWEST_TICK, Schedule, tick_of
from tests.fakes import until

AT_ONCE = timedelta(milliseconds=1)


def misfires(metrics: Metrics, job: str) -> float | None:
    """How often a job went wrong."""
    return metrics.registry.get_sample_value("credit_bot_misfires_total", {"job": job})


async def test_work_is_done_again_and_again() -> None:
    """Work is repeated at its interval until the stop, and not after it."""
    schedule, done = Schedule(Metrics()), list[int]()

    async def work() -> None:
        done.append(1)

    schedule.every(AT_ONCE, "tick", work)
    assert done == []
    schedule.start()
    await until(lambda: len(done) >= 3)
    schedule.stop()
    count = len(done)
    await asyncio.sleep(0.01)
    assert len(done) <= count + 1
    schedule.stop()


async def test_the_same_work_at_another_interval_takes_its_place() -> None:
    """Work that is scheduled again by its name goes on at the new interval, and no longer at the old one."""
    schedule, done = Schedule(Metrics()), list[str]()

    async def old() -> None:
        done.append("old")

    async def new() -> None:
        done.append("new")

    schedule.every(timedelta(hours=1), "tick", old)
    schedule.start()
    schedule.every(AT_ONCE, "tick", new)
    await until(lambda: len(done) >= 2)
    schedule.stop()
    assert set(done) == {"new"}


async def test_a_failure_is_logged_and_counted_and_the_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """Work that fails is told with its traceback, counted, and done again."""
    metrics, tries = Metrics(), list[int]()
    schedule = Schedule(metrics)

    async def work() -> None:
        tries.append(1)
        raise RuntimeError("a defect")

    schedule.every(AT_ONCE, "tick", work)
    schedule.start()
    await until(lambda: len(tries) >= 2 and (misfires(metrics, "tick") or 0) >= 1)
    schedule.stop()
    assert "Job tick failed" in caplog.text
    assert "RuntimeError: a defect" in caplog.text


async def test_trouble_in_words_is_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """A database that cannot be used just now is a line, and no traceback."""
    metrics = Metrics()
    schedule = Schedule(metrics)

    async def work() -> None:
        raise DatabaseTrouble("The database cannot be used just now: locked")

    schedule.every(AT_ONCE, "tick", work)
    schedule.start()
    await until(lambda: misfires(metrics, "tick"))
    schedule.stop()
    assert "cannot be used just now: locked" in caplog.text
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert ours
    assert not any(record.exc_info for record in ours)


async def test_work_that_takes_longer_is_not_begun_twice(caplog: pytest.LogCaptureFixture) -> None:
    """What is due again while it runs is not begun a second time; that is counted and said."""
    metrics, release, begun = Metrics(), asyncio.Event(), list[int]()
    schedule = Schedule(metrics)

    async def work() -> None:
        begun.append(1)
        await release.wait()

    schedule.every(AT_ONCE, "slow", work)
    schedule.start()
    with caplog.at_level(logging.WARNING):
        await until(lambda: misfires(metrics, "slow"))
    assert begun == [1]
    assert "Job slow is due again and has not ended yet" in caplog.text
    release.set()
    await until(lambda: len(begun) >= 2)
    schedule.stop()


def test_a_missed_run_is_said_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A run that the scheduler leaves out is told, though our settings never leave one out."""
    metrics = Metrics()
    schedule = Schedule(metrics)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    schedule._went_wrong(JobExecutionEvent(EVENT_JOB_MISSED, "tick", "default", moment))
    schedule._went_wrong(JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "tick", "default", [moment]))
    assert misfires(metrics, "tick") == 2
    assert "Job tick was missed" in caplog.text


def test_a_stop_before_the_start_is_no_error() -> None:
    """A schedule that never began can be stopped."""
    Schedule(Metrics()).stop()


@pytest.mark.parametrize(
    ("every", "tick"),
    [
        (timedelta(days=1), SLOWEST_TICK),
        (timedelta(minutes=15), SLOWEST_TICK),
        (timedelta(seconds=8), timedelta(seconds=2)),
        (timedelta(seconds=1), FASTEST_TICK),
    ],
)
def test_ticks_are_never_rarer_than_needed(every: timedelta, tick: timedelta) -> None:
    """A quarter of the interval, never under a quarter second, never over five."""
    assert tick_of(every) == tick
    assert tick_of(every) <= every
