"""What every test shares."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core
import hypothesis
import pytest

from bot.storage.database import Store
from tests.support.fakes import Postroom, World, copy_of, world_in

# Under coverage, on a busy machine, an example may take its time. CI tries more of them than a developer waits for, and
# `pytest --hypothesis-profile long tests/fuzz` as many as a night has room for.
for name, examples in (("quick", 25), ("ci", 100), ("long", 5000)):
    hypothesis.settings.register_profile(
        name, deadline=None, max_examples=examples, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "quick")

SYSTEM = Path(__file__).parent / "system"
"""The third tier: the bot over days, in earnest, or with everything going wrong."""

_SENT: Any = SimpleNamespace(output_size=0)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks what belongs to the third tier, which `make test` leaves out and `make check` runs."""
    if item.path.is_relative_to(SYSTEM):
        item.add_marker(pytest.mark.system)


class _ClientResponse(aiohttp.ClientResponse):
    """aioresponses 0.7.9 makes responses without what aiohttp 3.14 asks for (pnuckowski/aioresponses#289)."""

    def __init__(self, *args: Any, stream_writer: Any = _SENT, **kwargs: Any) -> None:
        super().__init__(*args, stream_writer=stream_writer, **kwargs)


@pytest.fixture(autouse=True)
def _aioresponses_fits_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioresponses.core, "ClientResponse", _ClientResponse)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the present schema, made once: the migrations take longer than most tests."""
    from bot.storage.migrate import upgrade

    path = tmp_path_factory.mktemp("template") / "bot.db"
    upgrade(str(path))
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """A database of a test's own."""
    return copy_of(template, tmp_path)


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    """The open database."""
    opened = await Store.open(str(database))
    yield opened
    await opened.close()


@pytest.fixture
async def world(database: Path) -> AsyncIterator[World]:
    """The parts that look and decide, on a real store, with a source and a clock of the test's own."""
    async with world_in(database) as made:
        yield made


@pytest.fixture
def postroom(store: Store) -> Postroom:
    """The outbox on a real store, with a post and a timer of the test's own."""
    return Postroom.on(store)
