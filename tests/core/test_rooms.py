"""The house: which room may import which, and who may read the clock. Holds for files that are yet to be written."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"

TOOLS = {"children", "errors", "redaction", "logs", "metrics", "proxies", "systemd", "tls", "watchlist"}
"""What any room but the core may use; they know of the core at most."""

EDGES = {"app", "cli", "__main__", "doctor", "probe", "check"}
"""Where the parts are put together and commands begin. Only these and the demo read the settings."""

ROOMS = {
    **dict.fromkeys(TOOLS, "tools"),
    **dict.fromkeys(EDGES, "edges"),
    **{room: room for room in ("core", "sources", "store", "chat", "schedule", "web", "desk", "demo")},
    "settings": "settings",
    "view": "desk",
    **dict.fromkeys(
        (
            "setting_types",
            "env_file",
            "accounts_file",
            "accounts_build",
            "accounts_faults",
            "accounts_tables",
            "toml_lines",
        ),
        "settings",
    ),
}
"""Any other module belongs to the room of the checks and the outbox, "work": whoever adds an edge says so here."""

BELOW = {"work", "sources", "store", "core", "tools"}
MAY_IMPORT = {
    "core": set[str](),
    "tools": {"core"},
    "settings": {"core", "tools"},
    "sources": {"core", "tools"},
    "store": {"core", "tools"},
    "work": {"sources", "store", "core", "tools"},
    "schedule": BELOW,
    "web": BELOW,
    "chat": {"work", "core", "tools"},
    "desk": {"chat", *BELOW},
    "edges": {"schedule", "chat", "web", "desk", "settings", "demo", *BELOW},
    "demo": {"edges", "settings", "core", "tools"},
}
STRANGERS = {("checks", "outbox"), ("outbox", "checks"), ("app", "cli"), ("app", "demo")}
"""Of one room or of the right order, and yet not to be imported by each other."""

PURE = {
    "bisect", "collections", "dataclasses", "datetime", "enum", "functools", "heapq", "itertools", "math", "operator",
    "re", "statistics", "string", "types", "typing", "zlib",
}  # fmt: skip
"""What the core needs of the standard library: nothing that reads, waits, or draws lots."""

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
MAY_READ_CLOCK = {"app", "cli", "demo"}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the bot by its dotted name."""
    for path in sorted(BOT.rglob("*.py")):
        parts = path.relative_to(BOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(source: str, module: str, *, package: bool = False) -> set[str]:
    """The full names of everything that a module imports, wherever in it the import stands."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def part_of(name: str) -> str:
    """The part of the bot that a full name belongs to, or "" for the package's own names, such as its version."""
    parts = name.split(".")
    known = len(parts) > 1 and (parts[1] in ROOMS or any((BOT / f"{parts[1]}{end}").exists() for end in ("", ".py")))
    return parts[1] if known else ""


def faults(source: str, module: str, *, package: bool = False) -> list[str]:
    """What a module imports and must not, in words."""
    mine = module.partition(".")[2].partition(".")[0]
    told = []
    for name in sorted(imports(source, module, package=package)):
        top, theirs = name.split(".")[0], part_of(name)
        if top != "bot":
            if mine == "core" and top not in PURE:
                told.append(f"{module}: the core does without {name}")
        elif not theirs and mine == "core":
            told.append(f"{module}: the core knows nothing of {name}")
        elif theirs and mine and theirs != mine and not may_import(mine, theirs):
            told.append(f"{module}: {mine} must not import {name}")
    return told


def may_import(mine: str, theirs: str) -> bool:
    """Whether one part may import another."""
    if (mine, theirs) in STRANGERS:
        return False
    here, there = ROOMS.get(mine, "work"), ROOMS.get(theirs, "work")
    return here == there or there in MAY_IMPORT[here]


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


def test_the_house_is_found() -> None:
    """The walls are drawn around the bot as it is: its modules are found, each once."""
    names = [name for name, _ in ALL]
    assert {"bot", "bot.core", "bot.evaluation.alert_state", "bot.support.errors"} <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_imports_run_one_way(name: str, path: Path) -> None:
    """One way: cli → app → schedule, chat, web → checks, outbox → sources, store → core, and the core stands alone."""
    assert not faults(path.read_text("utf-8"), name, package=path.name == "__init__.py")


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_only_app_reads_the_wall_clock(name: str, path: Path) -> None:
    """Everyone else is told the time, so that a decision can be replayed; the demo has clocks of its own."""
    if part_of(name) not in MAY_READ_CLOCK:
        assert not clocks(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("bot.evaluation.alert_state", "import os"),
        ("bot.evaluation.alert_state", "import asyncio"),
        ("bot.evaluation.alert_state", "from time import monotonic"),
        ("bot.evaluation.alert_state", "import aiohttp.web"),
        ("bot.evaluation.alert_state", "from bot.support.errors import LookError"),
        ("bot.evaluation.alert_state", "from bot import errors"),
        ("bot.evaluation.alert_state", "from bot import __version__"),
        ("bot.evaluation.alert_state", "from .. import store"),
        ("bot.evaluation.alert_state", "from ..store import alerts"),
        ("bot.evaluation.alert_state", "def f():\n    from bot.storage import alerts"),
        ("bot.storage.alerts", "from bot.sources.registry import pixverse"),
        ("bot.storage.alerts", "import bot.telegram.text.messages"),
        ("bot.storage.alerts", "from bot.checks.runner import Checks"),
        ("bot.storage.alerts", "from bot.config.settings import Settings"),
        ("bot.sources.useapi.client", "from bot.storage.schema import accounts"),
        ("bot.sources.useapi.client", "from bot import chat"),
        ("bot.telegram.text.messages", "from bot.storage import alerts"),
        ("bot.telegram.text.messages", "from bot import sources"),
        ("bot.telegram.text.messages", "from bot.web.pages import Web"),
        ("bot.telegram.text.messages", "if TYPE_CHECKING:\n    from bot.app import App"),
        ("bot.checks.runner", "from bot.telegram import messages"),
        ("bot.checks.runner", "from bot.outbox.dispatcher import Outbox"),
        ("bot.outbox.dispatcher", "from bot.checks.runner import Checks"),
        ("bot.outbox.dispatcher", "from bot.checks.scheduler import Schedule"),
        ("bot.checks.scheduler", "from bot.config.settings import Settings"),
        ("bot.checks.scheduler", "from bot.telegram import messages"),
        ("bot.web.pages", "from bot.app import App"),
        ("bot.commands.updates", "from bot.commands.service import Desk"),
        ("bot.probes", "from bot.config.settings import Settings"),
        ("bot.app", "from bot.cli.main import main"),
        ("bot.support.errors", "from bot.storage import alerts"),
        ("bot.simulator.life", "from bot.storage import alerts"),
        ("bot.checks.runner", "from bot.simulator.life import Life"),
    ],
)
def test_a_wrong_import_is_seen(module: str, source: str) -> None:
    """The walls hold: each way of importing the wrong room is found."""
    assert len(faults(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "bot.evaluation.alert_state",
            "from bot.domain.accounts import Alert\nfrom . import model\nfrom datetime import datetime",
        ),
        (
            "bot.storage.alerts",
            "from bot.domain.accounts import Alert\nfrom bot.support.errors import StartError\nimport sqlalchemy",
        ),
        (
            "bot.sources.useapi.client",
            "from bot import __version__\nfrom bot.sources.registry import words\nfrom . import words",
        ),
        ("bot.commands.registry", "from bot.checks.runner import Checks\nfrom bot.domain.accounts import Alert"),
        (
            "bot.checks.runner",
            "from bot.sources.registry import pixverse\nfrom bot.storage import alerts\nfrom bot.checks.rounds import Rounds",
        ),
        ("bot.app", "from bot import chat, settings, store, web\nfrom bot.checks.runner import Checks"),
        (
            "bot.cli.main",
            "from bot.app import App\nfrom bot.config.settings import Settings\nfrom bot.demo import life",
        ),
    ],
)
def test_a_right_import_is_let_through(module: str, source: str) -> None:
    """The doors are open: what the drawing allows is allowed."""
    assert faults(source, module) == []


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
