"""Each command of docs/operations.md is one that exists, and what the page shows of an answer is what is printed."""

import re
import shlex
from pathlib import Path

import pytest

from bot.cli.main import parser

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line[2:] for block in BLOCKS for line in block.splitlines() if line[:2] in ("# ", "$ ")]
OURS = [shlex.split(line)[1:] for line in COMMANDS if line.startswith("credit-bot ")]
OTHERS = {"docker", "echo", "git", "install", "journalctl", "pipx", "promtool", "python3", "systemctl", "cp", "uvx"}
GOLDEN = "\n".join(
    (ROOT / f"tests/golden/{name}.txt").read_text(encoding="utf-8") for name in ("backup", "doctor", "check")
)


def test_the_page_has_commands() -> None:
    """Else the tests below would hold nothing."""
    assert len(BLOCKS) > 10
    assert {arguments[0] for arguments in OURS} == {"doctor", "check", "health", "backup", "restore", "demo", "run"}


@pytest.mark.parametrize("arguments", OURS, ids=" ".join)
def test_a_command_of_ours_is_understood(arguments: list[str]) -> None:
    """With its arguments, as it stands."""
    assert parser().parse_args(arguments).command == arguments[0]


def test_every_other_command_is_a_known_one_and_its_files_are_there() -> None:
    """What is named of the repository is in it."""
    for line in COMMANDS:
        words = shlex.split(line)
        if words[0] != "credit-bot":
            assert words[0] in OTHERS or words[0].startswith("/opt/credit-bot/bin/"), line
        for word in words:
            if re.match(r"(deploy/|requirements|settings\.example)", word):
                assert (ROOT / word).is_file(), line


def shape(line: str) -> str:
    """A line without what differs from one machine to the next."""
    line = re.sub(r"\d+(\.\d+)*", "N", line)
    line = re.sub(r"(/\S+/)?[\w-]+\.(zip|db)(\.before-\w+\.zip)?", "FILE", line)
    line = re.sub(r"\b(alert|account|reading|chat)s?\b", r"\1", line)
    return line.replace("messages that wait", "message that waits").replace("fires", "fire").replace("NNNN", "N")


def test_the_reports_are_those_that_are_printed() -> None:
    """Of backup and restore, by the golden files."""
    printed = {shape(line).replace("N h ago", "N min ago").replace("N.N.N", "N") for line in GOLDEN.splitlines()}
    shown = [
        shape(line)
        for block in BLOCKS
        for line in block.splitlines()
        if line.startswith(("Backed up", "It holds", "No token", "Restored", "What was there", "Start the bot"))
    ]
    assert len(shown) >= 9
    assert {line for line in shown if line not in printed} == set()
