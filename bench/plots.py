"""``python -m bench.plots`` draws the last run again: how each figure grows, as ``docs/pictures/growth-*.png``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from bench.figures import Point, Row, load

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
COLOURS = ("#1b6ca8", "#d9822b", "#3f8f4f")
FLOOR, GOAL = "#9aa0a6", "#c0392b"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its title, its unit, what the floor is called, and whether its heights are many times apart."""

    title: str
    unit: str
    floor: str
    far_apart: bool = True


PICTURES = {
    "cpu": Picture("Processor time for 1,000 checks", "ms", "requests and decoding alone"),
    "memory": Picture("Memory of the process after some rounds", "MiB", "the same libraries imported", far_apart=False),
    "latency": Picture("From a low reading to the accepted message", "milliseconds", "request and send alone"),
    "credits": Picture("/credits, from the question to the first page", "milliseconds", "python-telegram-bot alone"),
    "start": Picture("From the start to the first look", "seconds", "importing the libraries"),
    "storm": Picture("Everyone falls within a minute: until all are named", "seconds", "what Telegram's pace permits"),
}


def draw(rows: Iterable[Row], folder: Path = FOLDER) -> list[Path]:
    """Draws every picture that the rows have at least two points of."""
    points = [row.point for row in rows if row.point and row.point.picture in PICTURES]
    drawn = []
    for name, picture in PICTURES.items():
        mine = [point for point in points if point.picture == name]
        if len({point.accounts for point in mine}) > 1:
            drawn.append(folder / f"growth-{name}.png")
            picture_of(picture, mine).savefig(drawn[-1])
    return drawn


def picture_of(picture: Picture, points: Sequence[Point]) -> Figure:
    """One picture: a line for each kind, the floor below, the goals marked."""
    figure = Figure(figsize=(7, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    lines = {name: list(line) for name, line in groupby(sorted(points, key=order), key=lambda point: point.line)}
    for colour, (name, line) in zip(COLOURS, lines.items(), strict=False):
        axes.plot(*across(line), "o-", color=colour, label=name)
    floors = floors_of(points)
    for own, (name, floor) in zip(COLOURS, floors.items(), strict=False):
        said, colour = f"{picture.floor} {name}".strip(), own if len(floors) > 1 else FLOOR
        axes.plot(list(floor), list(floor.values()), "s--", markersize=4, color=colour, label=said)
    mark_goals(axes, points)
    dress(axes, picture)
    return figure


def floors_of(points: Iterable[Point]) -> dict[str, dict[int, float]]:
    """The floors by line, from few accounts to many; one without a name where all lines have the same."""
    by_line: dict[str, dict[int, float]] = {}
    for point in sorted(points, key=order):
        if point.floor is not None:
            by_line.setdefault(point.line, {})[point.accounts] = point.floor
    longest = max(by_line.values(), key=len, default=None)
    differs = [
        line for line in by_line.values() if longest and any(apart(longest.get(x, line[x]), line[x]) for x in line)
    ]
    return by_line if differs or longest is None else {"": longest}


def apart(one: float, other: float) -> bool:
    """Whether two floors differ by more than one measurement does from the next."""
    return max(one, other) > 2 * min(one, other)


def order(point: Point) -> tuple[str, int]:
    """Line by line, each from few accounts to many."""
    return point.line, point.accounts


def across(line: Sequence[Point]) -> tuple[list[int], list[float]]:
    """A line's places and heights."""
    return [point.accounts for point in line], [point.value for point in line]


def mark_goals(axes: Axes, points: Iterable[Point]) -> None:
    """A short bar at each goal."""
    goals = sorted({(point.accounts, point.goal) for point in points if point.goal})
    if goals:
        places, heights = zip(*goals, strict=True)
        axes.scatter(places, heights, marker="_", s=500, linewidths=2.5, color=GOAL, label="goal", zorder=3)


def dress(axes: Axes, picture: Picture) -> None:
    """What stands around the lines."""
    axes.set(xscale="log", xlabel="accounts", ylabel=picture.unit)
    if picture.far_apart:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    else:
        axes.set_ylim(bottom=0)
    axes.set_title(picture.title, loc="left", fontweight="bold")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.grid(which="major", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def main() -> None:
    """Draws, and says what."""
    for path in draw(load()):
        print(path)


if __name__ == "__main__":
    main()
