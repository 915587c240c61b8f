"""Python's search for garbage among all objects, at moments when few are alive.

Python frees most objects by counting references, and searches for the others, which refer to each other in a circle. A
search through everything takes some 100 ms while a command has 10,000 accounts in hand, which is also when Python would
begin one; until its end the event loop stands still. Here it waits until the command is over.
"""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

NEVER = 1_000_000
"""Python's own search through everything: not before so many of the smaller ones."""

DUE_AFTER = 10
"""Smaller searches until one through everything is due: as many as Python itself waits for."""

LOOK_EVERY_S = 10.0
LONGEST_WAIT_S = 300.0
QUIET_GROWTH = 1.2
"""Up to so many times the memory after the last search, few objects are alive that will be gone soon."""


class Python:
    """The figures of the running Python about its memory."""

    def timer(self) -> float:
        return time.monotonic()

    def allocated(self) -> int:
        """Blocks of memory in use."""
        return sys.getallocatedblocks()

    def small_searches(self) -> int:
        """Searches among young objects since the last one through everything."""
        return gc.get_count()[2]

    def search(self) -> None:
        """Searches through everything; the event loop stands still."""
        gc.collect()


class OldGarbage:
    """Searches through everything when that is due, and the bot is quiet or the search has waited for long."""

    def __init__(self, python: Python) -> None:
        self._python = python
        self._search()

    def look(self) -> None:
        """Searches now, or leaves it to a later call."""
        if self._python.small_searches() < DUE_AFTER:
            return
        is_quiet = self._python.allocated() <= QUIET_GROWTH * self._blocks
        if is_quiet or self._python.timer() - self._searched_at >= LONGEST_WAIT_S:
            self._search()

    def _search(self) -> None:
        self._python.search()
        self._blocks, self._searched_at = self._python.allocated(), self._python.timer()


@asynccontextmanager
async def searched_when_quiet() -> AsyncIterator[None]:
    """Moves the search through everything to quiet moments, and spares it the objects that are alive now.

    Those of the imports stay for good.
    """
    before, old = gc.get_threshold(), OldGarbage(Python())
    gc.freeze()
    gc.set_threshold(*before[:2], NEVER)
    looking = asyncio.create_task(keep_looking(old), name="garbage")
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        gc.set_threshold(*before)
        gc.unfreeze()


async def keep_looking(old: OldGarbage) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        old.look()
