"""What is installed: pinned, with hashes, without known holes, and nothing beside it. No network is needed."""

import re
import tomllib
from datetime import date
from typing import Any

import pytest

from bench import audit
from tests.integration.security.locks import LOCKS, ROOT, Pin, advisories, holes, locked, pins_of


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    """Each line of a lock file is one exact release, with SHA-256 hashes, from no address of its own."""
    pins = locked(name)
    assert len(pins) > 5
    for pin in pins:
        assert pin.hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in pin.hashes), pin
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|git\+|--(?:extra-)?index-url|--find-links|--trusted-host|^-e ", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_no_pin_has_a_known_hole(name: str) -> None:
    """No locked release is on the list of advisories, nor withdrawn."""
    assert [hole for pin in locked(name) for hole in holes(pin, advisories())] == []


def test_the_list_of_advisories_finds_what_it_is_for() -> None:
    """An older release is told with what mends it; the list has a date, and speaks of what is locked."""
    known = advisories()
    assert holes(Pin("aiohttp", "3.14.3", ()), known)[0] == "aiohttp 3.14.3: PYSEC-2026-4369, fixed in 3.14.4"
    known["yanked"].append({"package": "aiohttp", "versions": ["9.9"]})
    assert holes(Pin("aiohttp", "9.9", ()), known) == ["aiohttp 9.9: withdrawn"]
    assert isinstance(known["as_of"], date)
    assert {one["package"] for one in known["advisory"]} <= {pin.name for lock in LOCKS for pin in locked(lock)}


def test_the_pins_of_the_bot_are_those_of_the_tests() -> None:
    """What the tests run on is what is shipped: the lock file of the tests pins the same releases."""
    tested = {(pin.name, pin.version) for pin in locked("requirements-dev.lock")}
    assert {(pin.name, pin.version) for pin in locked("requirements.lock")} <= tested


def test_every_dependency_of_the_project_is_locked() -> None:
    """A dependency that is added to pyproject.toml and not locked is found here; so is one of the second channel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        "requirements.lock": [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["apprise"],
        ],
        "requirements-dev.lock": [one for one in groups["dev"] if isinstance(one, str)],
        "requirements-build.lock": [*groups["build"], *project["build-system"]["requires"]],
        "requirements-tools.lock": groups["tools"],
    }
    assert set(wanted) == set(LOCKS)
    for name, requirements in wanted.items():
        names = {re.split(r"[\[<>=~]", one)[0].lower() for one in requirements}
        assert names <= {pin.name for pin in locked(name)}, name


@pytest.mark.parametrize("text", ["aiohttp>=3", "aiohttp @ https://example.com/a.whl", "-r other.txt"])
def test_what_is_no_pin_is_refused(text: str) -> None:
    """A range, an address or another file in a lock file would escape the tests above."""
    with pytest.raises(ValueError, match="is no pin"):
        list(pins_of(text))


INSTALLERS = ("Dockerfile", "Makefile", "README.md", "deploy/credit-bot.service")
FROM_THE_LOCK = re.compile(
    r"--no-deps --require-hashes -r (requirements\S*\.lock|\$\(2\))( -r requirements\S*\.lock)*( |$)"
)
OUR_OWN = re.compile(r"--no-deps --no-(build-isolation .*\.|index \S+\.whl)( |$)")
CHOSEN = re.compile(r"--no-deps pip==\$\(PIP_VERSION\)\)$")
"""pip itself, where somebody names a release."""


def installations(text: str) -> list[str]:
    """What a file tells pip to install or to build, one command each; what prose mentions is not among it."""
    commands = re.sub(r"^# \S.*$|`[^`\n]*`", "", text, flags=re.MULTILINE)
    joined = commands.replace("\\\n", " ").replace("$(PIP)", "pip")
    return [found.strip() for found in re.findall(r"\bpip\b[^&|;\n#]*? (?:install|wheel) ([^&|;\n]*)", joined)]


@pytest.mark.parametrize("name", INSTALLERS)
def test_every_installation_takes_the_lock_as_it_is(name: str) -> None:
    """Nothing is resolved, nothing comes without a hash, and no build backend is fetched."""
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = installations(text)
    assert len(commands) >= 2
    for command in commands:
        assert any(way.search(command) for way in (FROM_THE_LOCK, OUR_OWN, CHOSEN)), command
    assert re.search(r"\bpip\b.* check$", text.replace("$(PIP)", "pip"), re.MULTILINE), (
        "nobody checks that the lock is complete"
    )


@pytest.mark.parametrize(
    "command",
    [
        "pip install --require-hashes -r requirements.lock",
        "pip install --no-deps -r requirements.lock",
        "pip install --no-deps .",
        "pip install --quiet uv",
        "pip wheel --no-deps --wheel-dir /wheels .",
        "python -m pip --python /opt/bot/bin/python install 'pip-audit>=2.10,<3'",
    ],
)
def test_an_installation_beside_the_lock_is_found(command: str) -> None:
    """The test above can fail: each of these resolves, skips hashes, or fetches what is not locked."""
    (found,) = installations(f"RUN {command} && true")
    assert not any(way.search(found) for way in (FROM_THE_LOCK, OUR_OWN, CHOSEN))


def test_an_audit_that_asked_nobody_is_no_good_news() -> None:
    """``make audit`` tells holes, and apart from them what could not be asked about, each with an exit code."""
    hole: dict[str, Any] = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    fine: dict[str, Any] = {"name": "b", "version": "1", "vulns": []}
    skipped: dict[str, Any] = {"name": "c", "skip_reason": "Dependency not found on PyPI"}
    assert audit.report("x.lock", [fine]) == (["x.lock: 1 of 1 releases asked about, 0 known holes"], audit.CLEAN)
    lines, code = audit.report("x.lock", [hole, fine])
    assert (lines[0], code) == ("x.lock: a 1: CVE-1, fixed in 2", audit.HOLES)
    lines, code = audit.report("x.lock", [fine, skipped])
    assert ("NOT ASKED ABOUT: c." in lines[-1], code) == (True, audit.NOT_ASKED)
    lines, code = audit.report("x.lock", [])
    assert ("NOT ASKED ABOUT: anything." in lines[-1], code) == (True, audit.NOT_ASKED)
