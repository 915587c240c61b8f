"""Reads the lock files and the list of advisories, without any network."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-tools.lock")
ADVISORIES = Path(__file__).parent / "advisories.toml"
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)")


@dataclass(frozen=True)
class Pin:
    """One locked release and the hashes that its files may have."""

    name: str
    version: str
    hashes: tuple[str, ...]


def pins_of(text: str) -> Iterator[Pin]:
    """Every pin of a lock file. Raises ValueError at a requirement that is none."""
    for entry in re.sub(r"\\\n", " ", re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)).splitlines():
        if not entry.strip():
            continue
        pin = _PIN.match(entry)
        if pin is None:
            raise ValueError(f"is no pin: {entry[:80]}")
        yield Pin(pin["name"].lower(), pin["version"], tuple(re.findall(r"--hash=(\S+)", entry)))


def locked(name: str) -> list[Pin]:
    """The pins of one of the lock files."""
    return list(pins_of((ROOT / name).read_text(encoding="utf-8")))


def advisories() -> dict[str, Any]:
    """The list of known holes."""
    return tomllib.loads(ADVISORIES.read_text(encoding="utf-8"))


def holes(pin: Pin, known: dict[str, Any]) -> list[str]:
    """What the list says against a pin."""
    from packaging.version import Version

    found = [
        f"{pin.name} {pin.version}: {one['id']}, fixed in {one['fixed']}"
        for one in known["advisory"]
        if one["package"] == pin.name and Version(pin.version) < Version(one["fixed"])
    ]
    withdrawn = {version for one in known["yanked"] if one["package"] == pin.name for version in one["versions"]}
    return found + ([f"{pin.name} {pin.version}: withdrawn"] if pin.version in withdrawn else [])
