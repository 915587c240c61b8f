"""``python -m bench.peers`` runs the comparison and prints its tables as Markdown."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.__main__ import how_busy, machine
from bench.peers.contenders import CONTENDERS
from bench.peers.cost import Cost, Floor, cost_of
from bench.peers.faults import FAULTS, Fault
from bench.peers.judge import Verdict, judge
from bench.peers.report import COST_NOTE, NOTES, cost_table, faults_table
from bench.peers.scene import Scene, scene
from bench.peers.watching import Contender

EVERY = 5.0
AT_A_TIME = 3
"""So many start together; on a small machine more would only wait for each other."""

Kind = type[Contender]


@dataclass(frozen=True, slots=True)
class Run:
    """How one contender came through one fault."""

    fault: Fault
    kind: Kind
    verdict: Verdict
    story: str


async def run(fault: Fault, kind: Kind, starting: asyncio.Semaphore) -> Run:
    """Lets a fault happen to a contender in a world of its own."""
    async with scene(fault.accounts, EVERY) as world:
        contender = kind(world.world)
        world.start, world.kill = contender.start, contender.kill
        try:
            async with starting:
                await contender.start()
                await seen(world, contender)
            await world.intervals(1)
            await fault.play(world)
        finally:
            await contender.stop()
        verdict = judge(fault.news, world.events, world.said)
        return Run(fault, kind, verdict, story(fault, kind, world) + contender.log[-2000:])


async def seen(world: Scene, contender: Contender) -> None:
    """Wait for its first round; without one there is nothing to compare."""
    try:
        await world.first_round()
    except TimeoutError:
        raise RuntimeError(f"{contender.title} does not look at its accounts:\n{contender.log[-2000:]}") from None


def story(fault: Fault, kind: Kind, world: Scene) -> str:
    """What happened and what was said, in seconds since the beginning, for whoever doubts the verdict."""
    events = [(event.at, f"      {event.news.value}: {event.email or 'all'}") for event in world.events]
    messages = [(message.at, message.text.replace("\n", "\n               ")) for message in world.said]
    lines = sorted(events + messages)
    start = lines[0][0]
    return "\n".join([f"── {fault.name}, {kind.title}", *(f"{at - start:7.1f} s  {text}" for at, text in lines), ""])


async def runs(faults: Sequence[Fault], kinds: Sequence[Kind]) -> list[Run]:
    """All faults and all contenders at once, for nearly all of the time everybody waits."""
    starting = asyncio.Semaphore(AT_A_TIME)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(fault, kind, starting)) for fault in faults for kind in kinds]
    return [task.result() for task in tasks]


async def costs(kinds: Sequence[Kind]) -> dict[str, Cost]:
    """One after the other, so that none disturbs another."""
    measured: list[Kind] = [Floor, *kinds]
    return {kind.name: await cost_of(kind) for kind in measured}


def present(names: Sequence[str]) -> list[Kind]:
    """Those who were asked for and can run here; says who cannot."""
    kinds = [kind for kind in CONTENDERS if not names or kind.name in names]
    for kind in kinds:
        if kind.lacks():
            print(f"Left out, for this machine has no {kind.lacks()}: {kind.title}\n")
    return [kind for kind in kinds if not kind.lacks()]


def main() -> int:
    """Runs, and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Compares the bot with two scripts.")
    parser.add_argument(
        "--only", action="append", choices=[fault.name for fault in FAULTS], metavar="FAULT", default=[]
    )
    parser.add_argument("--contender", action="append", choices=[kind.name for kind in CONTENDERS], default=[])
    parser.add_argument("--chats", action="store_true", help="also what was said, and the logs' ends")
    parser.add_argument("--no-cost", action="store_true", help="without processor time and memory")
    wanted = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.exit(1, "Memory and processor time are read from /proc, so this runs on Linux only.\n")
    print(f"{machine()}; a look every {EVERY:.0f} s; this takes some six minutes\n", flush=True)
    kinds = present(wanted.contender)
    faults = [fault for fault in FAULTS if not wanted.only or fault.name in wanted.only]
    done = asyncio.run(runs(faults, kinds))
    if wanted.chats:
        print("\n".join(one.story for one in done))
    print(faults_table(faults, kinds, {(one.fault.name, one.kind.name): one.verdict for one in done}))
    print(f"\n{NOTES}", flush=True)
    if not wanted.no_cost:
        print(f"\n{cost_table(kinds, asyncio.run(costs(kinds)))}\n\n{COST_NOTE}{how_busy()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
