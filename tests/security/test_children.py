"""The processes that the bot starts: what they know, what they import, and what others can see of them."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bot.features.fallback import apprise_process, sender
from bot.features.fallback.sender import Apprise, PlainMessage
from bot.features.history import drawing
from bot.storage.database import Store
from bot.support import subprocesses

SECRETS = {
    "USEAPI_TOKEN": "user:1-marked0123456789",
    "TELEGRAM_BOT_TOKEN": "123456:marked-0123456789-0123456789-012",
    "HEARTBEAT_URL": "https://hc.example.com/marked",
    "FALLBACK_URLS": "ntfy://marked",
    "STUDIO_TOKEN": "user:2-marked0123456789",
    "AWS_SECRET_ACCESS_KEY": "marked",
}
SHOWS = ("-c", "import os, sys, json; json.dump(dict(os.environ), open(sys.argv[1], 'w'))")


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


def test_the_drawing_process_gets_none() -> None:
    """The library that draws, and what it loads see no token of the bot's."""
    one = drawing.ChartRenderer()
    assert "marked" not in str(one._environment())
    one.close()


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
    """Every place that starts a process does so through this module; whoever adds one finds this test."""
    bot = Path(subprocesses.__file__).parents[1]
    starts = [path for path in bot.rglob("*.py") if "subprocess" in path.read_text(encoding="utf-8")]
    assert {path.name for path in starts} == {"drawing.py", "sender.py", "database.py"}
    for path in starts:
        text = path.read_text(encoding="utf-8")
        assert "sys.executable" not in text
        assert "subprocesses.environment(" in text


def test_a_crash_leaves_no_image_of_the_memory() -> None:
    """``run`` forbids core dumps, for itself and its children."""
    shows = "from bot.support import subprocesses; import resource; subprocesses.forbid_core_dumps(); "
    shows += "print(resource.getrlimit(resource.RLIMIT_CORE))"
    said = subprocess.run([sys.executable, "-c", shows], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "(0, 0)"
    assert resource.getrlimit(resource.RLIMIT_CORE)[1] != 0, "the test itself is to stay as it was"
    source = (Path(subprocesses.__file__).parents[1] / "cli/main.py").read_text(encoding="utf-8")
    assert "subprocesses.forbid_core_dumps()" in source


def test_what_apprise_writes_goes_nowhere() -> None:
    """Its process says how it went by its exit code alone; nothing is read of what it writes, which holds addresses."""
    source = (Path(apprise_process.__file__).parent / "sender.py").read_text(encoding="utf-8")
    assert source.count("stdout=asyncio.subprocess.DEVNULL") == source.count("create_subprocess_exec(") == 1
    assert source.count("stderr=asyncio.subprocess.DEVNULL") == 1
