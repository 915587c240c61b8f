"""``make install-check``: sets the bot up as the Makefile and the README do, in an index where all of our pins are old.

Everything that the lock files name has a newer release there, and none of these works: an installation that resolves
anything, or fetches a build backend of its own, takes one and fails. It is tried with the oldest pip that this Python
came with and with the newest one. Then the wheel alone is installed as on a fresh machine, and run. It needs the
package index, and ends with 0, or with 1 and the words of what failed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.integration.security.locks import LOCKS, ROOT, locked
from verification.install.setups import (
    NEWER,
    Environment,
    SetupFailed,
    by_make,
    by_readme,
    newest_pip,
    write_newer_releases,
)
from verification.install.wheel import by_wheel

PREFIX = "credit-bot-install-"
OLDEST_PIP = {(3, 11): "22.3.1"}
"""By Python. Later ones run with no older pip than they bring themselves: left empty."""


def copy_of_ours(folder: Path) -> Path:
    """What a clone would hold, with changes that are not committed yet."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def main() -> int:
    """Tries each way with each pip, then the wheel."""
    parser = argparse.ArgumentParser(prog="python -m verification.install", description=__doc__)
    parser.add_argument("--pip", action="append", help="try this pip instead; may be given again")
    parser.add_argument("--only-wheel", action="store_true", help="try nothing but the wheel")
    asked = parser.parse_args()
    try:
        if not asked.only_wheel:
            try_locked(asked.pip or [])
        since = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
            said = by_wheel(Environment(sys.executable, None), copy_of_ours(Path(folder)))
        print(f"{said} ({time.monotonic() - since:.0f} s)", flush=True)
    except SetupFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


def try_locked(pips: list[str]) -> None:
    """Tries both ways that use the lock files, with each pip. Raises SetupFailed."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        index = Path(name, "index")
        index.mkdir()
        write_newer_releases(index, {pin.name for lock in LOCKS for pin in locked(lock)} - {"pip"})
        environment = Environment(sys.executable, index)
        environment.demand_newer(Path(name), "coverage", "hatchling")
        for pip in pips or (OLDEST_PIP.get(sys.version_info[:2], ""), newest_pip(environment, Path(name))):
            for way in (by_make, by_readme):
                since = time.monotonic()
                with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
                    said = way(environment, copy_of_ours(Path(folder)), pip)
                print(f"{said} ({time.monotonic() - since:.0f} s)", flush=True)
        print(f"No release {NEWER} was taken: the lock files hold.")


if __name__ == "__main__":
    sys.exit(main())
