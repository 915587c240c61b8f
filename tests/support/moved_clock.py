"""Moves the wall clock of a real process: libfaketime answers for the system, by a file that a test writes."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACES = [Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketime.so.1")]
PLACES += [Path(f"/usr/{lib}/faketime/libfaketime.so.1") for lib in ("lib", "lib64", "local/lib")]
MISSING = "libfaketime is not installed: apt-get install libfaketime"


def library() -> Path | None:
    """Where libfaketime is on this machine."""
    return next((place for place in PLACES if place.exists()), None)


def may_skip() -> bool:
    """Whether a test may do without it here: on a developer's machine, not in CI."""
    return library() is None and os.environ.get("CI") != "true"


@dataclass(frozen=True)
class MovedClock:
    """The wall clock of a process; its monotonic clocks stay as they are."""

    file: Path

    @classmethod
    def in_folder(cls, folder: Path, name: str = "faketime") -> "MovedClock":
        """A clock that is right at first."""
        clock = cls(folder / name)
        clock.set(0)
        return clock

    def set(self, ahead: float) -> None:
        """Set it so many seconds ahead of the true time, at once and whole."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{ahead:+.3f}\n")
        new.replace(self.file)

    @property
    def environment(self) -> dict[str, Any]:
        """What a process needs in its environment. Raises RuntimeError where there is no libfaketime."""
        found = library()
        if not found:
            raise RuntimeError(MISSING)
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # It takes this glibc for one whose waits are wrong, and each hand-over to a thread takes 100 ms.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }
