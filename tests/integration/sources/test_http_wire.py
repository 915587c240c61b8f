"""What aioresponses bypasses, against real sockets: time, size, compression, cut bodies, redirects, hang-ups."""

import asyncio
import gzip
import json
import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.accounts import FailureKind
from tests.integration.sources.helpers import TOKEN, client, failure, kind_of_failure

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """Serve raw bytes: what no HTTP server would send by itself."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def saying(*pieces: bytes, pause: float = 0.0) -> Talk:
    """Send the pieces with a pause after each, and hang up."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


def with_length(body: bytes, *headers: bytes) -> bytes:
    """Frame a body as a whole answer."""
    return HEAD + b"".join(line + b"\r\n" for line in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def silence(writer: asyncio.StreamWriter) -> None:
    """Take the question and never answer."""
    await asyncio.sleep(2)


async def test_a_whole_answer_is_read() -> None:
    """The harness itself works: a plain, a chunked and a compressed answer come through."""
    page = json.dumps({"credit_monthly": 5}).encode()
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(page), page)
    squeezed = with_length(gzip.compress(page), b"Content-Encoding: gzip")
    for raw in (with_length(page), chunked, squeezed):
        async with talking(saying(raw)) as url, client(url) as asked:
            assert await asked.get_json("/page") == {"credit_monthly": 5}


@pytest.mark.parametrize(
    "talk",
    [
        silence,
        saying(HEAD, pause=1),
        saying(HEAD + b"Content-Length: 100\r\n\r\n{", pause=1),
        saying(HEAD + b"Content-Length: 100\r\n\r\n", *[b" "] * 40, pause=0.02),
        saying(*[b"%c" % byte for byte in HEAD], pause=0.02),
    ],
    ids=["no answer", "half a head", "half a body", "dripping body", "dripping head"],
)
async def test_the_timeout_is_over_the_whole_exchange(talk: Talk) -> None:
    """However slowly an answer comes, and though something always comes, the look ends at its time."""
    loop = asyncio.get_running_loop()
    async with talking(talk) as url, client(url, timeout=0.1) as asked:
        started = loop.time()
        error = await failure(asked)
        assert loop.time() - started < 0.5
    assert error.kind is FailureKind.UNAVAILABLE
    assert error.said.endswith("answer within 0.1 s")
    assert isinstance(error.__cause__, TimeoutError)


async def test_a_refusal_without_its_body_is_no_verdict() -> None:
    """Who never ends the body has not said whose refusal it is."""
    head = b"HTTP/1.1 402 Payment Required\r\nContent-Length: 100\r\n\r\n"
    async with talking(saying(head, pause=1)) as url, client(url, timeout=0.1) as asked:
        error = await failure(asked)
    assert (error.kind, error.said) == (FailureKind.UNAVAILABLE, "The answer breaks off after its status 402")


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b'Content-Length: 100\r\n\r\n{"credit_monthly": 12',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n15\r\n{"credit_monthly": 12\r\n',
        HEAD + b'Connection: close\r\n\r\n{"credit_monthly": 12',
        with_length(b"no gzip at all", b"Content-Encoding: gzip"),
        with_length(gzip.compress(b'{"credit_monthly": 5}' * 99)[:60], b"Content-Encoding: gzip"),
        with_length(b"\x99" * 50, b"Content-Encoding: deflate"),
    ],
    ids=["length", "chunked", "until close", "no gzip", "cut gzip", "no deflate"],
)
async def test_a_cut_body_is_garbled(raw: bytes) -> None:
    """A body that breaks off is never read as what had come of it."""
    async with talking(saying(raw)) as url, client(url) as asked:
        assert await kind_of_failure(asked) is FailureKind.GARBLED


