"""What processes use, from Linux's /proc, as finely as it tells."""

from contextlib import suppress
from pathlib import Path

from bench.idle import status_mib


def processor_seconds(pid: int) -> float:
    """Processor time of all the process's threads, to the nanosecond: a whole measurement may be five ticks long."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text("utf-8").split()[0]) for thread in threads) / 1e9


def tree_mib(pid: int) -> float:
    """Resident memory of a process and all it started, at this moment. What ends meanwhile counts as nothing."""
    with suppress(OSError, StopIteration):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
        return status_mib(pid, "VmRSS") + sum(tree_mib(int(child)) for child in children)
    return 0.0
