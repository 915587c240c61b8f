"""One request to useapi.net: timeout, size limit, body, and every foreign error as a ``SourceError``."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    InvalidURL,
    NonHttpUrlClientError,
    ServerDisconnectedError,
)
from yarl import URL

from bot import __version__
from bot.domain.accounts import FailureKind
from bot.sources.useapi.entries import entries_of
from bot.sources.useapi.failures import Answer, decode
from bot.support.errors import SourceError
from bot.support.proxies import Proxy, ProxyError, open_client
from bot.support.tls import tls_reason

_log = logging.getLogger(__name__)

_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (ClientConnectorDNSError, "The server's name cannot be found (DNS)"),
    (ClientSSLError, "The server's TLS certificate is not trusted, or TLS failed"),
    (ClientConnectorError, "No connection"),
    (ServerDisconnectedError, "The server hung up without an answer"),
    (InvalidURL, "The address is none: check USEAPI_URL"),
    (NonHttpUrlClientError, "The address is none: check USEAPI_URL"),
    (ClientResponseError, "The answer is not HTTP"),
    (ClientError, "The connection broke"),
    (OSError, "The connection broke"),
    (ValueError, "The question cannot be sent: check USEAPI_URL and the token"),
)
_SHORTEST_TOKEN = 6
TIMEOUT_S = 30.0


@asynccontextmanager
async def open_session(connections: int = 20, proxy: Proxy | None = None) -> AsyncIterator[ClientSession]:
    """The one session of all sources; closed at the end.

    It keeps no cookies, and runs at most ``connections`` requests: the wait of another one counts towards its timeout,
    so send no more than that at once.
    """
    headers = {"Accept": "application/json", "User-Agent": f"credit-bot/{__version__}"}
    async with open_client(proxy, connections, headers=headers) as session:  # Client's timeout covers the exchange
        yield session


@dataclass(frozen=True, slots=True)
class Client:
    """One subscription at useapi.net: its base address and its token, over the shared session.

    ``timeout`` is in seconds, over the whole exchange: connecting, headers and body. ``limit`` is the most bytes of a
    body, after decompression.
    """

    session: ClientSession = field(repr=False)
    base_url: str
    token: str = field(repr=False)
    timeout: float = TIMEOUT_S
    limit: int = 1024 * 1024

    def at(self, version: str) -> "Client":
        """The same subscription at another version of the pages; the base address ends with ``/v2``."""
        return self if version == "v2" else replace(self, base_url=f"{self.base_url.removesuffix('/v2')}/{version}")

    async def get_json(self, path: str, params: Mapping[str, str] | None = None, *, times_limit: int = 1) -> Any:
        """The JSON of the answer to ``base_url + path``; redirects are not followed.

        A long list can have ``times_limit`` times the limit. Only ``path`` is ever logged, so private values belong in
        ``params``; one whose name stands in braces in ``path`` becomes a part of that. Raises ``SourceError``, and
        nothing else, whatever the server or the network does.
        """
        return self.decoded(await self._ask(path, params or {}, times_limit * self.limit))

    async def get(self, path: str, params: Mapping[str, str], *, times_limit: int = 1) -> Answer:
        """The answer itself, for ``decoded``: a known one need not be decoded."""
        return await self._ask(path, params, times_limit * self.limit)

    def decoded(self, answer: Answer) -> Any:
        """The JSON of a good answer, without an echoed token. Raises ``SourceError``."""
        return decode(answer._replace(body=self._without_token(answer.body)))

    def entries(self, answer: Answer, name: str) -> Iterator[Any]:
        """The entries of a list in a good answer, one by one.

        Raises ``ValueError`` or ``RecursionError``, perhaps after some; ``decoded`` then says what is wrong.
        """
        if answer.status != 200:
            raise ValueError("no good answer")
        return entries_of(self._without_token(answer.body).decode("utf-8-sig"), name)

    async def _ask(self, path: str, params: Mapping[str, str], limit: int) -> Answer:
        started = asyncio.get_running_loop().time()
        status, size = "failed", 0
        try:
            answer = await self._exchange(path, params, limit)
            status, size = str(answer.status), len(answer.body)
        finally:
            if _log.isEnabledFor(logging.DEBUG):
                elapsed = asyncio.get_running_loop().time() - started
                _log.debug("GET %s: %s, %.0f ms, %d bytes", path, status, elapsed * 1000, size)
        return answer

    async def _exchange(self, path: str, params: Mapping[str, str], limit: int) -> Answer:
        response: ClientResponse | None = None
        cut = False
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._head(path, params)
                body = await self._read(response, limit)
        except (TimeoutError, ClientError, OSError, ValueError, SourceError) as error:
            if response is None or response.status == 200:
                raise self._trouble(error, response) from error
            body, cut = b"", True
        finally:
            if response is not None:
                response.release()
        return Answer(response.status, response.headers, body, cut)

    def _head(self, path: str, params: Mapping[str, str]) -> Awaitable[ClientResponse]:
        rest = dict[str, str]()
        for name, value in params.items():
            place, text = f"{{{name}}}", quote(value, safe="")
            if place in path:
                path = path.replace(place, text)
            else:
                rest[quote(name)] = text
        query = "&".join([f"{name}={text}" for name, text in rest.items()])
        url = URL(f"{self.base_url.rstrip('/')}{path}{'?' if query else ''}{query}", encoded=True)
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.session.get(url, headers=headers, allow_redirects=False)

    def _trouble(self, error: Exception, response: ClientResponse | None) -> SourceError:
        if isinstance(error, SourceError):
            return error
        if isinstance(error, TimeoutError):
            what = "No answer" if response is None else "No whole answer"
            return SourceError(FailureKind.UNAVAILABLE, f"{what} within {self.timeout:g} s")
        if response is None:
            return SourceError(FailureKind.UNAVAILABLE, _failure(error))
        return SourceError(FailureKind.GARBLED, "The answer breaks off")

    async def _read(self, response: ClientResponse, limit: int) -> bytes:
        chunks, size = [], 0
        while chunk := await response.content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise SourceError(FailureKind.GARBLED, f"The answer is larger than {limit:,} bytes")
        return b"".join(chunks)

    def _without_token(self, body: bytes) -> bytes:
        """Removes an echoed token, before any part of the answer is used."""
        token = self.token.encode(errors="replace")
        return body.replace(token, "…".encode()) if len(token) >= _SHORTEST_TOKEN else body


def _failure(error: Exception) -> str:
    """Why there was no answer, in words; the error's own text names addresses and is dropped."""
    if isinstance(error, ProxyError):
        return str(error)
    if why := tls_reason(error):
        return f"No connection: {why}"
    said = next(text for kind, text in _FAILURES if isinstance(error, kind))
    if not isinstance(error, OSError) or isinstance(error, ClientConnectorDNSError | ClientSSLError):
        return said
    return f"{said}: {os.strerror(error.errno)}" if error.errno else said
