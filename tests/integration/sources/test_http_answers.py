import asyncio
import errno
import logging
import socket

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aioresponses import aioresponses

from bot.domain.accounts import FailureKind
from tests.integration.sources.helpers import BASE, SAMPLES, TOKEN, client, failure

URL = f"{BASE}/page"
_KEY = ConnectionKey("api.useapi.test", 443, True, True, None, None, None)


async def test_the_question_carries_token_and_encoded_parameters() -> None:
    """The token goes into the header only, and a plus in an email reaches the server as a plus."""
    with aioresponses() as server:
        server.get(f"{URL}?email=bob%2Bstudio@example.com", payload={"ok": 1})
        async with client(f"{BASE}/") as asked:
            assert await asked.get_json("/page", {"email": "bob+studio@example.com"}) == {"ok": 1}
        ((_, url), (call,)) = next(iter(server.requests.items()))
    assert "bob%2Bstudio@" in str(url)
    assert call.kwargs["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert call.kwargs["allow_redirects"] is False


async def test_what_the_server_said_is_repeated() -> None:
    """The cause is told in the server's own words."""
    with aioresponses() as server:
        server.get(URL, status=404, body=(SAMPLES / "error_text.json").read_bytes())
        async with client() as asked:
            error = await failure(asked)
    assert (error.said, error.status) == ("Account alice@example.com not found", 404)


async def test_an_echoed_token_is_left_out() -> None:
    """A server that repeats the token does not bring it into a message, as error or in a good answer."""
    with aioresponses() as server:
        server.get(URL, status=401, payload={"error": f"Token {TOKEN} is unknown"})
        server.get(URL, payload={"plan_name": TOKEN})
        async with client() as asked:
            assert (await failure(asked)).said == "Token … is unknown"
            assert await asked.get_json("/page") == {"plan_name": "…"}
            assert TOKEN not in repr(asked)


async def test_a_byte_order_mark_is_no_fault() -> None:
    """JSON that begins with a byte order mark is read."""
    with aioresponses() as server:
        server.get(URL, body=b'\xef\xbb\xbf{"a": 1}')
        async with client() as asked:
            assert await asked.get_json("/page") == {"a": 1}


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (TimeoutError(), "No answer within 30 s"),
        (aiohttp.ServerTimeoutError(), "No answer within 30 s"),
        (aiohttp.ClientConnectorDNSError(_KEY, socket.gaierror(-2, "x")), "The server's name cannot be found (DNS)"),
        (aiohttp.ClientConnectorError(_KEY, OSError(errno.ECONNREFUSED, "x")), "No connection: Connection refused"),
        (aiohttp.ClientConnectorError(_KEY, OSError("Multiple")), "No connection"),
        (
            aiohttp.ClientConnectorCertificateError(_KEY, ValueError("x")),
            "The server's TLS certificate is not trusted, or TLS failed",
        ),
        (
            aiohttp.ClientConnectorSSLError(_KEY, OSError(1, "x")),
            "The server's TLS certificate is not trusted, or TLS failed",
        ),
        (aiohttp.ServerDisconnectedError(), "The server hung up without an answer"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "The connection broke: Connection reset by peer"),
        (aiohttp.ClientPayloadError(), "The connection broke"),
        (ValueError("x"), "The question cannot be sent: check USEAPI_URL and the token"),
    ],
)
async def test_no_answer_is_unavailable_and_says_why(cause: Exception, said: str) -> None:
    """Every way of the network to fail is told in words, without addresses, and keeps its cause."""
    with aioresponses() as server:
        server.get(URL, exception=cause)
        async with client() as asked:
            error = await failure(asked)
    assert (error.kind, error.said) == (FailureKind.UNAVAILABLE, said)
    assert error.__cause__ is cause


@pytest.mark.parametrize("base", ["nonsense", "https://", "ftp://example.com", "https://[::1", "http://a:b@c:99999"])
async def test_an_address_that_is_none_is_said(base: str) -> None:
    """A base address that cannot be asked is an outage that names the setting, and no traceback."""
    async with client(base) as asked:
        error = await failure(asked)
    assert error.kind is FailureKind.UNAVAILABLE
    assert "USEAPI_URL" in error.said


async def test_a_cancelled_question_stays_cancelled() -> None:
    """Stopping the bot is no outage."""
    with aioresponses() as server:
        server.get(URL, exception=asyncio.CancelledError())
        async with client() as asked:
            with pytest.raises(asyncio.CancelledError):
                await asked.get_json("/page")


async def test_the_log_holds_nothing_private(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, a look logs path, status, time and size: no token, email, link or word of the answer."""
    caplog.set_level(logging.DEBUG)
    with aioresponses() as server:
        server.get(f"{URL}?email=a@b.c", payload={"invoice_url": "https://stripe.test/1", "plan_name": "Premium"})
        server.get(f"{URL}?email=a@b.c", status=500, body=f"Premium {TOKEN}")
        server.get(f"{URL}?email=a@b.c", exception=aiohttp.ServerDisconnectedError(TOKEN))
        async with client() as asked:
            await asked.get_json("/page", {"email": "a@b.c"})
            await failure(asked, params={"email": "a@b.c"})
            await failure(asked, params={"email": "a@b.c"})
    ours = [record.getMessage() for record in caplog.records if record.name == "bot.sources.useapi.client"]
    assert [line.split(" ")[:3] for line in ours] == [
        ["GET", "/page:", "200,"],
        ["GET", "/page:", "500,"],
        ["GET", "/page:", "failed,"],
    ]
    for private in (TOKEN, "a@b.c", "stripe", "Premium", "email"):
        assert private not in caplog.text
