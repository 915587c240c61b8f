"""``python -m bench.pictures``: what a picture costs, in the bot's own memory and in seconds. Linux only.

The parent reads the history of an account from a database as the bot does, and has it drawn, ten times and more.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bench.figures import Figures, Row, table
from bot.domain.accounts import Account, Credits, Reading
from bot.domain.notifications import Watched
from bot.domain.rules import Threshold
from bot.features.history.drawing import ChartRenderer
from bot.features.history.service import traced
from bot.features.history.text import AccountPast, choose, draw_history, slots_for
from bot.storage import history
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.storage.schema import readings

NOW = datetime(2026, 7, 20, 14, 3, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
SPAN = timedelta(days=90)
LADDER = (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))
ALLOWANCE = 15_000
GOAL_MIB, GOAL_SECONDS = 2.0, 3.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What some drawings took: the parent's memory before and after in MiB, each one's seconds, and the processor's."""

    before: float
    after: float
    seconds: tuple[float, ...]
    worked: float

    @property
    def grown(self) -> float:
        """By how much the parent has grown."""
        return self.after - self.before


def resident() -> float:
    """This process's resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20


def rows(account: str, count: int) -> Iterator[dict[str, object]]:
    """A history of so many readings: spent evenly, refilled three times."""
    for index in range(count):
        monthly = ALLOWANCE - (index * 3 * ALLOWANCE // count) % ALLOWANCE - index % 2
        taken_at = NOW - SPAN * (count - index) / count
        yield {"account": account, "taken_at": taken_at, "monthly": monthly, "daily": 0, "package": 0}


async def fill(connection: Connection, account: str, count: int) -> None:
    """Stores a history."""
    batch = []
    for row in rows(account, count):
        batch.append(row)
        if len(batch) == 5000:
            await connection.execute(sa.insert(readings), batch)
            batch = []
    if batch:
        await connection.execute(sa.insert(readings), batch)


def account_of(key: str) -> Watched:
    """An account as the chat knows it."""
    reading = Reading(NOW, Credits(2900, 0, 0, ALLOWANCE))
    return Watched(Account(key, "pixverse", f"{key}@example.com", reading=reading, looked_at=NOW, allowance=ALLOWANCE))


async def once(store: Store, drawing: ChartRenderer, keys: list[str]) -> float:
    """One ``/history`` of these accounts, from the database to the PNG; its seconds."""
    began = time.monotonic()
    chosen, left_out = choose([account_of(key) for key in keys])
    names = [one.account.key for one in chosen]
    async with store.read() as connection:
        gaps = await history.gaps(connection, names, NOW - SPAN)
        slots = slots_for(len(names))
        traces = {key: await traced(connection, key, NOW - SPAN, NOW, slots) for key in names}
    pasts = [AccountPast(one, traces[one.account.key], tuple(gaps[one.account.key]), LADDER) for one in chosen]
    drawn, words = await draw_history(drawing, pasts, left_out, SPAN, NOW, ZONE)
    if drawn is None:
        raise SystemExit(words.text)
    return time.monotonic() - began


async def measured(store: Store, drawing: ChartRenderer, keys: list[str], times: int) -> Cost:
    """So many drawings, one after the other."""
    before, worked = resident(), processor()
    seconds = [await once(store, drawing, keys) for _ in range(times)]
    return Cost(before, resident(), tuple(seconds), (processor() - worked) / times)


def processor() -> float:
    """The processor's seconds for this process and its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """A database with a year's usual history of twelve accounts, and one of 100,000 readings."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"{folder}/bench.db")
        async with store.write() as connection:
            for number in range(12):
                await fill(connection, f"usual{number}", 2000)
            await fill(connection, "huge", 100_000)
        yield store
        await store.close()


async def costs() -> tuple[Cost, Cost, Cost, Cost]:
    """The first drawing, ten of one account, three of twelve accounts, and three of 100,000 readings."""
    async with opened() as store:
        drawing = ChartRenderer()
        async with store.read() as connection:
            await connection.execute(sa.text("SELECT 1"))
        first = await measured(store, drawing, ["usual0"], 1)
        ten = await measured(store, drawing, ["usual0"], 10)
        twelve = await measured(store, drawing, [f"usual{number}" for number in range(12)], 3)
        huge = await measured(store, drawing, ["huge"], 3)
        drawing.close()
    return first, ten, twelve, huge


async def measure() -> list[Row]:
    """What ``/history`` takes, from the database to the PNG, and what stays of it in the bot's memory."""
    first, ten, twelve, huge = await costs()
    memory = f"{ten.before:.1f} → {ten.after:.1f} MiB"
    return [
        Row("ten times /history: memory grows by", f"{ten.grown:.1f} MiB", memory, goal=f"< {GOAL_MIB:g} MiB"),
        row("/history, the first after the start", first),
        row("/history of one account, 90 days", ten),
        row("/history of twelve accounts", twelve),
        row("/history of 100,000 readings", huge),
    ]


def row(what: str, cost: Cost) -> Row:
    """How long some drawings took, with the child's start."""
    seconds = Figures(cost.seconds)
    spread = f"worst {seconds.worst:.2f} s of {len(cost.seconds)}, processor {cost.worked:.2f} s"
    return Row(what, f"{seconds.median:.2f} s", spread, goal=f"< {GOAL_SECONDS:g} s")


def main() -> None:
    """Measures, and prints."""
    print(table(asyncio.run(measure())))


if __name__ == "__main__":
    main()
