"""What is pure reads nothing and waits for nothing, and who may read the clock. Imports: ``[tool.importlinter]``."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"

PURE_PARTS = ("bot.domain", "bot.evaluation", "bot.telegram.text")
PURE_MODULES = {"bot.outbox.batching", "bot.outbox.pacing", "bot.outbox.quiet", "bot.outbox.results"}
SERVICES = (
    "base",
    "registry",
    "useapi",
    *(f"useapi.{name}" for name in ("error_text", "failures", "fields", "pages", "pixverse", "dreamina", "flow_music")),
    *(f"useapi.{name}" for name in ("google_flow", "google_vids", "kling", "minimax", "mureka", "muse", "runway")),
)
PURE_MODULES |= {"bot.support.errors", *(f"bot.sources.{name}" for name in SERVICES)}

PURE = {
    "bisect", "collections", "contextlib", "dataclasses", "datetime", "decimal", "email", "enum", "functools",
    "hashlib", "heapq", "html", "http.client", "itertools", "json", "math", "operator", "re", "statistics", "string",
    "types", "typing", "unicodedata", "urllib.parse", "zlib", "zoneinfo",
}  # fmt: skip
"""What these need of the standard library: nothing that reads, waits, or draws lots."""

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
MAY_READ_CLOCK = ("bot.support.clock", "bot.demo.", "bot.simulator.")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the bot by its dotted name."""
    for path in sorted(BOT.rglob("*.py")):
        parts = path.relative_to(BOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def is_pure(module: str) -> bool:
    """Whether a module promises to be pure: by its part, by its name, or as the rules of a feature."""
    rules = module.startswith("bot.features.") and module.rsplit(".", 1)[1] in ("rules", "chart", "due")
    return rules or module in PURE_MODULES or f"{module}.".startswith(tuple(f"{part}." for part in PURE_PARTS))


def imports(source: str) -> set[str]:
    """The modules that a source imports, wherever in it the import stands."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def impurities(source: str) -> list[str]:
    """What a pure module imports and must not: all but itself, its like, and a few modules of the standard library."""
    names = imports(source)
    return sorted(name for name in names if not is_pure(name) and not {name, name.split(".")[0]} & PURE)


def clocks(source: str) -> list[str]:
    """Where a module reads a wall clock, or passes one on."""
    found, bare = [], set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            bare |= {alias.name for alias in node.names} & {"time", "time_ns"}
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            found += [f"line {node.lineno}: {name}"] if name in CLOCKS else []
    return found + [f"from time import {name}" for name in bare]


ALL = list(modules())
ALL_PURE = [(name, path) for name, path in ALL if is_pure(name)]


def test_the_house_is_found() -> None:
    """The bot is found as it is, each module once, and its pure rooms with it."""
    names = [name for name, _ in ALL]
    assert {"bot", "bot.app", "bot.domain.alerts"} <= set(names)
    assert len(set(names)) == len(names)
    assert {"bot.evaluation.alert_state", "bot.features.board.rules", *PURE_MODULES} <= {name for name, _ in ALL_PURE}


@pytest.mark.parametrize(("name", "path"), ALL_PURE, ids=[name for name, _ in ALL_PURE])
def test_what_decides_and_what_words_is_pure(name: str, path: Path) -> None:
    """Decisions and words can be replayed: they import nothing that reads a file, a socket or a clock."""
    assert impurities(path.read_text("utf-8")) == []


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_only_one_module_reads_the_wall_clock(name: str, path: Path) -> None:
    """Everyone else is told the time, so that a decision can be replayed; the simulators have clocks of their own."""
    if not name.startswith(MAY_READ_CLOCK):
        assert not clocks(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import asyncio",
        "from time import monotonic",
        "import aiohttp.web",
        "from bot.support.logs import set_up_logging",
        "from bot import __version__",
        "from .. import storage",
        "def f():\n    from bot.storage import alerts",
        "from bot.features.board.publisher import Boards",
        "from bot.telegram.sender import TelegramPost",
    ],
)
def test_what_is_not_pure_is_seen(source: str) -> None:
    """Each way of importing what reads, waits or sends is found."""
    assert len(impurities(source)) == 1
    assert impurities("import re\nfrom bot.domain.alerts import Alert\nfrom bot.outbox.batching import parcels") == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
        "import datetime as dt\nnow = dt.datetime.utcnow()",
        "from datetime import date\nclock = date.today",
        "import time\nclock = time.time",
        "from time import time",
    ],
)
def test_a_clock_is_seen(source: str) -> None:
    """Reading a wall clock is found, and so is passing one on."""
    assert len(clocks(source)) == 1
    assert clocks("import time\nnow = time.monotonic()\nlater = self.clock.now()\nfuture = loop.time()") == []
