import asyncio
import errno
import logging
import socket
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aioresponses import aioresponses

from bot.core.model import OutageKind
from bot.sources.http import LONGEST_WAIT
from tests.sources.helpers import BASE, SAMPLES, TOKEN, client, failure

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


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, OutageKind.MISSING),
        (401, OutageKind.UNAUTHORIZED),
        (402, OutageKind.LAPSED),
        (403, OutageKind.UNAUTHORIZED),
        (404, OutageKind.MISSING),
        (429, OutageKind.THROTTLED),
        (596, OutageKind.BROKEN),
        *((status, OutageKind.UNAVAILABLE) for status in (201, 204, 301, 302, 307, 408, 412, 418, 422)),
        *((status, OutageKind.UNAVAILABLE) for status in (500, 501, 502, 503, 504, 520, 595, 599)),
    ],
)
async def test_every_status_is_the_right_outage(status: int, kind: OutageKind) -> None:
    """Each code of useapi.net becomes its kind, whatever the body; everything unknown is unavailable."""
    for body in ("", '{"error": "said so"}', "<html>", "[" * 100_000, '{"credit_monthly": 5}'):
        with aioresponses() as server:
            server.get(URL, status=status, body=body)
            async with client() as asked:
                error = await failure(asked)
        assert error.kind is kind
        assert error.said


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("error_code.json", 401, "Unauthorized"),
        ("error_text.json", 404, "Account alice@example.com not found"),
        ("error_object.json", 596, "The session of the linked account is broken"),
        ("error_message.json", 429, "Too many requests"),
        ("error_page.html", 502, "502 Bad Gateway"),
        ("error_plain.txt", 404, "Configuration not found. To create configuration use POST /accounts/email."),
    ],
)
async def test_what_the_server_said_is_repeated(name: str, status: int, said: str) -> None:
    """The cause is told in the server's own words, out of every recorded shape of error."""
    with aioresponses() as server:
        server.get(URL, status=status, body=(SAMPLES / name).read_bytes())
        async with client() as asked:
            assert (await failure(asked)).said == said


async def test_words_are_found_where_the_server_said_none() -> None:
    """An empty, binary or silent answer is named by its status."""
    for body in (b"", b"\xff\xfe\x00\x01", b'{"code": 503}', b'{"error": "cut o'):
        with aioresponses() as server:
            server.get(URL, status=503, body=body)
            async with client() as asked:
                assert (await failure(asked)).said == "Service Unavailable"


async def test_an_echoed_token_is_left_out() -> None:
    """A server that repeats the token does not bring it into a message, as error or in a good answer."""
    with aioresponses() as server:
        server.get(URL, status=401, payload={"error": f"Token {TOKEN} is unknown"})
        server.get(URL, payload={"plan_name": TOKEN})
        async with client() as asked:
            assert (await failure(asked)).said == "Token … is unknown"
            assert await asked.get_json("/page") == {"plan_name": "…"}
            assert TOKEN not in repr(asked)


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"Retry-After": "30"}, {}, timedelta(seconds=30)),
        ({"Retry-After": "0"}, {}, timedelta(0)),
        ({"Retry-After": "1.5"}, {}, timedelta(seconds=1.5)),
        ({"Retry-After": "86400"}, {}, LONGEST_WAIT),
        ({"Retry-After": "9" * 300}, {}, LONGEST_WAIT),
        ({"Retry-After": "-5"}, {}, None),
        ({"Retry-After": "nan"}, {}, None),
        ({"Retry-After": "inf"}, {}, None),
        ({"Retry-After": "soon"}, {}, None),
        ({"Retry-After": "soon"}, {"retryAfter": 7}, timedelta(seconds=7)),
        ({}, {"retryAfter": 12}, timedelta(seconds=12)),
        ({}, {"retryAfter": "12"}, timedelta(seconds=12)),
        ({}, {"retryAfter": True}, None),
        ({}, {"retryAfter": {}}, None),
        ({}, {"retryAfter": 10**400}, None),
        ({}, [], None),
        (
            {"Retry-After": "Wed, 24 Jun 2026 14:05:00 GMT", "Date": "Wed, 24 Jun 2026 14:03:00 GMT"},
            {},
            timedelta(minutes=2),
        ),
        ({"Retry-After": "Wed, 24 Jun 2026 14:05:00 GMT", "Date": "Wed, 24 Jun 2026 15:00:00 -0000"}, {}, timedelta(0)),
        ({"Retry-After": "Wed, 24 Jun 2026 14:05:00 GMT"}, {}, None),
        ({"Retry-After": "Wed, 99 Jun 99999 14:05:00 GMT", "Date": "Wed, 24 Jun 2026 15:00:00 GMT"}, {}, None),
    ],
)
async def test_the_wish_to_be_left_alone(headers: dict[str, str], body: Any, wait: timedelta | None) -> None:
    """Retry-After is understood as seconds, as date or in the body, never beyond an hour; nonsense is ignored."""
    with aioresponses() as server:
        server.get(URL, status=429, payload=body, headers=headers)
        server.get(URL, status=503, payload=body, headers=headers)
        async with client() as asked:
            assert (await failure(asked)).retry_after == wait
            assert (await failure(asked)).retry_after == wait