@pytest.mark.parametrize(
    "raw",
    [b"", b"HTTP/1.1 200", b"\x16\x03\x01 not HTTP\r\n\r\n", b"HTTP/1.1 two hundred OK\r\n\r\n", HEAD[:-2]],
    ids=["hang-up", "half a line", "another protocol", "no status", "head without end"],
)
async def test_what_is_no_http_is_unavailable(raw: bytes) -> None:
    """A hang-up or another protocol is no answer."""
    async with talking(saying(raw)) as url, client(url) as asked:
        assert await kind_of_failure(asked) is FailureKind.UNAVAILABLE


async def test_nobody_listening_is_said() -> None:
    """A refused connection is told as one."""
    async with talking(silence) as url:
        pass
    async with client(url) as asked:
        error = await failure(asked)
    assert (error.kind, error.said) == (FailureKind.UNAVAILABLE, "No connection: Connection refused")


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
async def test_the_size_limit_holds_after_decompression(encoding: str) -> None:
    """A body is bounded in memory: 50 MB of blanks in 50 kB of gzip are stopped as 50 MB are."""
    packers: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    raw = with_length(packers[encoding](b" " * 50_000_000), b"Content-Encoding: " + encoding.encode())
    async with talking(saying(raw)) as url, client(url, limit=10_000) as asked:
        error = await failure(asked)
    assert (error.kind, error.said) == (FailureKind.GARBLED, "The answer is larger than 10,000 bytes")


async def test_a_body_at_the_limit_is_read() -> None:
    """The limit is the largest size that is allowed."""
    for size in (1000, 1001):
        async with (
            talking(saying(with_length(b'"' + b"x" * (size - 2) + b'"'))) as url,
            client(url, limit=1000) as asked,
        ):
            if size == 1000:
                assert len(await asked.get_json("/page")) == 998
            else:
                assert await kind_of_failure(asked) is FailureKind.GARBLED


async def test_a_large_error_keeps_its_status() -> None:
    """A broken session with a body beyond the limit is told by its status, which nobody else uses."""
    head = b"HTTP/1.1 596 x\r\nContent-Length: 5000\r\n\r\n"
    async with talking(saying(head + b"x" * 5000)) as url, client(url, limit=1000) as asked:
        error = await failure(asked)
    assert error.kind is FailureKind.BROKEN
    assert "broken" in error.said


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_never_carries_the_token_elsewhere(status: int) -> None:
    """A redirect is not followed, to no host; it is an outage that names the setting."""
    asked_paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked_paths.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"}, text="Moved")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server, client(str(server.make_url("/v2"))) as asked:
        error = await failure(asked)
    assert asked_paths == ["/v2/page"]
    assert error.kind is FailureKind.UNAVAILABLE
    assert "USEAPI_URL" in error.said


async def test_what_the_server_sees() -> None:
    """The server gets token, email and name of the bot, and never a cookie it has set."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        response = web.json_response({})
        response.set_cookie("session", "private")
        return response

    app = web.Application()
    app.router.add_get("/v2/page", answer)
    async with TestServer(app) as server, client(str(server.make_url("/v2/"))) as asked:
        for email in ("bob+studio@example.com", "a&b=c #?%20é@example.com"):
            await asked.get_json("/page", {"email": email})
    assert [request.query["email"] for request in seen] == ["bob+studio@example.com", "a&b=c #?%20é@example.com"]
    assert all(request.headers["Authorization"] == f"Bearer {TOKEN}" for request in seen)
    assert all(request.headers["User-Agent"].startswith("credit-bot/") for request in seen)
    assert all("Cookie" not in request.headers for request in seen)


async def test_no_library_logs_the_token(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, with real connections, no logger at all repeats the token, the email or the answer."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    async with talking(saying(with_length(b'{"plan_name": "Premium"}'))) as url, client(url) as asked:
        await asked.get_json("/page", {"email": "alice@example.com"})
    async with talking(saying(with_length(b"Premium"))) as url, client(url) as asked:
        await failure(asked, params={"email": "alice@example.com"})
    assert "GET /page" in caplog.text
    assert not [private for private in (TOKEN, "alice", "Premium") if private in caplog.text]
