"""The command line: lives through histories and says what was found."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

from verification.oracle import Miss
from verification.simulation.defects import DEFECTS, caught
from verification.simulation.run import Lived, live_through


def main() -> int:
    """What was asked for; 1 if there is a miss."""
    parser = argparse.ArgumentParser("python -m verification.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="one history, with its story")
    parser.add_argument("--histories", type=int, default=150, metavar="N", help="so many histories (150)")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="SEED", help="the first seed (1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    parser.add_argument(
        "--defects", action="store_true", help="defects put in one by one, and how often each was caught"
    )
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # or sets of words would have another order each time
        again = [sys.executable, "-m", "verification.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    seeds = range(asked.first, asked.first + asked.histories)
    if asked.defects:
        return tell_defects(seeds)
    if asked.seed is not None:
        return tell_one(live_through(asked.seed))
    return tell_many(many(seeds, asked.jobs), asked)


def tell_defects(seeds: range) -> int:
    """In how many histories each defect was caught; 1 if one never was."""
    worst = len(seeds)
    for defect in DEFECTS:
        found = caught(defect, seeds)
        worst = min(worst, len(found))
        first = f", first in seed {found[0]}" if found else ""
        print(f"{defect.name}: caught in {len(found)} of {len(seeds)} histories{first}", flush=True)
    return int(not worst)


def many(seeds: Iterable[int], jobs: int) -> Iterator[Lived]:
    """Many histories, in processes side by side if so wished."""
    if jobs == 1:
        yield from map(live_through, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(live_through, seeds, chunksize=8)


def tell_one(lived: Lived) -> int:
    """The whole story of one history."""
    story(lived)
    print(f"seed {lived.seed}: {lived.days:.1f} days in {lived.seconds:.2f} s, {dict(sorted(lived.counts.items()))}")
    for miss in lived.misses:
        print(f"MISS {when(miss.at)} {miss}")
    return int(bool(lived.misses))


def tell_many(histories: Iterable[Lived], asked: argparse.Namespace) -> int:
    """The sum of many histories; each miss with the story around it."""
    began, counts, days, bad, count = time.monotonic(), Counter[str](), 0.0, 0, 0
    for lived in histories:
        count += 1
        counts.update(lived.counts)
        days += lived.days
        if lived.misses:
            bad += 1
            tell_miss(lived, lived.misses[0])
        if count % 500 == 0:
            print(f"{count:,} histories so far", flush=True)
    took = time.monotonic() - began
    named = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
    print(f"{count:,} histories of {days:,.0f} simulated days in {took:,.0f} s ({asked.jobs} jobs): {named}")
    print(f"{bad:,} histories with a miss")
    return int(bool(bad))


def tell_miss(lived: Lived, miss: Miss) -> None:
    """A miss, how to see it again, and what was told around it."""
    print(f"MISS in seed {lived.seed} at {when(miss.at)}: {miss}")
    print(f"     python -m verification.simulation --seed {lived.seed}")
    sys.stdout.flush()


def story(lived: Lived) -> None:
    """Everything that happened, in order."""
    truth = lived.truth
    lines = [(one.at, f"look {one.account} {one.outage or one.credits} {one.plan}") for one in truth.answers]
    lines += [
        (one.at, f"TOLD {one.chat}{' (answer lost)' if one.lost else ''}: {one.text!r}") for one in lived.told.messages
    ]
    lines += [(one.at, f"wish {one}") for one in truth.wishes]
    lines += [(at, f"rules {rules}") for at, rules in truth.rules]
    lines += [(since, f"up until {when(until)}") for since, until in truth.up]
    lines += [(one.span[0], f"hurdle {one.chat} until {when(one.span[1])}") for one in truth.hurdles]
    lines += [(since, f"trouble until {when(until)}") for since, until in truth.trouble]
    lines += [(at, f"clock set by {by}") for at, by in truth.jumps]
    for at, line in sorted(lines):
        print(when(at), line)


def when(at: float) -> str:
    """A moment."""
    return "the end" if at == float("inf") else datetime.fromtimestamp(at, UTC).strftime("%d %H:%M:%S") + f" {at:.1f}"


if __name__ == "__main__":
    sys.exit(main())
