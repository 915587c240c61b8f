"""An account's long past, of which upkeep leaves some: what may go, and what must be found after any cut."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.retention import SLICE_S, RetentionPolicy
from bot.storage import retention_statements
from bot.storage.retention import Retention
from bot.storage.schema import to_microseconds
from tests.support.fakes import NOW, World, key_of

EMAIL = "long-ago@example.com"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGES = {8 * DAY: timedelta(minutes=7), 70 * DAY: 5 * HOUR, 500 * DAY: HOUR}
"""How old the readings are that upkeep is about, and how far apart those of one hour, or day, lie."""

POLICY = RetentionPolicy(settle=timedelta(0))


def past() -> Iterator[tuple[datetime, bool]]:
    """Every reading, with whether it stays: the last of each hour or day, and none that is too old."""
    for age, apart in AGES.items():
        slot = HOUR if age < 60 * DAY else DAY
        begins = (NOW - age).replace(hour=0, minute=0, second=0, microsecond=0)
        for number in range(3):
            moments = [begins + number * slot + place * apart for place in range(4)]
            yield from ((moment, moment == moments[-1] and age < POLICY.keep_history) for moment in moments)


EVERY = {moment for moment, _ in past()}
STAYS = {moment for moment, stays in past() if stays}


def lay_down(path: Path) -> None:
    """Stores that past, before anybody lives."""
    rows = [(key_of(EMAIL), to_microseconds(moment)) for moment in sorted(EVERY)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO readings (account, taken_at, monthly) VALUES (?, ?, 1)", rows)


class Steps:
    """A timer by which every step takes as long as a slice may, so that each is a transaction of its own."""

    def __init__(self) -> None:
        """Begins at 0."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """The seconds until now."""
        self.seconds += 2 * SLICE_S
        return self.seconds


async def nothing() -> None:
    """Is to be done as a pass begins."""


def upkeep(world: World) -> Retention:
    """Upkeep as it begins with a start; each tick is one step."""
    return Retention(world.store, world.clock, Steps(), POLICY, timedelta(0), nothing)


async def is_complete(world: World) -> bool:
    """Whether the last pass has come to its end."""
    async with world.store.read() as connection:
        last = await retention_statements.last_pass(connection)
    return last is not None and last.reached is None
