"""``python -m bench`` measures and prints one table; ``--quick`` measures less, and so less exactly."""

import argparse
import asyncio
import os
import platform
import sys

from bench import idle, latency, pictures, start
from bench.figures import Row, table
from bot import __version__


async def measured(*, quick: bool) -> list[Row]:
    """Every row; one measurement after the other, so that none disturbs another."""
    rows = await start.measure(3 if quick else 5)
    rows += await latency.measure(8 if quick else 50)
    rows += await pictures.measure()
    return rows + await idle.measure(15 if quick else 60)


def machine() -> str:
    """What it was measured on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"credit-bot {__version__} · {python} · {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def how_busy() -> str:
    """A warning, where others used the machine meanwhile, so that the times are worth little."""
    load, cores = os.getloadavg()[1], os.cpu_count() or 1
    return (
        f"\nThe machine was busy (load {load:.1f} on {cores} cores): measure again when it is not."
        if load > cores / 2
        else ""
    )


def main() -> int:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the numbers of the README.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter measurements")
    wanted = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.exit(1, "Memory and processor time are read from /proc, so this runs on Linux only.\n")
    print(f"{machine()}; this takes {'about a minute' if wanted.quick else 'some five minutes'}", flush=True)
    print(table(asyncio.run(measured(quick=wanted.quick))) + how_busy())
    return 0


if __name__ == "__main__":
    sys.exit(main())
