"""What the bot needs while nothing happens: memory, and its share of a core."""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Row
from bench.world import World

SETTLE = 5.0
GOAL_MIB, GOAL_PERCENT = 85, 0.5


@dataclass(frozen=True, slots=True)
class Need:
    """What a process held, in MiB, at the end of a while in which it used so many percent of a core."""

    mib: float
    peak_mib: float
    percent: float


async def measure(seconds: float) -> list[Row]:
    """The bot with one account, and the same libraries merely imported, at the same time."""
    async with World() as world, world.process("bench.floor", "idle") as libraries:
        assert libraries.stdout
        await libraries.stdout.readline()
        async with world.bot(CHECK_EVERY="15m") as pid:
            await world.telegram.wait_for("credit-bot watches", timeout=30)
            await world.pixverse.wait_for_looks(count=1, timeout=30)
            await asyncio.sleep(SETTLE)
            bot, floor = await asyncio.gather(observe(pid, seconds), observe(libraries.pid, seconds))
    ratio = f"×{bot.mib / floor.mib:.2f}"
    return [
        Row(
            "idle, one account: resident memory",
            f"{bot.mib:.1f} MiB",
            f"peak {bot.peak_mib:.1f} MiB",
            f"{floor.mib:.1f} MiB ({ratio})",
            f"≤ {GOAL_MIB} MiB",
        ),
        Row(
            "idle, one account: share of a core",
            f"{bot.percent:.2f} %",
            f"over {seconds:.0f} s",
            f"{floor.percent:.2f} %",
            f"< {GOAL_PERCENT} %",
        ),
    ]


async def observe(pid: int, seconds: float) -> Need:
    """Watches a process for a while, from Linux's /proc."""
    used, began = cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    percent = 100 * (cpu_seconds(pid) - used) / (time.monotonic() - began)
    return Need(status_mib(pid, "VmRSS"), status_mib(pid, "VmHWM"), percent)


def cpu_seconds(pid: int) -> float:
    """User and system time of all the process's threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status_mib(pid: int, name: str) -> float:
    """A size of the process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
