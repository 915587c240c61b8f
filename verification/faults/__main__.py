"""``python -m verification.faults``: random histories of the real bot, each repeatable by its seed."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.migrate import upgrade
from verification.faults.defects import DEFECTS
from verification.faults.history import Outcome, live
from verification.faults.plot import drawn
from verification.faults.world import STRANGER


def main() -> int:
    """Lives the histories that the command line asks for, prints a line for each, and fails if there is a miss."""
    wanted = arguments()
    seeds = [wanted.seed] if wanted.seed is not None else range(wanted.first, wanted.first + wanted.histories)
    begun = time.monotonic()
    updates = asyncio.run(live_all(list(seeds), wanted))
    summary(updates, time.monotonic() - begun)
    return 1 if any(one.misses for one in updates) else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    known = "; ".join(f"{name} shows when {defect.says}" for name, defect in DEFECTS.items())
    parser = argparse.ArgumentParser(prog="python -m verification.faults", description=__doc__)
    parser.add_argument("--histories", type=int, default=60, metavar="N", help="how many (60)")
    parser.add_argument("--from", dest="first", type=int, default=1, metavar="SEED", help="the first seed (1)")
    parser.add_argument("--seed", type=int, metavar="SEED", help="only this one, with all that happened in it")
    parser.add_argument("--jobs", type=int, default=3, metavar="J", help="how many at once (3): they mostly wait")
    parser.add_argument("--defect", choices=sorted(DEFECTS), help=f"put a defect into the bot: {known}")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to put all that happened before each miss")
    return parser.parse_args()


async def live_all(seeds: list[int], wanted: argparse.Namespace) -> list[Outcome]:
    """Lives histories, some at once, and prints each as it ends."""
    room = asyncio.Semaphore(wanted.jobs)
    court = ProcessPoolExecutor(1, get_context("spawn"))
    with court, TemporaryDirectory(prefix="faults-template-") as folder:
        template = Path(folder) / "credit-bot.db"
        await asyncio.to_thread(upgrade, str(template))

        async def one(seed: int) -> Outcome:
            async with room:
                update = await live(drawn(seed, (STRANGER,)), template, court, wanted.defect)
            show(update, whole=wanted.seed is not None, keep=wanted.keep)
            return update

        return await asyncio.gather(*map(one, seeds))


def show(update: Outcome, *, whole: bool, keep: Path | None) -> None:
    """One line for a history that holds; for one that does not, how to live it again."""
    verdict = "MISS" if update.misses else "ok"
    print(
        f"seed {update.plot.seed:5} {verdict:4} {update.seconds:5.1f} s, lives {update.lives}, "
        f"looks {update.looks:3}, messages {update.messages:2}{open_in(update)} | {', '.join(update.plot.faults)}",
        flush=True,
    )
    if update.misses and keep:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"seed-{update.plot.seed}.txt").write_text(f"{update.plot}\n{update.record}\n")
        (keep / f"seed-{update.plot.seed}.pickle").write_bytes(update.evidence)
    if update.misses or whole:
        print(f"  {update.plot}")
        if whole:
            print(update.record)
        print("\n".join(f"  MISS: {miss}" for miss in update.misses))
        print(f"  again: python -m verification.faults --seed {update.plot.seed}", flush=True)


def open_in(update: Outcome) -> str:
    """How many alerts could not be judged, where there are some."""
    return f", {len(update.left_open)} alerts left open" if update.left_open else ""


def summary(updates: list[Outcome], seconds: float) -> None:
    """How it went, and what was met how often."""
    left_open = sum(len(one.left_open) for one in updates)
    met = Counter(fault for one in updates for fault in one.plot.faults)
    missed = [one.plot.seed for one in updates if one.misses]
    print("\n".join(f"{count:5} × {fault}" for fault, count in sorted(met.items())))
    lived = f"{sum(one.lives for one in updates)} lives, {sum(one.looks for one in updates)} looks"
    said = f"{sum(one.messages for one in updates)} messages, {left_open} alerts left open"
    found = f"{len(missed)} with a miss, seeds {missed}" if missed else "no miss"
    print(f"{len(updates)} histories in {seconds:.0f} s, {lived}, {said}: {found}")


if __name__ == "__main__":
    sys.exit(main())
