"""How late an event loop wakes who sleeps, as a line of JSON a second.

``python -m bench.delays`` does so in a process that does nothing else: what it finds is the machine's own.
"""

import asyncio
import gc
import json
import sys
import time

from bench.figures import Figures

NAP = 0.005
A_LINE = 1.0


async def report() -> None:
    """Says each second how late the loop woke, how long it was at work at a time, and how much Python holds."""
    late: list[float] = []
    held: list[float] = []
    said = time.monotonic()
    while True:
        due, used = time.monotonic() + NAP, time.thread_time()
        await asyncio.sleep(NAP)
        now = time.monotonic()
        late.append(1000 * (now - due))
        held.append(1000 * (time.thread_time() - used))
        if now - said >= A_LINE:
            say(now, late, held)
            late, held, said = [], [], now


def say(now: float, late: list[float], held: list[float]) -> None:
    """One line: when, by the timer that all processes share; milliseconds of delay; blocks in use; tasks; collections.

    ``held`` is the longest time of the processor between two naps, which a busy machine does not lengthen.
    """
    delays = Figures(late)
    line = {
        "at": now,
        "delay": delays.median,
        "delay_p99": delays.percentile(99),
        "delay_worst": delays.worst,
        "held": max(held),
        "blocks": sys.getallocatedblocks(),
        "tasks": len(asyncio.all_tasks()),
        "collections": gc.get_stats()[2]["collections"],
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    asyncio.run(report())
