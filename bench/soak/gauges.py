"""What is read of the bot once a second: from its own line, from /proc, and from the folder of its database."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.soak.slope import Typical

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Gauge:
    """A thing that is watched: how it is called in the line, in the table and on the picture."""

    key: str
    title: str
    unit: str
    grain: float
    """Growth in the time judged that is less than this is none worth a word."""
    typical: Typical = median
    """What stands for some seconds together: of Python's blocks the fewest, what is left after a collection."""


# Memory and the WAL keep the size of their worst moment, which comes late: a step of theirs is no leak. One that never
# ended would add to the WAL in a minute what is let pass here in the whole time.
GAUGES = (
    Gauge("rss", "memory (RSS)", "MiB", 2.0),
    Gauge("blocks", "Python's blocks in use", "thousand", 5.0, min),
    Gauge("files", "open files", "", 3.0),
    Gauge("threads", "threads", "", 3.0),
    Gauge("tasks", "asyncio tasks", "", 3.0),
    Gauge("database", "database", "MiB", 0.25),
    Gauge("wal", "database's WAL", "MiB", 4.0),
    Gauge("delay", "event-loop delay, median", "ms", 1.0),
    Gauge("delay_p99", "event-loop delay, p99 of a second", "ms", 20.0),
)
AFTER_HISTORY = frozenset({"rss", "database"})
"""What can be level only once as much is dropped as comes: the history, and the memory for reading and pruning it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One second: when, in seconds since the soak began, and the values by the gauges' keys."""

    at: float
    values: dict[str, float]


def sample(at: float, line: dict[str, Any], pid: int, database: Path) -> Sample:
    """All values at once."""
    values = {
        "rss": status(pid, "VmRSS") / 1024,
        "peak": status(pid, "VmHWM") / 1024,
        "threads": status(pid, "Threads"),
        "files": float(len(list(Path(f"/proc/{pid}/fd").iterdir()))),
        "children": float(len(Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())),
        "database": size(database),
        "wal": size(database.with_name(f"{database.name}-wal")),
        "blocks": line["blocks"] / 1000,
        "tasks": float(line["tasks"]),
        "collections": float(line["collections"]),
    }
    delays = {key: float(line[key]) for key in ("delay", "delay_p99", "delay_worst")}
    return Sample(at, values | delays)


def status(pid: int, name: str) -> float:
    """A number of the process's status; sizes are in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def size(file: Path) -> float:
    """A file's MiB; one that is not there has none."""
    return file.stat().st_size / MIB if file.exists() else 0.0
