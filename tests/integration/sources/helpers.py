"""What the tests of the sources share: samples, a clock that stands still, and a client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.domain.accounts import FailureKind
from bot.sources.useapi.client import Client, open_session
from bot.support.errors import SourceError

SAMPLES = Path(__file__).parent / "samples"
BASE = "https://api.useapi.test/v2"
TOKEN = "user:1234-topsecretTOKEN5678"
NOW = datetime(2026, 6, 24, 14, 3, tzinfo=UTC)


def sample(name: str) -> Any:
    """Load a recorded page."""
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def clock() -> datetime:
    """Tell the same moment always."""
    return NOW


@asynccontextmanager
async def client(base_url: str = BASE, **limits: Any) -> AsyncIterator[Client]:
    """Open a client with the session that the bot itself uses."""
    async with open_session() as session:
        yield Client(session, base_url, TOKEN, **limits)


async def failure(asked: Client, path: str = "/page", params: dict[str, str] | None = None) -> SourceError:
    """Ask a question that must fail, and give the error."""
    try:
        answer = await asked.get_json(path, params)
    except SourceError as error:
        return error
    raise AssertionError(f"no failure, but {answer!r}")


async def kind_of_failure(asked: Client) -> FailureKind:
    """Ask a question that must fail, and give the outage's kind."""
    return (await failure(asked)).kind
