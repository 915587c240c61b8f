"""Pictures are drawn by a process of their own: what it makes, and how its failures are told.

Most are drawn in the test's own process, which imports the library once; the largest and the smallest in a child.
"""

import asyncio
import json
import shutil
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.history import Gap, merged
from bot.features.history.chart import (
    Annotation,
    AnnotationKind,
    Chart,
    ForecastBand,
    Line,
    Panel,
    ThresholdLine,
    chart_of,
    lines_of,
    load_chart,
)
from bot.features.history.drawing import COMMAND, LARGEST_PICTURE, PNG, ChartRenderer
from bot.support import subprocesses
from bot.support.errors import ChartError

PATIENCE = 90.0
"""Seconds that a child may take which is to succeed: on a busy machine its start alone takes some."""

NOW, DAY = 1_784_556_180.0, 86_400.0
RUNGS = (ThresholdLine(3000, "20 %", "info"), ThresholdLine(750, "5 %", "warning"), ThresholdLine(0, "0", "critical"))
GAPS = merged([Gap(NOW - 4 * DAY, NOW - 3.6 * DAY, "broken"), Gap(NOW - 1000, None)], NOW - 7 * DAY, NOW)
MARKS = (
    Annotation(NOW - 6 * DAY, AnnotationKind.REFILL, 14_000, 15_000),
    Annotation(NOW - 5 * DAY, AnnotationKind.TOP_UP, 5000, 17_000),
    Annotation(NOW - 2 * DAY, AnnotationKind.LAPSED, 9000, 0),
)
FAN = ForecastBand(NOW + DAY, NOW + 1.5 * DAY, NOW + 3 * DAY, NOW + 2 * DAY)


def line(*levels: float, days: float = 7) -> Line:
    """These credits, evenly spread over the days before now."""
    step = days * DAY / max(len(levels) - 1, 1)
    return tuple((NOW - days * DAY + index * step, level) for index, level in enumerate(levels))


USUAL = Panel(
    name="Studio",
    spare="alice@example.com",
    total=2900,
    share="19 % of 15,000",
    note="Runs out Thu 14:00–19:00, before the refill on Fri 00:48",
    severity="warning",
    lines=lines_of(line(900, 15_000, 17_000, 9000, 0, 4000, 2900), GAPS, NOW),
    gaps=GAPS,
    marks=MARKS,
    rungs=RUNGS,
    fan=FAN,
)


def picture(*panels: Panel, days: float = 7, zone: str = "Europe/Berlin") -> Chart:
    """A picture of the days before now."""
    return chart_of(f"last {days:g} days", panels, NOW - days * DAY, NOW, zone)


def size_of(png: bytes) -> tuple[int, int]:
    """A PNG's width and height."""
    assert png.startswith(PNG)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def drawn(chart: Chart) -> bytes:
    """What a child makes of it, from the same JSON. Here too a warning is an error."""
    from bot.features.history import renderer

    return renderer.draw(load_chart(json.loads(json.dumps(asdict(chart)))))


Make = Callable[..., ChartRenderer]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes drawings, and takes their folders away."""
    made: list[ChartRenderer] = []

    def new(*given: Any, **more: Any) -> ChartRenderer:
        made.append(ChartRenderer(*given, **more))
        return made[-1]

    yield new
    for drawing in made:
        drawing.close()


@pytest.fixture
def drawing(make: Make) -> ChartRenderer:
    """A drawing as the bot has it, but for a machine that may be busy."""
    return make(timeout=PATIENCE)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 9, 12])
async def test_telegram_takes_the_picture(drawing: ChartRenderer, count: int) -> None:
    """A PNG as wide as a phone's screen, no taller than twice that, far below 10 MB; with all there is to draw."""
    chart = picture(*[USUAL] * count)
    png = await drawing.draw(chart) if count in (1, 12) else drawn(chart)
    width, height = size_of(png)
    assert width == 1080
    assert 500 < height < 2 * width
    assert len(png) < 10 * 2**20


