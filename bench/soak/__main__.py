"""``python -m bench.soak --hours 0.2`` runs the soak, prints a verdict per line, and draws it.

It ends with 1 where something grows.
"""

import argparse
import asyncio
import os
import platform
import sys
from pathlib import Path

from bench.soak.picture import Drawing
from bench.soak.report import GROWS, judge, told
from bench.soak.run import ROOT, BotEndedError, Plan, Soak
from bot import __version__

PICTURE = ROOT / "docs" / "pictures" / "soak.png"
LEAST_HOURS = 0.01


def machine() -> str:
    """What it runs on."""
    return f"credit-bot {__version__}, Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"


def main() -> int:
    """Runs, prints, draws."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description="Watches the bot for leaks while time runs fast."
    )
    parser.add_argument("--hours", type=float, default=1.0, help="of real time; each is 8.3 simulated days")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--trace", action="store_true", help="say who allocated what grew; much slower")
    wanted = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.exit(1, "The bot is watched through /proc, so this runs on Linux only.\n")
    if wanted.hours < LEAST_HOURS:
        parser.error(f"--hours must be at least {LEAST_HOURS}")
    plan = Plan(wanted.hours * 3600, wanted.accounts, wanted.seed, trace=wanted.trace)
    print(machine(), flush=True)
    try:
        result = asyncio.run(Soak(plan).run())
    except BotEndedError as error:
        parser.exit(1, f"The bot ended by itself. The end of its log:\n{error}\n")
    lines = judge(result.samples, plan.seconds, plan.speed)
    print(told(result, plan, lines))
    title = f"{plan.accounts:,} accounts, {plan.seconds / 3600:g} h at {plan.speed:g} × speed"
    Drawing(result.samples, lines, plan.seconds, plan.speed).save(wanted.picture, title)
    print(f"drawn in {wanted.picture}")
    if wanted.trace:
        print(result.log)
    return int(result.exit_code != 0 or any(line.verdict == GROWS for line in lines))


if __name__ == "__main__":
    sys.exit(main())
