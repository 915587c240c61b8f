"""What every test shares."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core
import pytest

_SENT: Any = SimpleNamespace(output_size=0)


class _ClientResponse(aiohttp.ClientResponse):
    """aioresponses 0.7.9 makes responses without what aiohttp 3.14 asks for (pnuckowski/aioresponses#289)."""

    def __init__(self, *args: Any, stream_writer: Any = _SENT, **kwargs: Any) -> None:
        super().__init__(*args, stream_writer=stream_writer, **kwargs)


@pytest.fixture(autouse=True)
def _aioresponses_fits_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioresponses.core, "ClientResponse", _ClientResponse)
