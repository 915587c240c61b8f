"""The past as a chart: readings and outages become lines, annotations and a forecast band of bounded size.

Moments are Unix seconds here: they go to another process as JSON and end on an axis. A reading is stored only when
something changed, so a value holds until the next one, and is unknown during an outage.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.accounts import ForecastSummary, Unit
from bot.domain.credit_changes import CreditChanges, Point, changes_between
from bot.domain.history import Gap, bounded
from bot.domain.rules import Thresholds
from bot.evaluation.forecast.run_out import Forecast
from bot.evaluation.measurements import ladder_severity, rung_value

ChartPoint = tuple[float, float]
"""A moment and the credits then."""

Line = tuple[ChartPoint, ...]
"""An unbroken stretch of steps; its last point is until when the last value holds."""

SLOTS = 800
"""The time slots of a chart's width; each keeps four points at most, so nothing visible is lost."""

MOST_MARKS = 40
MOST_PANELS = 12
FUTURE_SHARE = 0.4
"""The largest share of the time axis for a forecast, relative to the past."""


class AnnotationKind(StrEnum):
    """Why credits jumped: a renewal's refill, bought credits, or a plan that ended with some left."""

    REFILL = "refill"
    TOP_UP = "top-up"
    LAPSED = "plan ended"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A jump: when, why, by how much, and the credits after it."""

    at: float
    kind: AnnotationKind
    amount: float
    total: float


@dataclass(frozen=True, slots=True)
class ForecastBand:
    """When credits run out by the forecast: the likely range and its middle; late ones can be open.

    At ``boundary`` credits refill or, with ``lapses``, end; the band ends there.
    """

    earliest: float
    median: float | None = None
    latest: float | None = None
    boundary: float | None = None
    lapses: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One account's credits over a span, in a bounded number of points, with its jumps and gaps."""

    places: Line = ()
    marks: tuple[Annotation, ...] = ()
    counts: Mapping[str, int] | None = None
    spent: float = 0.0
    lowest: ChartPoint | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The stored past of one account, and the thresholds of its credits."""

    trace: Series
    gaps: tuple[Gap, ...] = ()
    ladder: Thresholds = ()


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    """A threshold as a level on the chart, with its text and its severity's."""

    level: float
    words: str
    severity: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One account's part of a chart. ``spare`` replaces a ``name`` that the font cannot draw.

    ``share`` and ``note`` are text; ``severity`` is a severity's word or "". ``stale``: ``total`` is old.
    """

    name: str
    spare: str = ""
    total: float | None = None
    share: str = ""
    note: str = ""
    severity: str = ""
    stale: bool = False
    lines: tuple[Line, ...] = ()
    gaps: tuple[Gap, ...] = ()
    marks: tuple[Annotation, ...] = ()
    rungs: tuple[ThresholdLine, ...] = ()
    fan: ForecastBand | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw: panels on one time axis from ``since`` past ``now`` to ``until``, in a zone's local time."""

    title: str
    panels: tuple[Panel, ...]
    since: float
    now: float
    until: float
    zone: str = "UTC"


class Downsampler:
    """Reduces the stored points of one account, in order of time, in constant memory.

    Each slot of time keeps its first, lowest, highest and last point: drawn as steps, that looks like all of them.
    """

    def __init__(self, since: float, until: float, slots: int = SLOTS) -> None:
        """A point before the span only sets the value at its beginning."""
        self._since, self._until = since, until
        self._width = max(until - since, 1.0) / max(slots, 1)
        self._last: Point | None = None
        self._places: list[ChartPoint] = []
        self._slot: list[ChartPoint] = []
        self._slot_number = -1
        self._marks: deque[Annotation] = deque(maxlen=MOST_MARKS)
        self._counts: Counter[str] = Counter()
        self._spent = 0.0
        self._lowest: ChartPoint | None = None

    def add(self, point: Point) -> None:
        """Takes the next point; skips one that is no number, or not after the one before."""
        at, before = point.taken_at.timestamp(), self._last
        if not math.isfinite(point.total) or at > self._until:
            return
        if before is not None and point.taken_at <= before.taken_at:
            return
        self._last = point = bounded(point, before)
        if at >= self._since:
            self._step(before, point, at)

    def _step(self, before: Point | None, point: Point, at: float) -> None:
        """Records the change since the point before."""
        if before and not self._places and not self._slot and at > self._since:
            self._place((self._since, float(before.total)))
        total = float(point.total)
        self._place((at, total))
        if before is None:
            return
        changes = changes_between(before, point)
        self._spent += changes.spent - changes.refunded
        mark = annotation_of(changes)
        if mark:
            self._marks.append(Annotation(at, *mark, total))
            self._counts[mark[0].value] += 1

    def _place(self, place: ChartPoint) -> None:
        if self._lowest is None or place[1] < self._lowest[1]:
            self._lowest = place
        number = int((place[0] - self._since) / self._width)
        if number != self._slot_number:
            self._flush()
            self._slot_number = number
        if len(self._slot) < 4:
            self._slot.append(place)
        else:
            self._slot = thinned([*self._slot, place])

    def _flush(self) -> None:
        """Ends a slot."""
        self._places += self._slot
        self._slot = []

    def trace(self) -> Series:
        """The result so far."""
        if self._last is not None and not self._places and not self._slot:
            self._place((self._since, float(self._last.total)))
        return Series(
            places=tuple(self._places + self._slot),
            marks=tuple(self._marks),
            counts=dict(self._counts),
            spent=max(self._spent, 0.0),
            lowest=self._lowest,
        )


