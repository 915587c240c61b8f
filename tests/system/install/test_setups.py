"""What needs no network: the Makefile's choice of Python and pip, and that all that we tell people says the same."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.integration.security.locks import ROOT
from verification.install.setups import NEWER, outside_make, readme_commands, write_newer_releases

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs make on our Makefile in another folder."""
    command = ("make", "-f", str(ROOT / "Makefile"), *arguments)
    return subprocess.run(
        command, cwd=folder, env=outside_make(), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the Makefile looks at before it installs anything."""
    for name in ("requirements-dev.lock", "requirements-tools.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def python_of(version: str, path: Path) -> Path:
    """A Python that gives itself for another release, and writes down whatever else is asked of it."""
    path.write_text(
        f'#!/bin/sh\nif [ "$1" != -c ]; then echo "$@" >> \'{path}.asked\'; exit 9; fi\n'
        f'exec \'{sys.executable}\' -c "import sys; sys.version_info = {version}; exec(sys.argv[1])" "$2"\n'
    )
    path.chmod(0o755)
    return path


@needs_make
@pytest.mark.parametrize("target", ["demo", "test", "lock", "install-check"])
def test_a_python_that_is_too_old_is_told_before_anything_is_installed(clone: Path, target: str) -> None:
    """One line says what is needed, what is there and what to do; nothing is made or fetched."""
    old = python_of("(3, 10, 13)", clone / "python3.10")
    ended = make(clone, target, f"PYTHON={old}")
    assert ended.returncode
    assert ended.stderr.splitlines()[0] == (
        f"credit-bot needs Python 3.11 or newer, and {old} is 3.10: name another, as in make PYTHON=python3.13"
    )
    assert not (clone / "python3.10.asked").exists()
    assert not list(clone.glob(".venv*"))


@needs_make
@pytest.mark.parametrize("version", ["(3, 11, 0)", "(3, 14, 2)", "(3, 15, 0)"])
def test_a_python_that_is_new_enough_goes_on(clone: Path, version: str) -> None:
    """There is no upper bound: the first thing asked of it is an environment."""
    new = python_of(version, clone / "newer")
    make(clone, "demo", f"PYTHON={new}")
    assert (clone / "newer.asked").read_text() == "-m venv --clear .venv\n"


@needs_make
def test_a_python_that_is_not_there_is_told(clone: Path) -> None:
    """Its name, and how to name another."""
    ended = make(clone, "test", "PYTHON=python3.99")
    assert ended.returncode
    assert "there is no python3.99: name one, as in make PYTHON=" in ended.stderr


@needs_make
@pytest.mark.parametrize(
    "asked", [["PIP_VERSION=22.3.1"], ["PYTHON=python3.13"], ["PIP_VERSION=22.3.1", "PYTHON=x/py"]]
)
def test_another_pip_or_python_makes_the_environment_anew(clone: Path, asked: list[str]) -> None:
    """One that was made with others is not used for it; the same again is."""
    (clone / ".venv").mkdir()
    (clone / ".venv/locked").touch()
    (clone / ".venv/installed").touch()
    assert "up to date" in make(clone, "-n", ".venv/installed").stdout
    said = make(clone, "-n", ".venv/installed", *asked).stdout
    assert " -m venv --clear .venv\n" in said
    assert ("install --quiet --no-deps pip==22.3.1\n" in said) == ("PIP_VERSION=22.3.1" in asked)
    (stamp,) = set(re.findall(r"touch (\.venv/locked\S*)", said))
    (clone / stamp).touch()
    (clone / ".venv/installed").touch()
    assert "up to date" in make(clone, "-n", ".venv/installed", *asked).stdout


def test_readme_and_unit_install_alike() -> None:
    """Both tell the very same commands, so that what `make install-check` runs of the one holds for the other."""
    unit = (ROOT / "deploy/credit-bot.service").read_text(encoding="utf-8")
    told = re.findall(r"^#   (.*(?:-m venv|/bin/pip) .*)$", unit, re.MULTILINE)
    assert [line.replace("/opt/credit-bot", "venv") for line in told] == readme_commands()
    assert readme_commands()[0] == "python3 -m venv venv"


def test_every_place_names_the_same_pythons() -> None:
    """The classifiers, README, CONTRIBUTING and Makefile agree with ``requires-python``, which has no upper bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    named = [one.rpartition(" ")[2] for one in project["classifiers"] if "Python :: 3." in one]
    assert (named[0], named[-1]) == ("3.11", "3.14")
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "3.11 to 3.14" in (ROOT / name).read_text(encoding="utf-8"), name


def test_the_newer_releases_are_wheels_that_pip_takes(tmp_path: Path) -> None:
    """Else `make install-check` would prove nothing."""
    from packaging.utils import parse_wheel_filename

    write_newer_releases(tmp_path, ["Pytest.Cov", "hatchling"])
    found = {parse_wheel_filename(file.name)[:2] for file in tmp_path.iterdir()}
    assert {(name, str(version)) for name, version in found} == {("pytest-cov", NEWER), ("hatchling", NEWER)}
