"""``python -m bench`` measures and prints one table; ``--quick`` measures less, and so less exactly.

``--only NAME`` measures one part. ``--plots`` also measures how the figures grow with the number of accounts and with
history, and draws that (``bench/plots.py``).
"""

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bench import answer, idle, latency, memory, pictures, plots, rounds, start, storm, years
from bench.figures import SAVED, Row, save, table
from bench.memory import LONG
from bench.world import CHAT
from bot import __version__

TENFOLD = (1, 10, 100, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is measured: ``quick`` is a look, ``growth`` everything that is drawn."""

    quick: bool
    growth: bool


Part = Callable[[Wanted], Awaitable[list[Row]]]


async def starts(wanted: Wanted) -> list[Row]:
    """From the start to the first look."""
    sizes = TENFOLD if wanted.growth else (1, 1_000, 10_000)
    rows = await start.measure(3 if wanted.quick else 5, sizes[:2] if wanted.quick else sizes)
    return rows + (await start.of_sizes(sizes[:-1], 3, LONG) if wanted.growth else [])


async def latencies(wanted: Wanted) -> list[Row]:
    """From the low reading to the message."""
    crowds = (10, 100, 1_000, 10_000) if wanted.growth else (1_000,)
    return await latency.measure(8 if wanted.quick else 50, crowds)


async def answers(wanted: Wanted) -> list[Row]:
    """``/credits``."""
    if wanted.quick:
        return await answer.measure((1, 1_000), 8)
    rows = await answer.measure(TENFOLD if wanted.growth else (1, 1_000, 10_000), 20)
    return rows + (await answer.measure(TENFOLD[:-1], 20, LONG) if wanted.growth else [])


async def storms(wanted: Wanted) -> list[Row]:
    """A fleet that falls together."""
    if wanted.quick:
        return await storm.measure((100,), (CHAT,))
    if wanted.growth:
        return await storm.measure(TENFOLD[1:])
    return await storm.measure((100,)) + await storm.measure((10_000,), (CHAT,))


async def memories(wanted: Wanted) -> list[Row]:
    """What the process holds."""
    if wanted.quick:
        return await memory.measure((1, 1_000), 2)
    if not wanted.growth:
        return await memory.measure((1, 1_000, 10_000), 3)
    return await memory.measure(TENFOLD, 3) + await memory.measure(TENFOLD[:-1], 3, LONG)


async def idles(wanted: Wanted) -> list[Row]:
    """What the process does while nothing happens."""
    return await idle.measure(15 if wanted.quick else 60)


async def rounding(wanted: Wanted) -> list[Row]:
    """Checks by the thousand."""
    sizes = TENFOLD if wanted.growth else (1_000,)
    rows = await rounds.measure(2 if wanted.quick else 5, sizes)
    return rows + await rounds.endure(20 if wanted.quick else 600)


async def drawings(_: Wanted) -> list[Row]:
    """``/history``."""
    return await pictures.measure()


async def aged(wanted: Wanted) -> list[Row]:
    """Years of history."""
    return await years.measure((200,) if wanted.quick else (200, 1_000, 10_000))


PARTS: Mapping[str, Part] = {
    "start": starts,
    "rounds": rounding,
    "latency": latencies,
    "credits": answers,
    "storm": storms,
    "memory": memories,
    "idle": idles,
    "pictures": drawings,
    "years": aged,
}
"""In this order, one after the other, so that none disturbs another."""


async def measured(wanted: Wanted, only: str | None) -> list[Row]:
    """Every row, of every part or of one."""
    rows = []
    for name in [only] if only else PARTS:
        began = time.monotonic()
        rows += await PARTS[name](wanted)
        print(f"{name}: measured in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def machine() -> str:
    """What it was measured on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"credit-bot {__version__} · {python} · {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def how_busy() -> str:
    """A warning, where others used the machine meanwhile, so that the times are worth little."""
    load, cores = os.getloadavg()[1], os.cpu_count() or 1
    return (
        f"\nThe machine was busy (load {load:.1f} on {cores} cores): measure again when it is not."
        if load > cores
        else ""
    )


def how_long(wanted: Wanted, only: str | None) -> str:
    """About how long it will take."""
    if only:
        return f"{only} only"
    return "this takes " + ("about an hour" if wanted.growth else "some minutes" if wanted.quick else "some 40 minutes")


def main() -> int:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the numbers of docs/performance.md.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter measurements")
    parser.add_argument("--only", choices=PARTS, metavar="NAME", help=f"one part: {', '.join(PARTS)}")
    parser.add_argument("--plots", action="store_true", help="measure how the figures grow, too, and draw that")
    given = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.exit(1, "Memory and processor time are read from /proc, so this runs on Linux only.\n")
    wanted = Wanted(given.quick, given.plots)
    print(f"{machine()}; {how_long(wanted, given.only)}", flush=True)
    rows = asyncio.run(measured(wanted, given.only))
    print(table(rows) + how_busy())
    save(machine(), rows)
    print(f"Saved in {SAVED}")
    if wanted.growth:
        plots.draw(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