def thinned(places: Sequence[ChartPoint]) -> list[ChartPoint]:
    """The first, lowest, highest and last of some points, each once, in order of time."""
    low, high = min(places, key=level_of), max(places, key=level_of)
    return sorted({places[0], low, high, places[-1]})


def level_of(place: ChartPoint) -> float:
    return place[1]


def annotation_of(changes: CreditChanges) -> tuple[AnnotationKind, float] | None:
    """The jump that the chart shows; None for a daily refill and a job's refund."""
    amounts = (
        (AnnotationKind.TOP_UP, changes.topped_up),
        (AnnotationKind.REFILL, changes.refilled + changes.by_plan),
        (AnnotationKind.LAPSED, changes.lapsed),
    )
    return next(((kind, amount) for kind, amount in amounts if amount > 0), None)


def lines_of(places: Line, gaps: Sequence[Gap], until: float) -> tuple[Line, ...]:
    """The steps between the gaps; ``gaps`` are merged. Each line begins with the value at the end of its gap."""
    if not places:
        return ()
    starts = [places[0][0], *(gap.until for gap in gaps if gap.until is not None)]
    ends = [*(gap.since for gap in gaps), until]
    windows = ((max(start, places[0][0]), end) for start, end in zip(starts, ends, strict=True))
    lines = (line_between(places, start, end) for start, end in windows)
    return tuple(line for line in lines if line)


def line_between(places: Line, start: float, end: float) -> Line:
    """The steps from one moment to another; empty if the span is, or nothing is known yet."""
    first = bisect_right(places, start, key=moment_of) - 1
    if first < 0 or end <= start:
        return ()
    inner = places[first + 1 : bisect_left(places, end, key=moment_of)]
    last = inner[-1] if inner else places[first]
    return ((start, places[first][1]), *inner, (end, last[1]))


def moment_of(place: ChartPoint) -> float:
    return place[0]


def threshold_lines(
    ladder: Thresholds, allowance: float | None, unit: Unit = Unit.CREDITS
) -> tuple[ThresholdLine, ...]:
    """The thresholds that apply, as levels."""
    rungs = []
    for number, threshold in enumerate(ladder, 1):
        level = rung_value(threshold, allowance, unit)
        if level is not None and math.isfinite(level):
            rungs.append(ThresholdLine(level, str(threshold), ladder_severity(number, len(ladder)).word))
    return tuple(rungs)


def is_drawable(trace: Series) -> bool:
    """True if any number is known: one that never changed is a flat line."""
    return bool(trace.places)


def chart_of(title: str, panels: Sequence[Panel], since: float, now: float, zone: str) -> Chart:
    """The chart of these panels. It begins where anything is known, and ends with the forecast."""
    firsts = [place[0] for panel in panels for line in panel.lines for place in line[:1]]
    begin = max(min(firsts, default=since), since)
    past = max(now - begin, 60.0)
    ends = (band_end(panel.fan) for panel in panels if panel.fan and not panel.stale)
    future = min(max((end - now for end in ends), default=0.0), past * FUTURE_SHARE)
    return Chart(title, tuple(panels), now - past, now, now + max(future * 1.04, past * 0.02), zone)


def band_end(fan: ForecastBand) -> float:
    """The last moment of a band: its boundary, or else its late end."""
    return fan.boundary or fan.latest or math.inf


def band_of(forecast: Forecast | ForecastSummary | None) -> ForecastBand | None:
    """The band of a forecast; None without one, and if credits last beyond the horizon."""
    if forecast is None or forecast.earliest is None:
        return None
    return ForecastBand(
        earliest=forecast.earliest.timestamp(),
        median=seconds_of(forecast.median),
        latest=seconds_of(forecast.latest),
        boundary=seconds_of(forecast.boundary),
        lapses=forecast.lapses,
    )


def seconds_of(when: datetime | None) -> float | None:
    """A moment as Unix seconds."""
    return None if when is None else when.timestamp()


def load_chart(data: Mapping[str, Any]) -> Chart:
    return Chart(**{**data, "panels": tuple(map(load_panel, data["panels"]))})


def load_panel(data: Mapping[str, Any]) -> Panel:
    return Panel(
        **{
            **data,
            "lines": tuple(tuple((at, level) for at, level in line) for line in data["lines"]),
            "gaps": tuple(Gap(**gap) for gap in data["gaps"]),
            "marks": tuple(Annotation(**{**mark, "kind": AnnotationKind(mark["kind"])}) for mark in data["marks"]),
            "rungs": tuple(ThresholdLine(**rung) for rung in data["rungs"]),
            "fan": ForecastBand(**data["fan"]) if data["fan"] else None,
        }
    )
