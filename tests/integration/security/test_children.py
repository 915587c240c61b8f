"""The processes that the bot starts: what they know, what they import, and what others can see of them."""

import asyncio
import inspect
import json
import os
import re
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bot.features.fallback import sender
from bot.features.fallback.sender import Apprise, PlainMessage
from bot.features.history import drawing
from bot.features.history.chart import Panel, chart_of
from bot.storage.database import Store
from bot.support import subprocesses
from bot.support.errors import ChartError
from tests.support.fakes import until

SECRETS = {
    "USEAPI_TOKEN": "user:1-marked0123456789",
    "TELEGRAM_BOT_TOKEN": "123456:marked-0123456789-0123456789-012",
    "HEARTBEAT_URL": "https://hc.example.com/marked",
    "FALLBACK_URLS": "ntfy://marked",
    "STUDIO_TOKEN": "user:2-marked0123456789",
    "AWS_SECRET_ACCESS_KEY": "marked",
}
SHOWS = ("-c", "import os, sys, json; json.dump(dict(os.environ), open(sys.argv[1], 'w'))")
STARTS = re.compile(
    r"create_subprocess|subprocess_(exec|shell)|^\s*(import|from) (subprocess|multiprocessing)\b|Popen|sys\.executable"
    r"|os\.(spawn|posix_spawn|system|popen|fork|exec)|ProcessPool",
    re.MULTILINE,
)


@pytest.fixture(autouse=True)
def _an_environment_with_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def test_a_child_gets_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment a child gets what is on a list, so that no token is in it, whatever its name."""
    monkeypatch.setenv("https_proxy", "http://who:marked@proxy.example.com:3128")
    given = subprocesses.environment(MORE="1")
    assert "marked" not in str(given)
    assert given["PATH"] == os.environ["PATH"]
    assert given["MORE"] == "1"
    assert subprocesses.proxies()["https_proxy"].startswith("http://who:"), (
        "for the one child that talks to the network"
    )


async def test_the_second_channels_process_gets_none(tmp_path: Path) -> None:
    """Apprise and its plugins see no token of the bot's."""
    seen = tmp_path / "seen.json"
    await Apprise(["ntfy://x"], (sys.executable, *SHOWS, str(seen))).carry(PlainMessage("title", "body"))
    assert "marked" not in seen.read_text()


async def test_the_drawing_process_gets_none(tmp_path: Path) -> None:
    """The library that draws, and what it loads see no token of the bot's."""
    seen = tmp_path / "seen.json"
    one = drawing.ChartRenderer((sys.executable, *SHOWS, str(seen)))
    with pytest.raises(ChartError):
        await one.draw(chart_of("", [Panel("Studio")], 0, 1, "UTC"))
    one.close()
    assert "MPLBACKEND" in json.loads(seen.read_text())
    assert "marked" not in seen.read_text()


async def test_the_migration_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does Alembic."""
    seen = tmp_path / "seen.json"
    monkeypatch.setattr(subprocesses, "command", lambda _: (sys.executable, *SHOWS, str(seen)))
    store = await Store.open(str(tmp_path / "new.db"))
    await store.close()
    assert "PATH" in json.loads(seen.read_text())
    assert "marked" not in seen.read_text()


@pytest.mark.parametrize("command", [drawing.COMMAND, sender.COMMAND, subprocesses.command("bot.storage.migrate")])
def test_a_child_imports_nothing_from_the_working_folder(command: tuple[str, ...], tmp_path: Path) -> None:
    """A file called like a module of ours or of Python's that lies in the working folder is never run."""
    for name in ("bot", "json", "alembic", "matplotlib", "apprise", "sqlalchemy"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w')\n")
    subprocess.run(command, cwd=tmp_path, env=subprocesses.environment(), input=b"{}", capture_output=True, check=False)
    assert not (tmp_path / "was-run").exists()


def test_no_child_is_started_in_another_way() -> None:
    """One module starts every process; whoever adds another way finds this test."""
    bot = Path(subprocesses.__file__).parents[1]
    texts = {path: path.read_text(encoding="utf-8") for path in bot.rglob("*.py")}
    starts = [path.relative_to(bot).as_posix() for path, text in texts.items() if STARTS.search(text)]
    assert starts == ["support/subprocesses.py"]


@pytest.mark.parametrize(
    "source",
    [
        "await asyncio.create_subprocess_exec(*command)",
        "await loop.subprocess_shell(made, command)",
        "import subprocess",
        "from subprocess import run",
        "os.spawnv(os.P_WAIT, path, [])",
        "os.posix_spawn(path, [], {})",
        "os.system(command)",
        "pid = os.fork()",
        "from multiprocessing import Process",
        "Popen(command)",
        "(sys.executable, '-m', 'bot')",
    ],
)
def test_another_way_is_seen(source: str) -> None:
    """Each way to start a process is found, and the one that is meant is not taken for one."""
    assert STARTS.search(source)
    assert not STARTS.search("from bot.support import subprocesses\nawait subprocesses.run(command)")


def test_a_crash_leaves_no_image_of_the_memory() -> None:
    """``run`` forbids core dumps, for itself and its children."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    shows = "from bot.support import subprocesses; import resource; subprocesses.forbid_core_dumps(); "
    shows += "print(resource.getrlimit(resource.RLIMIT_CORE))"
    said = subprocess.run([sys.executable, "-c", shows], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "(0, 0)"
    assert resource.getrlimit(resource.RLIMIT_CORE) == before, "the test itself is to stay as it was"
    source = (Path(subprocesses.__file__).parents[1] / "cli/main.py").read_text(encoding="utf-8")
    assert "subprocesses.forbid_core_dumps()" in source


async def test_what_apprise_writes_goes_nowhere() -> None:
    """Its process says how it went by its exit code alone; nothing is read of what it writes, which holds addresses."""
    writes = (sys.executable, "-c", "import sys; print('marked'); sys.stderr.write('marked'); sys.exit(3)")
    assert await subprocesses.run(writes, quiet=True) == subprocesses.Finished(3)
    assert await subprocesses.run(writes) == subprocesses.Finished(3, b"marked\n", b"marked")
    source = inspect.getsource(sender)
    assert source.count("subprocesses.run(") == source.count("quiet=True") == 1


def is_gone(pid: int) -> bool:
    """Whether a process no longer exists, not even as one that nobody has waited for."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


@pytest.mark.parametrize("quiet", [True, False])
async def test_a_child_that_takes_too_long_is_killed(tmp_path: Path, *, quiet: bool) -> None:
    """Also one that ends for no signal that it can refuse, and that reads nothing of a large input."""
    code = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    code += "open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    noted = tmp_path / "pid"
    running = asyncio.create_task(
        subprocesses.run((sys.executable, "-c", code, str(noted)), b"x" * 10**6, 3.0, quiet=quiet)
    )
    with pytest.raises(TimeoutError):
        await running
    if noted.exists():  # a machine under load may not have come so far
        assert is_gone(int(noted.read_text()))


async def test_a_child_ends_with_who_waits_for_it(tmp_path: Path) -> None:
    """A bot that is told to stop leaves no child behind."""
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    noted = tmp_path / "pid"
    running = asyncio.create_task(subprocesses.run((sys.executable, "-c", code, str(noted))))
    await until(lambda: noted.exists() and noted.read_text())
    running.cancel()
    with pytest.raises(asyncio.CancelledError) as ended:  # kept: a process that nobody holds is killed by asyncio
        await running
    assert is_gone(int(noted.read_text())), ended
