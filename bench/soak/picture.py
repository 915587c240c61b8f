"""The soak as a picture: six small panels over the same time, the warm-up in grey, the fitted line, and the verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bench.soak.gauges import Sample
from bench.soak.report import TOO_SHORT, Judged, warm_up

SIZE, DPI = (9.6, 7.6), 110
TEXT, MUTED, GRID, BAND = "#1f2933", "#66727f", "#e4e8ec", "#f1f3f5"
COLOURS = ("#0b6bcb", "#d9822b", "#9aa5b1")
PANELS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("memory", "MiB", {"rss": "resident", "peak": "its peak"}),
    ("what Python has in use", "thousand blocks", {"blocks": "blocks"}),
    ("open files", "", {"files": "files"}),
    ("threads and tasks", "", {"threads": "threads", "tasks": "asyncio tasks"}),
    ("database", "MiB", {"database": "database", "wal": "its WAL"}),
    ("event loop wakes late by", "ms", {"delay": "median", "delay_p99": "99 of 100 in a second"}),
)


class Drawing:
    """Draws one soak."""

    def __init__(self, samples: Sequence[Sample], judged: Sequence[Judged], seconds: float, speed: float) -> None:
        self._samples = samples
        self._judged = {line.gauge.key: line for line in judged}
        self._seconds = seconds
        self._speed = speed
        self._warm, _ = warm_up(seconds, speed)

    def save(self, path: Path, title: str) -> None:
        """Writes the PNG."""
        figure = Figure(figsize=SIZE, dpi=DPI, layout=ConstrainedLayoutEngine(rect=(0, 0, 0.985, 1)))
        FigureCanvasAgg(figure)
        figure.suptitle(title, color=TEXT, fontsize=12, x=0.01, ha="left")
        for axes, panel in zip(figure.subplots(3, 2, sharex=True).flat, PANELS, strict=True):
            self._draw(axes, *panel)
        for axes in figure.axes[-2:]:
            axes.set_xlabel("minutes; above the first panels: simulated days", color=MUTED, fontsize=8.5)
        for axes in figure.axes[:2]:
            self._show_days(axes)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Software": None})

    def _draw(self, axes: Axes, title: str, unit: str, series: dict[str, str]) -> None:
        """One panel."""
        quiet(axes)
        axes.axvspan(0, self._warm / 60, color=BAND, zorder=0)
        minutes = [sample.at / 60 for sample in self._samples]
        tops = []
        for (key, label), colour in zip(series.items(), COLOURS, strict=False):
            values = [sample.values[key] for sample in self._samples]
            axes.plot(minutes, values, color=colour, linewidth=0.9, alpha=0.75, label=label)
            self._draw_trend(axes, key, colour)
            tops.append(ceiling(values))
        axes.set_ylim(0, max(tops) * 1.3 or 1)
        if unit == "ms":  # a thousandth of a second and a second stand in one panel
            axes.set_yscale("log")
            axes.set_ylim(0.05, 20 * max(tops))
            axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xlim(0, self._seconds / 60)
        axes.set_title(f"{title}, {unit}" if unit else title, loc="left", fontsize=9.5, color=TEXT)
        axes.set_title(self._processor(series), loc="right", fontsize=8.5, color=MUTED)
        axes.legend(loc="upper left", ncols=2, frameon=False, fontsize=8, labelcolor=MUTED)

    def _draw_trend(self, axes: Axes, key: str, colour: str) -> None:
        """The fitted line over the time judged."""
        line = self._judged.get(key)
        if line is None or line.verdict == TOO_SHORT:
            return
        start, end = self._warm, self._seconds
        heights = [line.trend.start, line.trend.start + line.trend.slope * (end - start)]
        axes.plot([start / 60, end / 60], heights, color=colour, linewidth=2)

    def _processor(self, series: dict[str, str]) -> str:
        """What is said of the panel's gauges."""
        said = {label: self._judged[key].verdict for key, label in series.items() if key in self._judged}
        if len(set(said.values())) == 1:
            return next(iter(said.values()))
        return ", ".join(f"{label}: {verdict}" for label, verdict in said.items())

    def _show_days(self, axes: Axes) -> None:
        """The simulated time above a panel."""
        days = 60 * self._speed / 86_400

        def later(at: Any) -> Any:
            return at * days

        def back(at: Any) -> Any:
            return at / days

        above: Any = axes.secondary_xaxis("top", functions=(later, back))
        above.tick_params(colors=MUTED, labelsize=8, length=0)
        above.spines["top"].set_visible(False)


def ceiling(values: Sequence[float]) -> float:
    """The height a panel needs: a few spikes may leave it."""
    ordered = sorted(values)
    return min(ordered[-1], 3 * ordered[len(ordered) * 98 // 100])


def quiet(axes: Axes) -> None:
    """Takes away what is no data."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(which="both", colors=MUTED, labelsize=8, length=0)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