@pytest.mark.parametrize(
    "panel",
    [
        pytest.param(Panel("Studio"), id="nothing known"),
        pytest.param(replace(USUAL, lines=(((NOW, 5.0), (NOW, 5.0)),), gaps=(), marks=()), id="one point"),
        pytest.param(replace(USUAL, lines=(line(0, 0),), total=0, rungs=()), id="always nothing"),
        pytest.param(replace(USUAL, lines=(line(1e15, -3e15, 1e-9),), total=1e15), id="absurd jumps"),
        pytest.param(replace(USUAL, lines=(), gaps=(Gap(NOW - 7 * DAY, NOW),)), id="one gap"),
        pytest.param(replace(USUAL, stale=True, severity="critical", total=None), id="unknown"),
        pytest.param(replace(USUAL, fan=ForecastBand(NOW - DAY, None, None)), id="a forecast that has passed"),
        pytest.param(replace(USUAL, marks=MARKS * 13, rungs=RUNGS * 20), id="crowded"),
    ],
)
def test_every_history_is_drawn(panel: Panel) -> None:
    """Gaps, jumps, one point, none at all: a picture each time."""
    assert size_of(drawn(picture(panel)))[0] == 1080


NAMES = [
    "$x^2$ \\frac{1}",
    "日本語",
    "🎬🎬",
    "משהו",
    "سلام",
    "Z̶a̶l̶g̶o̶",
    "a\nb\tc\0d",
    "x" * 5000,
    "",
    "%s {0} \\n <b>&amp;",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_content_are_drawn(name: str) -> None:
    """No name breaks a picture, and none makes the library complain about a glyph."""
    assert size_of(drawn(picture(replace(USUAL, name=name, note=name, share=name))))[0] == 1080


async def test_a_child_draws_names_of_any_content(make: Make) -> None:
    """All of them in one picture, on their way to another process and there."""
    drawing = make((sys.executable, "-W", "error", *COMMAND[1:]), timeout=PATIENCE)
    panels = [replace(USUAL, name=name, note=name, share=name) for name in NAMES]
    assert size_of(await drawing.draw(picture(*panels)))[0] == 1080


async def test_a_hundred_thousand_places_are_drawn(drawing: ChartRenderer) -> None:
    """Even should they ever come without being thinned before."""
    levels = [float(index % 15_000) for index in range(100_000)]
    assert size_of(await drawing.draw(picture(replace(USUAL, lines=(line(*levels),)))))[0] == 1080


@pytest.mark.parametrize("days", [0.01, 0.2, 1, 7, 30, 90, 400])
@pytest.mark.parametrize("zone", ["America/New_York", "Nowhere/Land"])
def test_any_span_in_any_zone_has_ticks(days: float, zone: str) -> None:
    """From a quarter of an hour to a year; a zone that this machine does not know is UTC."""
    assert drawn(picture(replace(USUAL, lines=(line(9, 5, days=days),)), days=days, zone=zone))


def child(code: str) -> tuple[str, ...]:
    """A child that does something else."""
    return sys.executable, "-c", code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "could not be drawn"),
        ("raise MemoryError", "could not be drawn"),
        ("print('no picture')", "could not be drawn"),
        ("import sys; sys.stdin.read(); sys.stdout.write('half')", "could not be drawn"),
        ("import time; time.sleep(60)", "too long"),
        (f"import sys; sys.stdout.buffer.write({PNG!r} + bytes({LARGEST_PICTURE}))", "could not be drawn"),
    ],
)
async def test_a_child_that_fails_is_told_in_words(make: Make, code: str, words: str) -> None:
    """Killed, out of memory, hanging, talking nonsense: a sentence each time, and no traceback."""
    drawing = make(child(code), timeout=PATIENCE if "sleep" not in code else 0.5)
    with pytest.raises(ChartError, match=words):
        await drawing.draw(picture(USUAL))


async def test_a_program_that_is_not_there_is_told_in_words(make: Make) -> None:
    """Nor does a machine that cannot start another process break the answer."""
    with pytest.raises(ChartError, match="No such file"):
        await make(("/nowhere/python",)).draw(picture(USUAL))


