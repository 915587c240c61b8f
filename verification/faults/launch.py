"""Starts the real bot, as ``credit-bot run`` does, where a harness can move its clock and spoil its database.

``python -m verification.faults.launch FOLDER [DEFECT]``. The bot's own program runs; only what it is handed differs: a
faster tick, and shorter waits, so that a history of days fits into seconds. The clock is set for the whole process, by
libfaketime; where that is not installed, for the bot's own clock alone.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import bot.app
import bot.checks.discovery
import bot.commands.updates
import bot.domain.database_trouble
import bot.features.board.publisher
import bot.features.board.rules
import bot.features.board.text
import bot.outbox.dispatcher
import bot.outbox.pacing
import bot.storage.database
import bot.targets.active
import bot.telegram.client
import bot.telegram.polling
from bot.cli.main import main
from bot.domain.accounts import CheckFailure
from bot.outbox.results import RefusalSchedule
from bot.support.backoff import Backoff
from bot.support.clock import SteadyClock
from bot.telegram.client import AiohttpRequest
from bot.telegram.sender import post
from verification.faults.defects import DEFECTS, Read, around_reads
from verification.faults.process import NO_ANSWER

TICK = timedelta(seconds=0.15)
LOOK_SECONDS, SEND_SECONDS, POLL_SECONDS = 2.0, 2.0, 3
SHORT_BACKOFF = Backoff(0.3, longest=2.0)
LIST_EVERY = timedelta(seconds=1)
SHORT_REFUSALS = RefusalSchedule((0.3, 0.6, 1.0), steady=1.5, steady_for=60, rare=2.5, sign_pause=0.5)
BOARD_EVERY = timedelta(seconds=0.6)
BUSY_MS = 700
CALM_S = 0.5
CLOCK, DATABASE = "clock", "database"
FULL, READ_ONLY = "full", "read-only"
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
ANSWERED = "\u2063"
"""Stands, unseen, at the end of each answer to a question, so that it is not taken for something told."""
PR_SET_PDEATHSIG = 1
ANY_SIZE = 4_294_967_294
"""SQLite's own upper bound of a database, in pages."""


def movable_clock(file: Path) -> Callable[[], datetime]:
    """The wall clock, set forward or back by the seconds in a file."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))

    return clock


def clock_in(folder: Path) -> SteadyClock | None:
    """The bot's clock; None for the machine's, where that is what is set."""
    return None if "LD_PRELOAD" in os.environ else SteadyClock(movable_clock(folder / CLOCK))


def spoil_database(file: Path, engines: Any = Engine) -> None:
    """Lets each transaction meet what a file says: a disk that is full, or a database that is read-only.

    SQLite itself then answers as it would on such a disk: SQLITE_FULL, SQLITE_READONLY. It would still write what fits
    into the pages that it has; so each write first asks for more than there is.
    """

    def begin(connection: Any) -> None:
        state = file.read_text()
        connection.exec_driver_sql(f"PRAGMA max_page_count={1 if state == FULL else ANY_SIZE}")
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if state == READ_ONLY else 'OFF'}")

    def execute(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(WRITES) and file.read_text() == FULL:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
            connection.exec_driver_sql("CREATE TABLE too_large AS SELECT zeroblob(100000000)")

    event.listen(engines, "begin", begin)
    event.listen(engines, "before_cursor_execute", execute)


def shorten_waits() -> None:
    """The same waits as in earnest, in their order, but none so long that a history would take minutes."""
    request = AiohttpRequest

    def impatient(connections: int, read_timeout: float, **ways: Any) -> Any:
        return request(connections, min(read_timeout, SEND_SECONDS), **ways)

    vars(bot.app)["source_of"] = partial(bot.targets.active.source_of, timeout=LOOK_SECONDS)
    vars(bot.telegram.client)["AiohttpRequest"] = impatient
    vars(bot.telegram.polling).update(POLL_SECONDS=POLL_SECONDS, SPARE_SECONDS=SEND_SECONDS)
    for module in (bot.telegram.polling, bot.outbox.dispatcher, bot.storage.database):
        vars(module)["USUAL"] = SHORT_BACKOFF
    vars(bot.outbox.pacing).update(CHAT_PAUSE_S=0.1)
    vars(bot.checks.discovery).update(LIST_EVERY=LIST_EVERY)
    vars(bot.features.board.publisher).update(EVERY=BOARD_EVERY, LOOK_EVERY=0.2)
    vars(bot.features.board.rules).update(EVERY=BOARD_EVERY, REPLACE_AFTER=BOARD_EVERY, REPLACE_EVERY=3 * BOARD_EVERY)
    vars(bot.storage.database).update(BUSY_TIMEOUT_MS=BUSY_MS)
    vars(bot.domain.database_trouble).update(CALM_S=CALM_S)


def end_with_the_harness() -> None:
    """Lets the system end the bot where the harness ends without having ended it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def mark_answers() -> None:
    """Lets each answer to a question be known as one."""

    async def marked(telegram: Any, message: Any, chat: Any) -> int:
        return await post(telegram, replace(message, text=message.text + ANSWERED), chat)

    vars(bot.commands.updates)["post"] = vars(bot.features.board.text)["post"] = marked


def say_what_failed() -> None:
    """Lets the log say when a look found nothing: where nobody listens, nobody else can know of it."""

    def watched(read: Read) -> Read:
        async def look(self: Any, email: str, *page: Any) -> Any:
            begun = time.monotonic()
            sample = await read(self, email, *page)
            if isinstance(sample, CheckFailure):
                print(NO_ANSWER, email, begun, time.monotonic(), flush=True)
            return sample

        return look

    around_reads(watched)


def launch(folder: Path, defect: str | None) -> int:
    """Runs the bot until it is told to stop, and gives its exit code."""
    end_with_the_harness()
    shorten_waits()
    mark_answers()
    say_what_failed()
    spoil_database(folder / DATABASE)
    if defect:
        DEFECTS[defect].put_in()
    vars(bot.app)["App"] = partial(bot.app.App, clock=clock_in(folder), tick=TICK, refusals=SHORT_REFUSALS)
    return main(["run"])


if __name__ == "__main__":
    sys.exit(launch(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
