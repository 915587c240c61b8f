"""The command line: its words, its exit codes, and that no wrong input ends in a traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot import __version__
from bot.cli import main
from bot.storage.migrate import upgrade
from bot.support import systemd
from bot.support.errors import DatabaseUnusableError, UsageError

ROOT = Path(__file__).parents[3]
COMMANDS = ["run", "check", "doctor", "demo", "health", "backup", "restore"]
TOKENS = "USEAPI_TOKEN=user:1234-Zm9vYmFyc2VjcmV0\nTELEGRAM_BOT_TOKEN=7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and an environment without anybody's settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("USEAPI_TOKEN", "TELEGRAM_BOT_TOKEN", "HTTP_LISTEN", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def code_of(arguments: Sequence[str]) -> int:
    """The exit code of a command line, wherever it ends."""
    try:
        return main.main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_everywhere(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` explains the whole and every command, and is no error."""
    assert code_of(arguments) == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: credit-bot")
    assert "--env-file PATH" in said


def test_the_help_lists_the_contracts_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of the contract is named with a line."""
    code_of(["--help"])
    said = capsys.readouterr().out
    assert all(f"\n    {name} " in said for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` names the program and its version."""
    assert code_of(["--version"]) == 0
    assert capsys.readouterr().out == f"credit-bot {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["walk"], ["run", "now"], ["run", "--fast"], ["--env-file"], ["demo", "--seconds", "soon"]],
    ids=" ".join,
)
def test_wrong_words_are_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong words end with 64, never with 2, which is what ``check`` says of a critical account; and say the way."""
    assert code_of(arguments) == 64
    said = capsys.readouterr().err
    assert "Try: credit-bot" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["run", "check", "doctor"])
def test_bad_settings_are_78(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings that cannot be used end each command with 78 and all faults, one line each."""
    assert code_of([command]) == 78
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "The settings cannot be used:"
    assert [line.strip().split(":")[0] for line in said[1:]] == ["USEAPI_TOKEN", "TELEGRAM_BOT_TOKEN"]


