"""``make audit``: asks the advisory databases about every locked release, and says plainly where they did not answer.

pip-audit calls "no known vulnerabilities" also what it could not ask about; here that is no good news. Exit code 0: all
were asked about and none is known to have a hole; 1: some have; 2: not all could be asked about.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-tools.lock")
CLEAN, HOLES, NOT_ASKED = 0, 1, 2


def ask(tool: str, lock: Path) -> list[dict[str, Any]]:
    """What pip-audit says of each release of a lock file; nothing where it says nothing."""
    command = (
        tool,
        "--requirement",
        lock,
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    )
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout
        found: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return []
    return found


def hole_line(release: Mapping[str, Any], hole: Mapping[str, Any]) -> str:
    """One hole of a release, with the releases that have it no more."""
    fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
    return f"{release['name']} {release['version']}: {hole['id']}, fixed in {fixed}"


def report(lock: str, found: Iterable[Mapping[str, Any]]) -> tuple[list[str], int]:
    """The lines for a lock file, and its exit code."""
    releases = list(found)
    skipped = [one["name"] for one in releases if "skip_reason" in one]
    holes = [f"{lock}: {hole_line(one, hole)}" for one in releases for hole in one.get("vulns", ())]
    asked = len(releases) - len(skipped)
    lines = [*holes, f"{lock}: {asked} of {len(releases)} releases asked about, {len(holes)} known holes"]
    if skipped or not releases:
        lines.append(f"{lock}: NOT ASKED ABOUT: {', '.join(skipped) or 'anything'}. Is there a network?")
    return lines, HOLES if holes else NOT_ASKED if skipped or not releases else CLEAN


def main(tool: str) -> int:
    """Every lock file; the worst exit code, with holes before what could not be asked about."""
    codes = set()
    for lock in LOCKS:
        lines, code = report(lock, ask(tool, ROOT / lock))
        print(*lines, sep="\n")
        codes.add(code)
    if HOLES in codes:
        print(
            "Move the pins (make lock UPGRADE=--upgrade), and note the advisories in "
            "tests/integration/security/advisories.toml."
        )
        return HOLES
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
