"""Work on the side: it harms nothing, and what goes wrong with it is in the log."""

import asyncio
import logging

import pytest

from bot.support.background import Background, first_error
from bot.support.errors import BotError, DatabaseBusyError, StartError
from tests.support.fakes import until


async def fail(error: Exception) -> None:
    """Goes wrong."""
    raise error


@pytest.mark.parametrize(
    ("error", "level", "words"),
    [
        (RuntimeError("a defect"), logging.ERROR, "A background task failed"),
        (BotError("in words"), logging.ERROR, "in words"),
        (DatabaseBusyError("is locked"), logging.DEBUG, "Work on the side failed: is locked"),
    ],
)
async def test_work_that_fails_is_logged(
    caplog: pytest.LogCaptureFixture, error: Exception, level: int, words: str
) -> None:
    """A defect with its traceback; what the log has already is there for developers only."""
    caplog.set_level(logging.DEBUG, "bot")
    Background().start(fail(error))
    await until(lambda: bool(caplog.records))
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (level, words)
    assert bool(record.exc_info) == isinstance(error, RuntimeError)


async def test_work_ends_when_all_does(caplog: pytest.LogCaptureFixture) -> None:
    """It is cancelled, waited for, and no line of the log."""
    background, ended = Background(), list[str]()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("ended")

    background.start(work())
    await asyncio.sleep(0)
    await background.cancel()
    assert ended == ["ended"]
    assert caplog.records == []


async def test_the_first_part_that_failed_says_why(caplog: pytest.LogCaptureFixture) -> None:
    """Parts that run, ended or were cancelled have no error; one without words of its own goes to the log."""
    running = asyncio.create_task(asyncio.sleep(3600))
    cancelled = asyncio.create_task(asyncio.sleep(3600))
    cancelled.cancel()
    refused = asyncio.create_task(fail(StartError("the token is refused")))
    defect = asyncio.create_task(fail(RuntimeError("a defect")))
    ended = asyncio.create_task(asyncio.sleep(0))
    await asyncio.wait([cancelled, refused, defect, ended])
    assert first_error([running, cancelled, ended]) is None
    assert isinstance(first_error([running, cancelled, ended, refused, defect]), StartError)
    assert caplog.records == []
    assert isinstance(first_error([defect, refused]), RuntimeError)
    assert [record.getMessage() for record in caplog.records] == ["A part of the bot has failed; the bot ends"]
    running.cancel()
