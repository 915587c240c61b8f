"""The clockwork: nothing is skipped in silence."""

import asyncio
import logging
import socket
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent, JobSubmissionEvent

from bot.checks.scheduler import CHECK_JOB, FASTEST_TICK, SLOWEST_TICK, WATCHDOG_EVERY, Scheduler, tick_of
from bot.support.clock import utc_now
from bot.support.errors import ChartError, DatabaseBusyError
from bot.support.metrics import Metrics
from tests.support.fakes import Timer, until

AT_ONCE = timedelta(milliseconds=1)


def misfires(metrics: Metrics, job: str) -> float | None:
    """How often a job went wrong."""
    return metrics.registry.get_sample_value("credit_bot_misfires_total", {"job": job})


async def test_work_is_done_again_and_again() -> None:
    """Work is repeated at its interval until the stop, and not after it."""
    schedule, done = Scheduler(Metrics(), utc_now), list[int]()

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
    schedule, done = Scheduler(Metrics(), utc_now), list[str]()

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
    schedule = Scheduler(metrics, utc_now)

    async def work() -> None:
        tries.append(1)
        raise RuntimeError("a defect")

    schedule.every(AT_ONCE, "tick", work)
    schedule.start()
    await until(lambda: len(tries) >= 2 and (misfires(metrics, "tick") or 0) >= 1)
    schedule.stop()
    assert "Job tick failed" in caplog.text
    assert "RuntimeError: a defect" in caplog.text


async def test_trouble_of_the_database_is_counted_and_not_logged_at_each_tick(caplog: pytest.LogCaptureFixture) -> None:
    """The store has said it once, in words."""
    metrics = Metrics()
    schedule = Scheduler(metrics, utc_now)

    async def work() -> None:
        raise DatabaseBusyError("The database cannot be used just now: locked")

    schedule.every(AT_ONCE, "tick", work)
    schedule.start()
    await until(lambda: (misfires(metrics, "tick") or 0) >= 2)
    schedule.stop()
    assert not [record for record in caplog.records if record.name.startswith("bot.")]


async def test_trouble_in_words_is_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """An error of ours is a line, and no traceback."""
    metrics = Metrics()
    schedule = Scheduler(metrics, utc_now)

    async def work() -> None:
        raise ChartError("There is no room to draw in")

    schedule.every(AT_ONCE, "tick", work)
    schedule.start()
    await until(lambda: misfires(metrics, "tick"))
    schedule.stop()
    assert "There is no room to draw in" in caplog.text
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert ours
    assert not any(record.exc_info for record in ours)


async def test_work_that_takes_longer_is_not_begun_twice(caplog: pytest.LogCaptureFixture) -> None:
    """What is due again while it runs is not begun a second time; that is counted and said."""
    metrics, release, begun = Metrics(), asyncio.Event(), list[int]()
    schedule = Scheduler(metrics, utc_now)

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


class Wall:
    """The wall clock as APScheduler and the schedule read it, set forward or back."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """One that is right at first."""
    made = Wall()
    follow(monkeypatch, made)
    return made


def follow(monkeypatch: pytest.MonkeyPatch, wall: Wall) -> None:
    """APScheduler takes no clock: its own is moved, as the system's would be."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return wall().astimezone(tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Moved)


@pytest.mark.parametrize("days", [-3650, -1, 1, 3650])
async def test_a_clock_that_is_set_neither_stops_nor_hurries_a_job(wall: Wall, days: float) -> None:
    """The frequent one goes on at its pace, and is not counted up for ten years; the rare one is not due yet."""
    schedule, often, seldom = Scheduler(Metrics(), wall), list[float](), list[int]()
    timer = asyncio.get_running_loop().time

    async def tick() -> None:
        often.append(timer())

    async def upkeep() -> None:
        seldom.append(1)

    schedule.every(timedelta(seconds=0.05), "tick", tick)
    schedule.every(timedelta(hours=1), "upkeep", upkeep)
    schedule.start()
    await until(lambda: len(often) >= 3)
    set_at, before = timer(), len(often)
    wall.ahead = timedelta(days=days)
    await until(lambda: len(often) >= before + 5)
    assert often[before + 4] - set_at >= 4 * 0.05 - 0.01
    wall.ahead = timedelta(0)
    await until(lambda: len(often) >= before + 10)
    schedule.stop()
    assert not seldom


