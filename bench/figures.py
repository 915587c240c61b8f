"""Numbers measured many times, in short."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


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
class Row:
    """A line of the table: what was measured, the result, how it spreads, the floor beside it, and the goal."""

    what: str
    result: str
    spread: str = ""
    floor: str = ""
    goal: str = ""


HEAD = Row("", "median", "spread", "floor", "goal")


def table(rows: Sequence[Row]) -> str:
    """The rows below a head, each column as wide as it must be."""
    cells = [(row.what, row.result, row.spread, row.floor, row.goal) for row in (HEAD, *rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "─" * sum((*widths, 8)), *lines[1:]])
