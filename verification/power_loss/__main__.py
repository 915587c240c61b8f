"""``python -m verification.power_loss --cuts 500 [--seed S]``: cuts the bot's transactions and looks at what is left.

A process lives a seeded life (``work``) and is cut in one of four ways (``cutting``). ``step``: killed before a
statement or beside an announcement, so between any two steps of a transaction. ``write``: ended by the kernel in the
middle of a write, at any byte that makes a file longer, so inside COMMIT and inside a checkpoint. ``moment``: killed by
another process whenever that is, so also in a sync. ``power``: held still around a transaction, of which are made the
disks that a power cut may leave (``disk``). Then the database is opened as the bot does, and judged (``survived``).
Every fifth cut is one in the making of a database or in its move to the present schema (``moving``).
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.storage.database import KNOWN_REVISIONS
from bot.storage.migrate import upgrade
from verification.power_loss.cutting import Cut, Kind
from verification.power_loss.ledger import Ledger
from verification.power_loss.moving import NOTHING, faults_of_move, length_of, make
from verification.power_loss.runs import faults_of, whole_life

CUTS_A_LIFE = 20
KINDS = (Kind.STEP, Kind.STEP, Kind.STEP, Kind.WRITE, Kind.MOMENT, Kind.POWER)
MOVE_EVERY = 5
"""Of so many cuts one is made in a database that is being made, or moved to the present schema."""


@dataclass
class Lengths:
    """How long each life and each move is that was lived whole once."""

    folder: Path
    template: Path = field(init=False)
    lives: dict[str, Ledger] = field(default_factory=dict)
    moves: dict[str, tuple[Path, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Makes the empty database that every life begins with."""
        self.template = self.folder / "empty.db"
        upgrade(str(self.template))

    def life(self, seed: str) -> Ledger:
        """What a life says that nobody cuts."""
        if seed not in self.lives:
            self.lives[seed] = whole_life(self.template, seed)
        return self.lives[seed]

    def move(self, revision: str) -> tuple[Path, int]:
        """A database of an old revision, and how many points for a cut its move has."""
        if revision not in self.moves:
            old = self.folder / f"old{revision}.db"
            make(old, revision)
            self.moves[revision] = old, length_of(old)
        return self.moves[revision]


def main() -> int:
    """Cuts as often as wanted, prints each fault with the line that repeats it, and how many there were."""
    parser = argparse.ArgumentParser(prog="python -m verification.power_loss", description=__doc__)
    parser.add_argument("--cuts", type=int, default=60, help="how many cuts (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="other cuts of other lives")
    parser.add_argument("--only", type=int, help="this cut alone, by its number")
    asked = parser.parse_args()
    began, done, misses = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="power-loss-") as folder:
        lengths = Lengths(Path(folder))
        for number in range(asked.cuts) if asked.only is None else (asked.only,):
            what, faults = trial(lengths, asked.seed, number)
            done[what.split(":")[0]] += 1
            misses += bool(faults)
            for fault in faults:
                print(f"--seed {asked.seed} --only {number}: {what}: {fault}", flush=True)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.items()))
    print(f"{sum(done.values())} cuts ({kinds}) in {time.monotonic() - began:.0f} s: {misses} with a fault")
    return 1 if misses else 0


def trial(lengths: Lengths, seed: int, number: int) -> tuple[str, list[str]]:
    """One cut, by its number: what it was, and what was wrong after it."""
    rng = random.Random(f"{seed}/{number}")
    if number % MOVE_EVERY == MOVE_EVERY - 1:
        revision = rng.choice((NOTHING, *KNOWN_REVISIONS[:-1]))
        old, steps = lengths.move(revision)
        cut = rng.choice(
            (Cut(Kind.STEP, rng.randint(1, steps)), Cut(Kind.WRITE, 1, rng.choice((700, 5_000, 40_000))),
             Cut(Kind.MOMENT, 0, rng.randrange(300_000)), Cut(Kind.POWER, 2, rng.randrange(10**9)))
        )  # fmt: skip
        cut = replace(cut, behind=rng.randrange(cut.behind)) if cut.kind is Kind.WRITE else cut
        return f"move, {cut.kind}: from {revision or 'nothing'}, {cut}", list(faults_of_move(old, cut))
    life = f"{seed}/{number // CUTS_A_LIFE}"
    cut = cut_of(rng, lengths.life(life))
    return f"life, {cut.kind}: {life}, {cut}", list(faults_of(lengths.template, life, cut))


def cut_of(rng: random.Random, life: Ledger) -> Cut:
    """One cut of a life."""
    kind = rng.choice(KINDS)
    match kind:
        case Kind.STEP:
            return Cut(kind, rng.randint(1, life.steps))
        case Kind.WRITE:
            return Cut(kind, rng.randint(1, life.transactions), rng.randrange(1, 60_000))
        case Kind.MOMENT:
            return Cut(kind, rng.randint(1, life.said), rng.randrange(20_000))
        case _:
            return Cut(kind, rng.randint(1, life.transactions + 1))


if __name__ == "__main__":
    sys.exit(main())