@pytest.mark.parametrize("days", [-3650, -1, 1, 3650])
async def test_a_clock_that_is_set_before_the_start_leaves_no_job_behind(wall: Wall, days: float) -> None:
    """The step falls between two jobs that are added, or before the start: all of them begin in time."""
    schedule, begun = Scheduler(Metrics(), wall), set[str]()

    async def first() -> None:
        begun.add("first")

    async def second() -> None:
        begun.add("second")

    async def upkeep() -> None:
        begun.add("upkeep")

    schedule.every(timedelta(seconds=0.05), "first", first)
    wall.ahead = timedelta(days=days)
    schedule.every(timedelta(seconds=0.05), "second", second)
    schedule.every(timedelta(hours=1), "upkeep", upkeep)
    wall.ahead = timedelta(days=2 * days)
    schedule.start()
    await until(lambda: len(begun) >= 2)
    schedule.stop()
    assert begun == {"first", "second"}


class SetAtARead(Wall):
    """A clock that is set between two of the times at which it is read."""

    def __init__(self, before_read: int, step: timedelta) -> None:
        self.reads_left, self.step = before_read, step

    def __call__(self) -> datetime:
        self.reads_left -= 1
        if self.reads_left == 0:
            self.ahead = self.step
        return super().__call__()


@pytest.mark.parametrize("hours", [-3, 3])
async def test_whenever_a_clock_is_set_jobs_keep_their_pace(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    """Also where the step falls between the reading of the clock that follows it and the one that finds what is due."""
    for before_read in range(4, 16):
        wall = SetAtARead(before_read, timedelta(hours=hours))
        follow(monkeypatch, wall)
        schedule, often, seldom = Scheduler(Metrics(), wall), list[int](), list[int]()

        async def tick(often: list[int] = often) -> None:
            often.append(1)

        async def upkeep(seldom: list[int] = seldom) -> None:
            seldom.append(1)

        schedule.every(timedelta(seconds=0.02), "tick", tick)
        schedule.every(timedelta(hours=1), "upkeep", upkeep)
        schedule.start()
        await until(lambda wall=wall: wall.reads_left <= 0)  # type: ignore[misc]
        before = len(often)
        await until(lambda often=often, before=before: len(often) >= before + 3)  # type: ignore[misc]
        schedule.stop()
        assert len(seldom) <= 1, before_read  # once at most: a step is found out only after the reading before it


async def test_a_job_that_no_longer_ends_is_known() -> None:
    """The watchdog asks: a job has run lately, or was added lately, or it hangs."""
    timer = Timer()
    schedule = Scheduler(Metrics(), utc_now, timer)
    release, ended = asyncio.Event(), list[int]()

    async def work() -> None:
        await release.wait()
        ended.append(1)

    schedule.every(AT_ONCE, "look", work)
    assert schedule.has_run("look", timedelta(seconds=60))
    timer.forward(61)
    assert not schedule.has_run("look", timedelta(seconds=60))
    schedule.start()
    release.set()
    await until(lambda: schedule.has_run("look", timedelta(seconds=60)))
    schedule.stop()
    assert ended


def test_a_missed_run_is_said_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A run that the scheduler leaves out is told, though our settings never leave one out."""
    metrics = Metrics()
    schedule = Scheduler(metrics, utc_now)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    schedule._went_wrong(JobExecutionEvent(EVENT_JOB_MISSED, "tick", "default", moment))
    schedule._went_wrong(JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "tick", "default", [moment]))
    assert misfires(metrics, "tick") == 2
    assert "Job tick was missed" in caplog.text


def test_a_stop_before_the_start_is_no_error() -> None:
    """A schedule that never began can be stopped."""
    Scheduler(Metrics(), utc_now).stop()


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


async def test_the_watchdog_is_fed_while_accounts_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systemd hears of a bot whose checks tick; one whose checks stand still is left to be ended by it."""

    async def work() -> None:
        """Checks nothing."""

    timer, address = Timer(), str(tmp_path / "systemd")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    schedule = Scheduler(Metrics(), utc_now, timer)
    schedule.every(timedelta(hours=1), CHECK_JOB, work)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.setblocking(False)
        await schedule.feed_watchdog()
        assert systemd.recv(64) == b"WATCHDOG=1"
        timer.forward(2 * WATCHDOG_EVERY.total_seconds() + 1)
        await schedule.feed_watchdog()
        with pytest.raises(BlockingIOError):
            systemd.recv(64)
