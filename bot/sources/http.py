"""One question to useapi.net: timeout, size limit, body, and every foreign error translated into ``LookError``."""

import asyncio
import json
import logging
import math
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    TCPConnector,
)
from yarl import URL

from bot import __version__
from bot.core.model import OutageKind
from bot.errors import LookError
from bot.sources import words

LONGEST_WAIT: Final = timedelta(hours=1)
"""A server's wish to be left alone is obeyed for so long at most: an account must not go unwatched for a day."""

_log = logging.getLogger(__name__)

_KINDS = {
    400: OutageKind.MISSING,
    401: OutageKind.UNAUTHORIZED,
    402: OutageKind.LAPSED,
    403: OutageKind.UNAUTHORIZED,
    404: OutageKind.MISSING,
    429: OutageKind.THROTTLED,
    596: OutageKind.BROKEN,
}
"""The status codes of useapi.net that say more than "not now"; 596 is its own, for a linked account that broke."""

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
_NO_DEFAULT: Final = object()
_SHORTEST_TOKEN = 6


@asynccontextmanager
async def open_session(connections: int = 20) -> AsyncIterator[ClientSession]:
    """Open the one session that all sources share, and close it at the end.

    It keeps no cookies, and at most ``connections`` questions are in flight: the time another one waits for its turn
    counts towards its timeout, so ask no more than that at once.
    """
    async with ClientSession(
        connector=TCPConnector(limit=connections),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=None),  # Client's own covers the whole exchange
        headers={"Accept": "application/json", "User-Agent": f"credit-bot/{__version__}"},
    ) as session:
        yield session


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """One subscription at useapi.net: its base address and its token, over the shared session.

    ``timeout`` is in seconds, over the whole exchange: connecting, headers and body. ``limit`` is the most bytes of a
    body, after decompression.
    """

    session: ClientSession = field(repr=False)
    base_url: str
    token: str = field(repr=False)
    timeout: float = 30.0
    limit: int = 1024 * 1024

    async def get_json(
        self, path: str, params: Mapping[str, str] | None = None, *, absent: Any = _NO_DEFAULT, times_limit: int = 1
    ) -> Any:
        """Ask for ``base_url + path`` and decode the answer's JSON; redirects are not followed.

        ``absent``, where given, is answered in place of a 404; a long list may be so many times the limit. Only
        ``path`` is ever logged, so whatever is private belongs into ``params``. Raises ``LookError``, and nothing else,
        whatever the server or the network does.
        """
        answer = await self._ask(path, params or {}, times_limit * self.limit)
        if answer.status == 404 and absent is not _NO_DEFAULT:
            return absent
        return self.decoded(self._accepted(answer))

    async def get(self, path: str, params: Mapping[str, str]) -> bytes:
        """Ask for the same, and leave the body as it came, for ``decoded``: one that is known need not be."""
        return self._accepted(await self._ask(path, params, self.limit))

    def decoded(self, body: bytes) -> Any:
        """The JSON of a body, with nothing of the token in it, should it be echoed. Raises ``LookError``."""
        return _decoded(self._without_token(body))

    def _accepted(self, answer: _Answer) -> bytes:
        if answer.status == 200:
            return answer.body
        raise _refusal(answer._replace(body=self._without_token(answer.body)))

    async def _ask(self, path: str, params: Mapping[str, str], limit: int) -> _Answer:
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

    async def _exchange(self, path: str, params: Mapping[str, str], limit: int) -> _Answer:
        response: ClientResponse | None = None
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._head(path, params)
                body = await self._read(response, limit)
        except (TimeoutError, ClientError, OSError, ValueError, LookError) as error:
            if response is None or response.status == 200:
                raise self._trouble(error, response) from error
            body = b""  # the status has already said what matters
        finally:
            if response is not None:
                response.release()
        return _Answer(response.status, response.headers, body)

    def _head(self, path: str, params: Mapping[str, str]) -> Awaitable[ClientResponse]:
        query = "&".join([f"{quote(name)}={quote(value, safe='')}" for name, value in params.items()])
        url = URL(f"{self.base_url.rstrip('/')}{path}{'?' if query else ''}{query}", encoded=True)
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.session.get(url, headers=headers, allow_redirects=False)

    def _trouble(self, error: Exception, response: ClientResponse | None) -> LookError:
        if isinstance(error, LookError):
            return error
        if isinstance(error, TimeoutError):
            what = "No answer" if response is None else "No whole answer"
            return LookError(OutageKind.UNAVAILABLE, f"{what} within {self.timeout:g} s")
        if response is None:
            return LookError(OutageKind.UNAVAILABLE, _failure(error))
        return LookError(OutageKind.GARBLED, "The answer breaks off")

    async def _read(self, response: ClientResponse, limit: int) -> bytes:
        chunks, size = [], 0
        while chunk := await response.content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise LookError(OutageKind.GARBLED, f"The answer is larger than {limit:,} bytes")
        return b"".join(chunks)

    def _without_token(self, body: bytes) -> bytes:
        """Stop an echoed token here, before any word of the answer goes anywhere."""
        token = self.token.encode(errors="replace")
        return body.replace(token, "…".encode()) if len(token) >= _SHORTEST_TOKEN else body


def _failure(error: Exception) -> str:
    """Say in words why there was no answer; the error's own text names addresses and is left out."""
    said = next(text for kind, text in _FAILURES if isinstance(error, kind))
    if not isinstance(error, OSError) or isinstance(error, ClientConnectorDNSError | ClientSSLError):
        return said
    return f"{said}: {os.strerror(error.errno)}" if error.errno else said


def _decoded(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LookError(OutageKind.GARBLED, "The answer is not text") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also for an integer of thousands of digits
        raise LookError(OutageKind.GARBLED, _no_json(text)) from error


def _no_json(text: str) -> str:
    if not text.strip():
        return "The answer is empty"
    said = words.of_text(text)
    return words.one_line(f"The answer is not JSON: {said}" if said else "The answer is not JSON, or cut off")


def _refusal(answer: _Answer) -> LookError:
    text = answer.body.decode(errors="replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value, said = None, words.of_text(text)
    else:
        said = words.of_error(value)
    if said is None or "\ufffd" in said or 300 <= answer.status < 400:
        said = words.of_status(answer.status)
    kind = _KINDS.get(answer.status, OutageKind.UNAVAILABLE)
    return LookError(kind, said, _retry_after(answer, value))


def _retry_after(answer: _Answer, value: object) -> timedelta | None:
    """How long the server asks to be left alone, by its header or, as useapi.net may, in the body; nonsense is none."""
    if answer.status not in (429, 503):
        return None
    header = answer.headers.get("Retry-After", "")
    in_body = value.get("retryAfter") if isinstance(value, dict) else None
    wishes = (_seconds(header), _until(header, answer.headers.get("Date", "")), _seconds(in_body))
    seconds = next((wish for wish in wishes if wish is not None), None)
    return None if seconds is None else min(timedelta(seconds=min(seconds, 1e9)), LONGEST_WAIT)


def _seconds(wish: object) -> float | None:
    if isinstance(wish, bool) or not isinstance(wish, int | float | str):
        return None
    try:
        seconds = float(wish)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(wish: str, now: str) -> float | None:
    """Seconds until an HTTP date. By the server's own ``Date``, so that a wrong clock on this machine is no matter."""
    moment, sent = _http_date(wish), _http_date(now)
    return max(0.0, (moment - sent).total_seconds()) if moment and sent else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