def test_health_knows_0_and_1_only(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``health`` needs HTTP_LISTEN alone; it says 1 where that is wrong or empty, and for a bot that is not there."""
    (elsewhere / "settings.env").write_text("HTTP_LISTEN=here\n")
    assert code_of(["health"]) == 1
    assert "The settings cannot be used: HTTP_LISTEN" in capsys.readouterr().out
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (elsewhere / "settings.env").write_text(f"NONSENSE=1\nHTTP_LISTEN=127.0.0.1:{taken.getsockname()[1]}\n")
        assert code_of(["health"]) == 1
    assert "The bot does not answer at 127.0.0.1" in capsys.readouterr().out
    (elsewhere / "settings.env").write_text(f"{TOKENS}HTTP_LISTEN=\n")
    assert code_of(["health"]) == 1
    assert "HTTP_LISTEN is empty" in capsys.readouterr().out


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_env_file_before_and_after_the_command(
    elsewhere: Path, before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--env-file`` is heard on either side of the command."""
    (elsewhere / "other.env").write_text("NONSENSE=1\n")
    option = ["--env-file", "other.env"]
    assert code_of([*option, "run"] if before else ["run", *option]) == 78
    assert "other.env, line 1: NONSENSE is not a setting" in capsys.readouterr().err


def test_a_missing_env_file_is_78(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was asked for and is not there is a fault of the settings."""
    assert code_of(["run", "--env-file", "nothing.env"]) == 78
    assert "nothing.env: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DatabaseUnusableError("x.db is in use."), 69, "credit-bot: x.db is in use.\n"),
        (UsageError("“x” fits no account."), 64, "credit-bot: “x” fits no account.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=["69", "64", "130"],
)
def test_errors_are_words_and_codes(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each error of ours is said in words with its exit code, without a traceback; Ctrl-C says nothing."""

    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(main, "run", fail)
    assert code_of(["run"]) == code
    assert capsys.readouterr().err == words


@pytest.mark.parametrize("module", ["fcntl", "resource"])
def test_a_system_that_is_no_unix_is_one_line_and_69(elsewhere: Path, module: str) -> None:
    """As on Windows, which has no such module; the help and the version work there all the same."""
    (elsewhere / "settings.env").write_text(f"{TOKENS}USEAPI_URL=http://127.0.0.1:9/v2\nHTTP_LISTEN=\n")
    commands = ("run", "check", "doctor", "demo")
    hidden = f"import sys; sys.modules[{module!r}] = None; from bot.cli.main import main; "
    ended = subprocess.run(
        [sys.executable, "-c", f"{hidden} print(*(main([command]) for command in {commands}))"],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    line = f"credit-bot: {sys.platform} is not a Unix: run it on Linux or macOS, or in WSL or Docker.\n"
    assert (ended.stdout, ended.stderr) == ("69 69 69 69\n", 4 * line)


def test_another_missing_module_is_no_matter_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a defect of the installation, with a traceback."""

    def fail(_: object) -> int:
        raise ModuleNotFoundError("No module named 'telegram'", name="telegram")

    monkeypatch.setattr(main, "run", fail)
    with pytest.raises(ModuleNotFoundError):
        main.main(["run"])


def test_run_ends_with_69_where_the_database_cannot_be_had(elsewhere: Path) -> None:
    """From outside: a missing folder for the database ends ``run`` with 69, one line, and no traceback."""
    (elsewhere / "settings.env").write_text(f"{TOKENS}DATABASE_URL=sqlite:///missing/bot.db\nHTTP_LISTEN=\n")
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 69
    assert ended.stderr == ("credit-bot: DATABASE_URL: the folder missing does not exist. Make it, or name another.\n")


def test_a_closed_pipe_is_no_traceback(elsewhere: Path) -> None:
    """``credit-bot --help | head -1`` and the like end quietly."""
    code = (
        "import sys; from bot.cli import main; main.health = lambda _: print('x' * 10**6) or 0\n"
        "sys.exit(main.main(['health']))"
    )
    ended = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ended.stdout is not None
    assert ended.stderr is not None
    ended.stdout.close()
    said = ended.stderr.read()
    ended.stderr.close()
    assert ended.wait(timeout=60) == 141
    assert said == ""


def listening(path: str) -> socket.socket:
    """A supervisor's socket."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(path)
    channel.settimeout(10)
    return channel


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    """Each state is one datagram to the socket that systemd names, by path or as an abstract name."""
    name = f"credit-bot-{os.getpid()}" if abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
    with listening(f"\0{name}" if abstract else name) as channel:
        for state in ("READY=1", "WATCHDOG=1", "STOPPING=1"):
            systemd.notify(state)
            assert channel.recv(100) == state.encode()


def test_without_systemd_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere, or with a supervisor that is gone, telling is no error."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    systemd.notify("READY=1")


def test_backup_and_restore_need_no_token(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither token is given, and a secret's file that cannot be read is no obstacle; other faults end with 78."""
    upgrade("bot.db")
    settings = elsewhere / "settings.env"
    settings.write_text("DATABASE_URL=sqlite:///bot.db\nUSEAPI_TOKEN_FILE=/no/such/file\n")
    assert code_of(["backup", "a.zip"]) == 0
    settings.write_text("DATABASE_URL=sqlite:///new.db\n")
    assert code_of(["restore", "a.zip"]) == 0
    assert Path("new.db").exists()
    for wrong in ("DATABASE_URL=mysql://x", "CHECK_EVERY=soon", "DATABSE_URL=sqlite:///bot.db", "nonsense"):
        settings.write_text(f"{wrong}\n")
        for command in ("backup", "restore"):
            assert code_of([command, "b.zip"]) == 78, wrong
    assert not Path("b.zip").exists()
    settings.unlink()
    assert code_of(["backup", "b.zip", "--env-file", "studio.env"]) == 78
    assert code_of(["backup", "b.zip"]) == 69
    assert code_of(["restore", "none.zip"]) == 69
    assert code_of(["backup"]) == 64
    assert "Traceback" not in capsys.readouterr().err
