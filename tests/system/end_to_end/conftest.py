"""Worlds for the bot to live in."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.features.history.drawing import COMMAND
from tests.support.world import ANN, BOB, GROUP, PATIENCE, ROOT, World


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))


@pytest.fixture
async def new_world(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world in which nobody has been greeted yet, and where a hosted bot need not pause between messages.

    A picture may take its time, for on a busy machine the start of its process alone takes some.
    """
    monkeypatch.setattr("bot.outbox.pacing.CHAT_PAUSE_S", 0.05)
    monkeypatch.setattr("bot.features.history.drawing.ChartRenderer.__init__.__defaults__", (COMMAND, PATIENCE))
    world = World(tmp_path, template)
    async with world.pixverse, world.telegram:
        world.greeted()
        yield world
        await world.end()


@pytest.fixture
async def world(new_world: World) -> World:
    """A world in which the bot has greeted everybody before, so that the first message is the one a test is about."""
    new_world.greeted(ANN, BOB, GROUP)
    return new_world


@pytest.fixture
async def strict_world(tmp_path: Path, template: Path) -> AsyncIterator[World]:
    """The same at Telegram's real pace and limits: about one message a second in a chat, twenty a minute in a group."""
    world = World(tmp_path, template, limits=True)
    async with world.pixverse, world.telegram:
        world.greeted(ANN, BOB, GROUP)
        yield world
        await world.end()


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the process that stands for Apprise writes down what it is given to send."""
    file = tmp_path / "letters"
    code = "import sys; given = sys.stdin.read(); 'title' in given and open(sys.argv[1], 'a').write(given + '\\n')"
    monkeypatch.setattr(
        "bot.features.fallback.sender.Apprise.__init__.__defaults__", ((sys.executable, "-c", code, str(file)), 20.0)
    )
    monkeypatch.setattr("bot.features.fallback.sender.LOOK_EVERY", 0.05)
    return file
