"""Names what grew, where something did, by Python's own record of who allocated what. Slow, so on demand."""

import asyncio
import gc
import sys
import tracemalloc

FRAMES, LINES = 6, 12


class Growth:
    """Compares what is allocated at the end with what was after so many seconds; 0 switches it off."""

    def __init__(self, after: float) -> None:
        self._after = after
        self._early: tracemalloc.Snapshot | None = None
        if after:
            tracemalloc.start(FRAMES)

    async def watch(self) -> None:
        """Takes the first picture in its time."""
        if self._after:
            await asyncio.sleep(self._after)
            self._early = picture()

    def tell(self) -> None:
        """Writes on standard error who holds more than then."""
        if self._early is None:
            return
        compared = picture().compare_to(self._early, "traceback")
        for difference in [one for one in compared if one.size_diff > 0][:LINES]:
            print(difference, *difference.traceback.format(), sep="\n", file=sys.stderr)


def picture() -> tracemalloc.Snapshot:
    """What is allocated, without what is only waiting to be collected, and without the record itself."""
    gc.collect()
    return tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, tracemalloc.__file__)])