async def test_no_other_answer_sets_a_wait() -> None:
    """A refused token or a missing account is asked for again at its own time, whatever a header says."""
    with aioresponses() as server:
        server.get(URL, status=401, headers={"Retry-After": "600"})
        async with client() as asked:
            assert (await failure(asked)).retry_after is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The answer is empty"),
        (b" \n", "The answer is empty"),
        (b'{"credit_monthly": 12', "The answer is not JSON, or cut off"),
        (b"<html><title>Welcome</title>", "The answer is not JSON: Welcome"),
        (b"OK", "The answer is not JSON: OK"),
        (b"\xff\xfe\xfa", "The answer is not text"),
        (b"[" * 100_000, "The answer is not JSON, or cut off"),
        (b'{"a":' * 20_000, "The answer is not JSON, or cut off"),
        (b'{"credit_monthly": 1' + b"0" * 5000 + b"}", "The answer is not JSON, or cut off"),
    ],
)
async def test_a_good_status_with_a_bad_body_is_garbled(body: bytes, said: str) -> None:
    """Only JSON counts as an answer; a web page, cut, nested or monstrous JSON is told as what it is."""
    with aioresponses() as server:
        server.get(URL, body=body)
        async with client() as asked:
            error = await failure(asked)
    assert (error.kind, error.said) == (OutageKind.GARBLED, said)


async def test_a_byte_order_mark_is_no_fault() -> None:
    """JSON that begins with a byte order mark is read."""
    with aioresponses() as server:
        server.get(URL, body=b'\xef\xbb\xbf{"a": 1}')
        async with client() as asked:
            assert await asked.get_json("/page") == {"a": 1}


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_only_a_404_stands_for_what_is_absent(status: int) -> None:
    """``absent`` replaces a 404 and hides no other failure."""
    with aioresponses() as server:
        server.get(URL, status=404, body="Configuration not found.")
        server.get(URL, status=status)
        async with client() as asked:
            assert await asked.get_json("/page", absent={}) == {}
            assert (await failure(asked)).said


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
    assert (error.kind, error.said) == (OutageKind.UNAVAILABLE, said)
    assert error.__cause__ is cause


@pytest.mark.parametrize("base", ["nonsense", "https://", "ftp://example.com", "https://[::1", "http://a:b@c:99999"])
async def test_an_address_that_is_none_is_said(base: str) -> None:
    """A base address that cannot be asked is an outage that names the setting, and no traceback."""
    async with client(base) as asked:
        error = await failure(asked)
    assert error.kind is OutageKind.UNAVAILABLE
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
    ours = [record.getMessage() for record in caplog.records if record.name == "bot.sources.http"]
    assert [line.split(" ")[:3] for line in ours] == [
        ["GET", "/page:", "200,"],
        ["GET", "/page:", "500,"],
        ["GET", "/page:", "failed,"],
    ]
    for private in (TOKEN, "a@b.c", "stripe", "Premium", "email"):
        assert private not in caplog.text
