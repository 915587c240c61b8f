"""Draws one chart: its JSON on standard input, a PNG on standard output. Then it ends.

The only module that imports matplotlib. The chart has its own calm, dark background: it reads the same in a light and
in a dark chat. Sizes are points of a figure 5.4 inches wide, which a phone shows about as large as its own text.
"""

import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

from bot.domain.history import PAUSED, Gap
from bot.features.history.chart import Annotation, AnnotationKind, Chart, Line, Panel, ThresholdLine, load_chart

NO_LIBRARY = 69
try:
    from matplotlib import rcParams
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.text import Text
except ModuleNotFoundError as missing:
    sys.stderr.write(f"{missing}\n")
    sys.exit(NO_LIBRARY)

WIDTH, DPI = 5.4, 200
MEMORY, SECONDS = 2**30, 20

BACK, GRID, BAND, HATCH = "#18222d", "#2b3845", "#212d39", "#3d4c5b"
TEXT, MUTED, LINE, FAN = "#f4f7fa", "#b3c0cd", "#5ec8f8", "#cdb0ff"
SEVERITIES = {"critical": "#ff7b74", "warning": "#ffb84d", "info": "#9dc0ff"}
MARKS = {AnnotationKind.REFILL: "#74e0a2", AnnotationKind.TOP_UP: "#74e0a2", AnnotationKind.LAPSED: "#ff7b74"}
SIGNS = {AnnotationKind.REFILL: "^", AnnotationKind.TOP_UP: "D", AnnotationKind.LAPSED: "v"}

MINUTE = timedelta(minutes=1)
STEPS = tuple(60 * count for count in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720))
DAYS = (1, 2, 3, 7, 14, 28, 91, 182, 364)
DAY = 86_400
NEVER = float("inf")


