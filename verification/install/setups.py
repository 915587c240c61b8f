"""The ways to install that we tell people, run as they stand, and what each of them has installed."""

import json
import os
import re
import shlex
import subprocess
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.integration.security.locks import ROOT, locked

NEWER = "9999"
"""The release of everything that nobody may take."""

OURS = {"credit-bot", "pip", "setuptools"}
"""What an environment has beside the lock: the bot, and what Python brings."""

LISTS_INSTALLED = (
    "import json, importlib.metadata as found;"
    "print(json.dumps({one.metadata['Name']: one.version for one in found.distributions()}))"
)


class SetupFailed(Exception):
    """An installation failed or took what is not locked. The text says which and how."""


def outside_make() -> dict[str, str]:
    """The environment without what a make around this hands on: its flags, and the variables of its command line."""
    handed = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON", "PIP_VERSION", "UPGRADE", "ARGS", "MARKS"}
    return {name: value for name, value in os.environ.items() if name not in handed}


def canonical(name: str) -> str:
    """A project's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write_newer_releases(folder: Path, names: Iterable[str]) -> None:
    """Writes a wheel of each project that is newer than any real one, and holds nothing but its name."""
    for name in names:
        stem = f"{canonical(name).replace('-', '_')}-{NEWER}"
        files = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n",
            "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "".join(f"{stem}.dist-info/{file},,\n" for file in ("METADATA", "WHEEL", "RECORD")),
        }
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            for file, text in files.items():
                wheel.writestr(f"{stem}.dist-info/{file}", text)


@dataclass(frozen=True)
class Environment:
    """The Python to install with, and the folder of newer releases beside the package index, if there is one."""

    python: str
    index: Path | None

    def run(self, *command: str, folder: Path, within: float = 1800) -> str:
        """What a command prints. Raises SetupFailed with the end of it if it fails."""
        links = f"{os.environ.get('PIP_FIND_LINKS', '')} {self.index or ''}".strip()
        environment = {
            **outside_make(),
            "PIP_FIND_LINKS": links,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_COMPILE": "1",
        }
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=within, check=False
            )
        except subprocess.TimeoutExpired:
            raise SetupFailed(f"{shlex.join(command)}: did not end within {within:.0f} s") from None
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise SetupFailed(f"{shlex.join(command)}: ended with {done.returncode}\n{last}")
        return done.stdout

    def download(self, to: Path, name: str) -> str:
        """The newest release of a project in the index, from the name of its wheel."""
        self.run(self.python, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(to), name, folder=to)
        (wheel,) = to.glob(f"{canonical(name).replace('-', '_')}-*.whl")
        return wheel.name.split("-")[1]

    def demand_newer(self, scratch: Path, *names: str) -> None:
        """Proves that a resolver would take the newer releases. Raises SetupFailed if not."""
        for name in names:
            found = self.download(scratch, name)
            if found != NEWER:
                raise SetupFailed(f"The index offers {name} {found} and not {NEWER}: the check would prove nothing")


def newest_pip(environment: Environment, scratch: Path) -> str:
    """The newest pip of the package index."""
    return environment.download(scratch, "pip")


def by_make(environment: Environment, clone: Path, pip: str) -> str:
    """``make PIP_VERSION=…`` up to where ``make demo`` and ``make test`` begin."""
    environment.run("make", f"PYTHON={environment.python}", f"PIP_VERSION={pip}", ".venv/installed", folder=clone)
    count = judge(environment, clone / ".venv", "requirements-dev.lock")
    used = pip_of(environment, clone / ".venv")
    if pip not in ("", used):
        raise SetupFailed(f"make PIP_VERSION={pip} installed with pip {used}")
    return f"pip {used}, make: {count} releases as locked"


def readme_commands() -> list[str]:
    """The README's plain way, without the start of the bot."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.split("**Plain**", 1)[1].split("```")[1]
    return [line for line in block.strip().splitlines() if "credit-bot run" not in line]


def by_readme(environment: Environment, clone: Path, pip: str) -> str:
    """The README's plain way as it stands, with the given Python, and the given pip in its environment."""
    for line in readme_commands():
        environment.run("sh", "-ec", line.replace("python3", shlex.quote(environment.python)), folder=clone)
        if " -m venv " in line and pip:
            environment.run("venv/bin/python", "-m", "pip", "install", "--quiet", f"pip=={pip}", folder=clone)
    count = judge(environment, clone / "venv", "requirements.lock", "requirements-build.lock")
    demand_whole(clone / "bot", next((clone / "venv").glob("lib/python3*/site-packages/bot")))
    environment.run("venv/bin/python", "-c", "import apprise", folder=clone)
    return f"pip {pip_of(environment, clone / 'venv')}, README: {count} releases as locked"


def files_in(folder: Path) -> set[str]:
    """Every file below a folder, but for what Python compiled."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def demand_whole(source: Path, installed: Path) -> None:
    """Raises SetupFailed if the wheel left out a migration, a page, or anything else of ours."""
    missing = sorted(files_in(source) - files_in(installed))
    if missing:
        raise SetupFailed(f"The installed bot lacks {', '.join(missing)}")


def pip_of(environment: Environment, venv: Path) -> str:
    """The pip of an environment."""
    return environment.run(str(venv / "bin/python"), "-m", "pip", "--version", folder=venv).split()[1]


def judge(environment: Environment, venv: Path, *locks: str) -> int:
    """Counts what an environment has of some lock files. Raises SetupFailed where it has anything else, or no bot."""
    python = str(venv / "bin/python")
    installed = json.loads(environment.run(python, "-c", LISTS_INSTALLED, folder=venv))
    pins = {(canonical(pin.name), pin.version) for lock in locks for pin in locked(lock)}
    found = {(canonical(name), version) for name, version in installed.items() if canonical(name) not in OURS}
    if found - pins:
        wrong = ", ".join(f"{name} {version}" for name, version in sorted(found - pins))
        raise SetupFailed(f"{venv.name} has what {' and '.join(locks)} do not pin: {wrong}")
    environment.run(str(venv / "bin/credit-bot"), "--version", folder=venv)
    return len(found)
