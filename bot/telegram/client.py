"""Telegram's requests through aiohttp, which the bot has in memory already.

The httpx of python-telegram-bot takes 9 MiB more at its first request (anyio, two TLS contexts). The library accepts
any implementation of ``BaseRequest``.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn, cast

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.support.proxies import Proxy, ProxyError, open_client
from bot.support.tls import tls_reason
from bot.telegram.text.sanitize import clean

SENDING_CONNECTIONS = 16
CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 30.0
LARGEST_ANSWER = 16 * 2**20
"""Bytes after decompression; a hundred of the longest updates are far below."""
LARGEST = {"migrate_to_chat_id": 2**63, "retry_after": 10**7}
"""The largest valid numbers that Telegram adds to a refusal."""


class AiohttpRequest(BaseRequest):
    """One pool of connections to Telegram.

    The text of its errors never holds an address, because that holds the token.
    """

    def __init__(self, connections: int, read_timeout: float, proxy: Proxy | None = None) -> None:
        """``read_timeout``: seconds without a byte before a request fails, unless a call sets others."""
        self._proxy = proxy
        self._connections = connections
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds without a byte before a request fails."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Opens the pool; needs a running loop."""
        if self._session is None or self._session.closed:
            self._session = open_client(self._proxy, self._connections, keepalive=KEEP_ALIVE_SECONDS)

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - BaseRequest's; reading bounds the exchange
        connect_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        pool_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """One request: the status and the body of Telegram's own answer. Raises TimedOut and NetworkError.

        The library judges by the status alone: it takes a firewall's 403 page for a refusal of the chat, and a portal's
        401 for one of the token. Here any answer that is not Telegram's JSON is a network error, for every method.
        Telegram never redirects, so a redirect gets neither the message nor the token.
        """
        await self.initialize()
        session = cast(aiohttp.ClientSession, self._session)
        patience = read_timeout if isinstance(read_timeout, int | float) else self._read_timeout
        timeout = aiohttp.ClientTimeout(
            total=patience + 2 * CONNECT_SECONDS, connect=CONNECT_SECONDS, sock_read=patience
        )
        try:
            async with session.request(
                method, url, data=body_of(request_data), timeout=timeout, allow_redirects=False
            ) as response:
                return checked(response.status, response.headers, await bounded(response))
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            raise NetworkError(words_of(error)) from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> "Answer":
        """Telegram's answer. Raises TelegramError for any other, such as a proxy's."""
        try:
            told = json.loads(payload.decode(errors="replace"))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise TelegramError("Invalid server response")
        said, added = told.get("description"), told.get("parameters")
        added = added if isinstance(added, dict) else {}
        known = {name: number for name, number in added.items() if is_meant(name, number)}
        return Answer({**told, "description": said if isinstance(said, str) else "", "parameters": known})


class Answer(dict[str, Any]):
    """An answer that can lack what the library takes for granted."""

    def __missing__(self, key: str) -> NoReturn:
        """Raises TelegramError where a field such as the result is missing."""
        raise TelegramError("Invalid server response")


def is_meant(name: str, number: object) -> bool:
    """True if a number that Telegram adds to a refusal is valid; the library accepts any value."""
    if not isinstance(number, int) or isinstance(number, bool):
        return False
    return 0 < (number if name == "retry_after" else abs(number)) < LARGEST.get(name, 0)


def checked(status: int, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """The status and the body, if they are Telegram's own. Raises NetworkError for those of a proxy."""
    if is_telegrams(status, body):
        return status, body
    kind = "a redirect" if 300 <= status < 400 else "a page"
    server = clean(headers.get("Server", ""), 40, empty="")
    raise NetworkError(f"something in between answers: {status}, {kind}{f' of {server}' if server else ''}")


def is_telegrams(status: int, body: bytes) -> bool:
    """True if an answer is Telegram's: a result, or a refusal that repeats its own status.

    https://core.telegram.org/bots/api#making-requests
    """
    try:
        told = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return False
    if not isinstance(told, dict):
        return False
    if 200 <= status < 300:
        return told.get("ok") is True and "result" in told
    return told.get("ok") is False and told.get("error_code") == status


async def bounded(response: aiohttp.ClientResponse) -> bytes:
    """The body of an answer. Raises NetworkError if it is larger than any of Telegram's."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise NetworkError("the answer is too large to be Telegram's")
    return bytes(body)


def body_of(request_data: RequestData | None) -> aiohttp.FormData | None:
    """The parameters as a form, with files if there are any."""
    if request_data is None:
        return None
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    if request_data.contains_files:
        for name, (file_name, content, kind) in request_data.multipart_data.items():
            form.add_field(name, content, filename=file_name, content_type=kind)
    return form


def words_of(error: aiohttp.ClientError) -> str:
    """The error without the address."""
    if isinstance(error, ProxyError):
        return str(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        if why := tls_reason(error):
            return f"no connection to {error.host}: {why}"
        return f"no connection to {error.host}: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return "the connection ended without an answer"
    return type(error).__name__


def make_bot(token: str, api_url: str, proxy: Proxy | None = None) -> Bot:
    """Telegram's client: sending and polling have separate connections, so neither waits for the other."""
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=AiohttpRequest(SENDING_CONNECTIONS, read_timeout=20, proxy=proxy),
        get_updates_request=AiohttpRequest(1, read_timeout=10, proxy=proxy),
    )