class Layout:
    """The places of panels and the size of their type, in inches and points, by their number."""

    def __init__(self, count: int, *, noted: bool = True) -> None:
        """One panel is large, up to four are rows, more are small in two columns."""
        self.columns = 1 if count <= 4 else 2
        self.rows = -(-count // self.columns)
        self.alone = count == 1
        self.left = 0.74 if self.columns == 1 else 0.16
        self.right = 0.62 if self.columns == 1 else 0.5
        self.plot = 2.95 if self.alone else 1.15 if self.columns == 1 else 0.62
        self.head = (1.12 if noted else 0.88) if self.alone else 0.44 if self.columns == 1 else 0.38
        self.top = 0.12 if self.alone else 0.5
        self.bottom = 0.38
        self.name = 17.0 if self.alone else 13.0 if self.columns == 1 else 11.0
        self.small = 11.0 if self.columns == 1 else 9.5
        self.ticks = 6.5 if self.columns == 1 else 3.5

    @property
    def height(self) -> float:
        """The whole chart's height."""
        return self.top + self.rows * (self.head + self.plot) + self.bottom

    def box(self, number: int) -> tuple[float, float, float, float]:
        """A panel's axes, as shares of the figure: left, bottom, width, height. Columns fill from left to right."""
        row, column = divmod(number, self.columns)
        wide = WIDTH / self.columns
        below = self.height - self.top - (row + 1) * (self.head + self.plot)
        room = wide - self.left - self.right
        left = column * wide + self.left
        return left / WIDTH, below / self.height, room / WIDTH, self.plot / self.height

    def is_lowest(self, number: int, count: int) -> bool:
        return number + self.columns >= count


def draw(picture: Chart) -> bytes:
    rcParams["font.family"] = ["DejaVu Sans"]
    rcParams["text.parse_math"] = False
    layout = Layout(len(picture.panels), noted=any(panel.note for panel in picture.panels))
    figure = Figure(figsize=(WIDTH, layout.height), dpi=DPI, facecolor=BACK)
    FigureCanvasAgg(figure)
    if not layout.alone:
        title = figure.text(0.16 / WIDTH, 1 - 0.2 / layout.height, picture.title, color=TEXT, fontsize=14, va="top")
        fit(title, WIDTH - 0.32)
    for number, panel in enumerate(picture.panels):
        draw_panel(figure, layout, number, panel, picture)
    out = BytesIO()
    figure.savefig(out, format="png", facecolor=BACK)
    return out.getvalue()


def draw_panel(figure: Figure, layout: Layout, number: int, panel: Panel, picture: Chart) -> None:
    """One account: its text above, its axes, and its data."""
    axes = figure.add_axes(layout.box(number), facecolor=BACK)
    axes.set_xlim(picture.since, picture.until)
    bottom, top = span_of(panel)
    axes.set_ylim(bottom, top)
    frame(axes, layout, picture, lowest=layout.is_lowest(number, len(picture.panels)))
    for gap in panel.gaps:
        draw_gap(axes, gap, layout)
    draw_rungs(axes, [rung for rung in panel.rungs if bottom <= rung.level <= top], layout)
    draw_fan(axes, panel, picture)
    for line in panel.lines:
        draw_line(axes, line, bottom, layout)
    draw_now(axes, panel, picture, layout)
    draw_marks(axes, panel, picture, layout)
    draw_head(figure, layout, number, panel, picture)


def span_of(panel: Panel) -> tuple[float, float]:
    """The lowest and the highest credits on the axis: from 0, unless something is below it."""
    levels = [level for line in panel.lines for _, level in line] or [0.0]
    mildest = max((rung.level for rung in panel.rungs), default=0.0)
    top = max(*levels, 0.0)
    if mildest <= 3 * top:
        top = max(top, mildest)
    low = min(*levels, 0.0)
    top = top if top > low else low + 1
    return low - (top - low) * (0.02 if low == 0 else 0.06), top + (top - low) * 0.07


def frame(axes: Axes, layout: Layout, picture: Chart, *, lowest: bool) -> None:
    """The axes: a calm grid, few ticks, no box."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, labelsize=layout.small, labelcolor=MUTED, pad=5)
    axes.grid(visible=True, axis="both", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.locator_params(axis="y", nbins=5 if layout.alone else 2, min_n_ticks=2)
    axes.yaxis.set_major_formatter(lambda value, _: format_level(value))
    axes.tick_params(axis="y", labelleft=layout.columns == 1)
    ticks = list(time_ticks(picture, layout.ticks, 0.015 if layout.columns == 1 else 0.07))
    axes.set_xticks([at for at, _ in ticks], [words for _, words in ticks] if lowest else [""] * len(ticks))


def format_level(value: float) -> str:
    """A number on the axis: "15,000", "1.5M" where it would not fit."""
    for unit, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if abs(value) >= unit:
            return f"{value / unit:,.4g}{sign}"
    return f"{value:,.10g}"


def time_ticks(picture: Chart, most: float, edge: float) -> Iterator[tuple[float, str]]:
    """Round moments of the zone's wall clock, with their text, none within a share of the span from its ends."""
    zone = zone_of(picture.zone)
    span = picture.until - picture.since
    step = next((step for step in STEPS if span / step <= most), 0)
    moments = clock_ticks(picture, zone, step) if step else day_ticks(picture, zone, most)
    for at in moments:
        if picture.since + edge * span <= at <= picture.until - min(edge, 0.03) * span:
            yield at, format_tick(datetime.fromtimestamp(at, zone), step, span)


def clock_ticks(picture: Chart, zone: ZoneInfo, step: int) -> Iterator[float]:
    """Moments of the wall clock ``step`` seconds apart, counted from midnight."""
    day = datetime.fromtimestamp(picture.since, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for number in range(int((picture.until - picture.since + 2 * DAY) / step) + 1):
        yield (day + timedelta(seconds=number * step)).replace(tzinfo=zone).timestamp()


def day_ticks(picture: Chart, zone: ZoneInfo, most: float) -> Iterator[float]:
    """Midnights, so many days apart that no more than ``most`` fit, counted back from the last."""
    count = (picture.until - picture.since) / DAY
    step = next((days for days in DAYS if count / days <= most), DAYS[-1])
    last = datetime.fromtimestamp(picture.until, zone).date()
    for number in range(int(count / step) + 1, -1, -1):
        there = last - timedelta(days=number * step)
        yield datetime(there.year, there.month, there.day, tzinfo=zone).timestamp()


def format_tick(when: datetime, step: int, span: float) -> str:
    """A moment in few letters: "14:00", at midnight "Thu 23", over more than two weeks "23 Jul"."""
    if step and when.hour + when.minute:
        return f"{when:%H:%M}"
    return f"{when:%a} {when.day}" if span <= 16 * DAY else f"{when.day} {when:%b}"


def zone_of(name: str) -> ZoneInfo:
    """The zone; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def draw_gap(axes: Axes, gap: Gap, layout: Layout) -> None:
    """A gap: a hatched band, with text if there is room."""
    until = axes.get_xlim()[1] if gap.until is None else gap.until
    axes.axvspan(gap.since, until, facecolor=BAND, edgecolor=HATCH, hatch="////", linewidth=0, zorder=0.5)
    share = (until - gap.since) / (axes.get_xlim()[1] - axes.get_xlim()[0])
    if layout.alone and share > 0.05:
        middle, low = (gap.since + until) / 2, axes.get_ylim()
        place = low[0] + (low[1] - low[0]) * 0.5
        said = PAUSED if gap.kind == PAUSED else "not read"
        words = axes.text(middle, place, said, color=MUTED, fontsize=layout.small, ha="center", va="center")
        words.set(rotation=0 if share > 0.24 else 90, zorder=5)
        words.set_bbox({"facecolor": BAND, "edgecolor": "none", "pad": 2.5})


def draw_rungs(axes: Axes, rungs: Sequence[ThresholdLine], layout: Layout) -> None:
    """The thresholds: dashed lines, named at the right edge as far as the names do not touch."""
    bottom, top = axes.get_ylim()
    needed = layout.small / 72 / layout.plot * (top - bottom)
    taken: list[float] = []
    for rung in sorted(rungs, key=lambda rung: -rung.level):
        color = SEVERITIES.get(rung.severity, MUTED)
        axes.axhline(rung.level, color=color, linewidth=1.2, dashes=(5, 3), zorder=1.5)
        if all(abs(rung.level - other) >= needed for other in taken):
            taken.append(rung.level)
            label(axes, rung, color, layout)


def label(axes: Axes, rung: ThresholdLine, color: str, layout: Layout) -> None:
    """A threshold's name at the right edge."""
    axes.annotate(
        rung.words,
        (1, rung.level),
        xycoords=axes.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        color=color,
        fontsize=layout.small,
        va="center",
        annotation_clip=False,
    )


def draw_line(axes: Axes, line: Line, bottom: float, layout: Layout) -> None:
    """The credits as steps, with a light area below them."""
    moments, levels = [at for at, _ in line], [level for _, level in line]
    axes.fill_between(moments, levels, bottom, step="post", color=LINE, alpha=0.14, linewidth=0, zorder=2)
    width = 2.4 if layout.alone else 1.7
    axes.plot(moments, levels, color=LINE, linewidth=width, drawstyle="steps-post", zorder=3, solid_joinstyle="round")


def draw_fan(axes: Axes, panel: Panel, picture: Chart) -> None:
    """The forecast, from the last number down to nothing; not past the refill, which ends it."""
    if panel.fan is None or panel.stale or not panel.lines or not panel.total or panel.total <= 0:
        return
    fan, now = panel.fan, picture.now
    until = min(picture.until, fan.boundary or picture.until)
    if until <= now:
        return
    edges = [down_to(now, panel.total, end, until) for end in (fan.earliest, fan.latest or NEVER, fan.median or NEVER)]
    soonest, latest, median = edges
    outline = [*soonest, *reversed(latest)]
    axes.fill([at for at, _ in outline], [level for _, level in outline], color=FAN, alpha=0.28, lw=0, zorder=2.5)
    axes.plot(*zip(*median, strict=True), color=FAN, linewidth=2, dashes=(2.5, 1.5), zorder=2.8)


def down_to(now: float, total: float, end: float, until: float) -> list[tuple[float, float]]:
    """A straight line from the credits now to none at ``end``, and along zero, as far as ``until``."""
    if end <= now:
        return [(now, total), (now, 0.0), (until, 0.0)]
    if end < until:
        return [(now, total), (end, 0.0), (until, 0.0)]
    return [(now, total), (until, total * (1 - (until - now) / (end - now)))]


def draw_now(axes: Axes, panel: Panel, picture: Chart, layout: Layout) -> None:
    """A dot at the last number, hollow if that is old."""
    if panel.lines:
        at, level = panel.lines[-1][-1]
        face = BACK if panel.stale else TEXT
        size = 7 if layout.alone else 5
        axes.plot(at, level, "o", ms=size, mfc=face, mec=LINE, mew=2, zorder=6, clip_on=False)
    if panel.fan and not panel.stale:
        axes.axvline(picture.now, color=MUTED, alpha=0.6, linewidth=1, zorder=1.4)


def draw_marks(axes: Axes, panel: Panel, picture: Chart, layout: Layout) -> None:
    """Jumps: a sign on the line, and text above the plot as far as texts do not touch."""
    taken: list[tuple[float, float]] = []
    words = [(mark.at, format_mark(mark), MARKS[mark.kind]) for mark in reversed(panel.marks)]
    fan = None if panel.stale else panel.fan
    if fan and fan.boundary and picture.now < fan.boundary < picture.until:
        kind = AnnotationKind.LAPSED if fan.lapses else AnnotationKind.REFILL
        words.insert(0, (fan.boundary, "plan ends" if fan.lapses else "next refill", MARKS[kind]))
    if fan:
        words.append((picture.now, "now", MUTED))
    for mark in panel.marks:
        size = 8 if layout.alone else 5
        axes.plot(mark.at, mark.total, SIGNS[mark.kind], ms=size, color=MARKS[mark.kind], mec=BACK, zorder=5)
    if layout.alone:
        for at, said, color in words:
            above(axes, at, said, color, taken, layout)


def above(axes: Axes, at: float, said: str, color: str, taken: list[tuple[float, float]], layout: Layout) -> None:
    """Text above the plot at a moment, within its width; omitted where another is."""
    since, until = axes.get_xlim()
    top = axes.get_ylim()[1]
    words = axes.annotate(said, (at, top), xytext=(0, 5), textcoords="offset points", color=color, ha="center")
    words.set(fontsize=layout.small, annotation_clip=False)
    half = wide(words) / 2 / (WIDTH - layout.left - layout.right) * (until - since)
    middle = min(max(at, since + half), until + 0.1 * (until - since) - half)
    if any(middle - half * 1.1 < end and start < middle + half * 1.1 for start, end in taken):
        words.remove()
        return
    taken.append((middle - half, middle + half))
    words.xy = (middle, top)
    axes.plot([at, at], [axes.get_ylim()[0], top], color=color, linewidth=1, dashes=(1, 2), zorder=1.6)


def format_mark(mark: Annotation) -> str:
    """A jump in a word or two: "refill", "top-up +5,000"."""
    return f"{mark.kind.value} +{format_level(mark.amount)}" if mark.kind is AnnotationKind.TOP_UP else mark.kind.value


def draw_head(figure: Figure, layout: Layout, number: int, panel: Panel, picture: Chart) -> None:
    """Name and number, above the axes; for one account also the span, the share and the forecast."""
    column = number % layout.columns
    edge = WIDTH / layout.columns
    left, right = column * edge + 0.16, (column + 1) * edge - (0.16 if layout.columns == 1 else 0.14)
    base = layout.box(number)[1] * layout.height + layout.plot
    line = base + (layout.head - 0.12 if layout.alone else layout.head - 0.16)
    color = MUTED if panel.stale else SEVERITIES.get(panel.severity, TEXT)
    amount = write(figure, right, line, amount_text(panel, layout), layout.name, color, ha="right")
    name = write(figure, left, line, drawable(panel.name, panel.spare), layout.name, TEXT)
    name.set_fontweight("bold")
    amount.set_fontweight("bold")
    fit(name, right - left - wide(amount) - 0.12)
    if layout.alone:
        share = write(figure, right, line - 0.34, panel.share, 11.5, MUTED, ha="right")
        fit(write(figure, left, line - 0.34, picture.title, 11.5, MUTED), right - left - wide(share) - 0.1)
        fit(write(figure, left, line - 0.58, panel.note, 11.5, FAN if panel.fan else MUTED), right - left)


def amount_text(panel: Panel, layout: Layout) -> str:
    """The number now; beside it the share, if there is only one line and room."""
    amount = "unknown" if panel.total is None else format_level(panel.total)
    if layout.alone or not panel.share:
        return amount
    return f"{amount} · {panel.share}"


def write(figure: Figure, x: float, y: float, said: str, size: float, color: str, ha: str = "left") -> Text:
    """Text at a place in inches from the lower left; its top is there."""
    height = figure.get_figheight()
    return figure.text(x / WIDTH, y / height, drawable(said), fontsize=size, color=color, ha=ha, va="top")


def wide(words: Text) -> float:
    """The width of a text, in inches."""
    return float(words.get_window_extent().width) / DPI


def fit(words: Text, room: float) -> None:
    """Shortens a text until it fits into ``room`` inches."""
    said = words.get_text()[:200]
    words.set_text(said)
    while said and wide(words) > room:
        said = said[:-1]
        words.set_text(f"{said.rstrip()}…")


def drawable(said: str, spare: str = "") -> str:
    """The text without what the font lacks (emoji, other scripts); ``spare`` if too little is left."""
    known = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
    kept = " ".join("".join(char for char in said if ord(char) in known and is_upright(char)).split())
    letters, left = (sum(map(str.isalnum, words)) for words in (said, kept))
    if spare and (not left or 2 * left < letters):
        return drawable(spare) or "account"
    return kept


def is_upright(char: str) -> bool:
    """True if a character is drawable: not of a script from right to left, which would come out reversed."""
    alone = (char.isprintable() or char.isspace()) and not unicodedata.combining(char)
    return alone and unicodedata.bidirectional(char) not in {"R", "AL", "AN"}


def be_modest() -> None:
    """Lowers the priority, and bounds the damage of a defect here."""
    with suppress(OSError, AttributeError):
        os.nice(10)
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  (not on every system)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> None:
    be_modest()
    picture = load_chart(json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(draw(picture))


if __name__ == "__main__":
    main()