async def test_without_matplotlib_there_is_a_sentence(make: Make, tmp_path: Path) -> None:
    """An installation without the library says what is missing and how to get it."""
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError(\"No module named 'matplotlib'\")")
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); runpy.run_module('bot.features.history.renderer')"
    )
    with pytest.raises(ChartError, match="pip install matplotlib"):
        await make(child(code), timeout=PATIENCE).draw(picture(USUAL))


def noting(note: Path) -> str:
    """A child that notes its number whole, and then hangs."""
    put = f"open({str(note)!r} + '.new', 'w').write(str(os.getpid())); os.rename({str(note)!r} + '.new', {str(note)!r})"
    return f"import os, time; {put}; time.sleep(600)"


async def begun(note: Path) -> None:
    """Waits until the child has noted its number."""
    async with asyncio.timeout(PATIENCE):
        while not is_there(note):  # noqa: ASYNC110 - a file tells nobody that it is there
            await asyncio.sleep(0.02)


def is_there(note: Path) -> bool:
    """Whether a file is there."""
    return note.exists()


def score_of(process: str) -> int:
    """How willingly the system ends a process where memory runs out."""
    return int(Path(f"/proc/{process}/oom_score_adj").read_text("ascii"))


def is_running(note: Path) -> bool:
    """Whether the process whose number was noted is there."""
    return Path(f"/proc/{note.read_text('ascii')}").exists()


async def test_a_hanging_child_is_ended(make: Make, tmp_path: Path) -> None:
    """When the asking is given up, no process is left behind."""
    note = tmp_path / "pid"
    asking = asyncio.create_task(make(child(noting(note)), timeout=PATIENCE).draw(picture(USUAL)))
    await begun(note)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not is_running(note)


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="only Linux has it")
async def test_where_memory_runs_out_the_child_goes_first(make: Make, tmp_path: Path) -> None:
    """The system ends the process with the highest score: that is the one that draws, and never the bot."""
    note = tmp_path / "pid"
    asking = asyncio.create_task(make(child(noting(note)), timeout=PATIENCE).draw(picture(USUAL)))
    await begun(note)
    score = score_of(note.read_text("ascii"))
    asking.cancel()
    await asyncio.wait([asking])
    assert score == 1000
    assert score_of("self") < 1000


def test_where_there_is_no_such_score_nothing_happens() -> None:
    """On another system, or where the child is gone already."""
    subprocesses.offer_to_oom_killer(2**22 + 1)


MEETING = """
import os, sys, time
place = os.path.join(sys.argv[1], "busy")
try:
    os.mkdir(place)
except FileExistsError:
    sys.exit("met another")
time.sleep(0.3)
os.rmdir(place)
sys.exit("was alone")
"""


async def test_one_drawing_at_a_time(make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ten questions at once do not start ten plotting libraries on a small machine."""
    drawing = make((*child(MEETING), str(tmp_path)), timeout=PATIENCE)
    await asyncio.gather(*(drawing.draw(picture(USUAL)) for _ in range(3)), return_exceptions=True)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert all("was alone" in line for line in said)


async def test_a_folder_that_is_swept_away_is_made_anew(drawing: ChartRenderer) -> None:
    """systemd-tmpfiles may empty /tmp while the bot runs for months."""
    swept = drawing._environment()["MPLCONFIGDIR"]
    shutil.rmtree(swept)
    assert await drawing.draw(picture(USUAL))
    assert drawing._environment()["MPLCONFIGDIR"] != swept


async def test_a_machine_without_room_for_temporary_files_is_told(
    drawing: ChartRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only machine without /tmp: a sentence, and the bot goes on."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(ChartError, match="could not be drawn: No such file or directory"):
        await drawing.draw(picture(USUAL))


async def test_how_a_child_ended_is_told_as_it_is() -> None:
    """Its code, what it wrote, and of its errors the last line; the signal that ended it counts below 0."""
    ended = await subprocesses.run((sys.executable, "-c", "print(input()); raise ValueError('odd')"), b"in\n")
    assert (ended.code, ended.output, ended.last_line) == (1, b"in\n", "ValueError: odd")
    killed = await subprocesses.run((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
    assert (killed.code, killed.last_line) == (-9, "no reason given")
