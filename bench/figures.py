"""Numbers measured many times, in short; rows of the table, and what of them is drawn."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bot import __version__

SAVED = Path("build/bench.json")
"""Where a run leaves its rows, from which the pictures are drawn."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The values of one measurement."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    @property
    def worst(self) -> float:
        """The largest."""
        return max(self.values)

    def percentile(self, percent: float) -> float:
        """The value that so many percent do not exceed (nearest rank: with few values the largest)."""
        ordered = sorted(self.values)
        rank = -(-len(ordered) * percent // 100)
        return ordered[max(int(rank), 1) - 1]


@dataclass(frozen=True, slots=True)
class Point:
    """A row's place on a picture: which picture, on which of its lines, at how many accounts, and how high.

    ``floor`` is the height of the floor there, ``goal`` what it is to stay below.
    """

    picture: str
    accounts: int
    value: float
    floor: float | None = None
    goal: float | None = None
    line: str = "credit-bot"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what was measured, the result, how it spreads, the floor beside it, and the goal.

    ``point`` is what of it is drawn.
    """

    what: str
    result: str
    spread: str = ""
    floor: str = ""
    goal: str = ""
    point: Point | None = None


HEAD = Row("", "median", "spread", "floor", "goal")


def table(rows: Sequence[Row]) -> str:
    """The rows below a head, each column as wide as it must be."""
    cells = [(row.what, row.result, row.spread, row.floor, row.goal) for row in (HEAD, *rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "─" * sum((*widths, 8)), *lines[1:]])


def counted(count: int) -> str:
    """So many accounts."""
    return "1 account" if count == 1 else f"{count:,} accounts"


def save(machine: str, rows: Iterable[Row], path: Path = SAVED) -> None:
    """Keeps a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run = {"version": __version__, "machine": machine, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", "utf-8")


def load(path: Path = SAVED) -> list[Row]:
    """The rows of the last run."""
    rows = json.loads(path.read_text("utf-8"))["rows"]
    return [Row(**(row | {"point": Point(**row["point"]) if row["point"] else None})) for row in rows]
