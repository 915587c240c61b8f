"""The wheel alone, on a fresh machine: no clone, no lock file, and what is in it is enough to work."""

import shutil
import subprocess
from pathlib import Path

from verification.install.setups import Environment, SetupFailed, demand_whole, outside_make

PYENV = Path.home() / ".pyenv/versions"
OLD_PYTHONS = ("python3.10", "python3.9", "python3.8")


def by_wheel(environment: Environment, clone: Path) -> str:
    """``pipx install`` of the built wheel, with its demo, and the bot against simulated services."""
    tools = clone / "tools"
    environment.run(environment.python, "-m", "venv", str(tools), folder=clone)
    environment.run(str(tools / "bin/pip"), "install", "--quiet", "pipx", "uv", "hatchling>=1.27,<2", folder=clone)
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir")
    environment.run(str(tools / "bin/python"), *build, str(clone / "dist"), ".", folder=clone)
    (wheel,) = (clone / "dist").glob("*.whl")
    home = clone / "pipx"
    with_home = (f"PIPX_HOME={home}", f"PIPX_BIN_DIR={home}/bin", f"UV_CACHE_DIR={clone}/uv")
    environment.run("env", *with_home, str(tools / "bin/pipx"), "install", str(wheel), folder=clone)
    demand_whole(clone / "bot", next(home.glob("venvs/credit-bot/lib/python3*/site-packages/bot")))
    program = str(home / "bin/credit-bot")
    folder = clone / "elsewhere"
    folder.mkdir()
    show(environment, program, folder=folder)
    own_python = str(home / "venvs/credit-bot/bin/python")
    environment.run(own_python, str(Path(__file__).with_name("fresh_run.py")), program, folder=folder)
    uvx = ("env", *with_home, str(tools / "bin/uvx"), "--quiet", "--python", environment.python, "--from", str(wheel))
    show(environment, *uvx, "credit-bot", folder=folder)
    refused = [refuses(old, wheel, clone) for old in old_pythons()[:1]]
    old = f"refused by Python {refused[0]}" if refused else "no older Python here to refuse it"
    return f"{wheel.name}: pipx install, demo and run; uvx … demo; {old}"


def show(environment: Environment, *program: str, folder: Path) -> None:
    """Runs the demo for a while. Raises SetupFailed if it shows no alert."""
    shown = environment.run(*program, "demo", "--terminal", "--seconds", "12", folder=folder)
    if "credits left" not in shown and "out of credits" not in shown:
        raise SetupFailed(f"The demo shows no alert:\n{shown[-2000:]}")


def old_pythons() -> list[str]:
    """Pythons of this machine that are too old."""
    found = [place for name in OLD_PYTHONS if (place := shutil.which(name))]
    found += [str(one) for name in OLD_PYTHONS for one in PYENV.glob(f"{name[6:]}.*/bin/{name}")]
    return [
        place for place in found if subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0
    ]


def refuses(python: str, wheel: Path, clone: Path) -> str:
    """The version of a Python that is too old. Raises SetupFailed unless pip refuses the wheel there in words."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    venv = clone / f"old-{version}"
    subprocess.run([python, "-m", "venv", str(venv)], check=True, env=outside_make())
    command = [str(venv / "bin/python"), "-m", "pip", "install", "--no-deps", "--no-index"]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True, check=False)
    if done.returncode == 0 or ">=3.11" not in done.stderr:
        raise SetupFailed(f"Python {version} does not refuse the wheel in words:\n{done.stderr}")
    subprocess.run([*command, "--ignore-requires-python", str(wheel)], capture_output=True, check=True)
    ended = subprocess.run([str(venv / "bin/credit-bot"), "run"], capture_output=True, text=True, check=False)
    told = f"credit-bot needs Python 3.11 or newer, and this is {version}."
    if (ended.returncode, ended.stderr.strip()) != (69, told):
        raise SetupFailed(f"With Python {version} credit-bot ends with {ended.returncode}:\n{ended.stderr}")
    return version
