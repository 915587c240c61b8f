"""A hostile network, and websites that would reach into this machine: TLS, redirects, bombs, names, proxies."""

import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram.error import NetworkError

from bot.sources.useapi.client import open_session
from bot.support.metrics import Metrics
from bot.support.proxies import Proxy, unreachable
from bot.support.tls import tls_reason
from bot.telegram import client as requests
from bot.telegram.client import make_bot
from bot.web.middleware import is_own_name
from bot.web.pages import Pages
from tests.integration.sources.helpers import client, failure
from tests.integration.web.test_pages import SEEN, WELL
from tests.support.fakes import QUARTER, Clock

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"
SELF_SIGNED = Path(__file__).parent / "self_signed.pem"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def untrusted() -> ssl.SSLContext:
    """What a server has that stands in the way with a certificate of its own making."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    return context


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """A server that answers every path in this way; gives its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@asynccontextmanager
async def serving_untrusted(answer: Answer) -> AsyncIterator[str]:
    """The same over TLS, with a certificate that nobody trusts."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=untrusted()).start()
    yield f"https://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_useapi_net_has_to_prove_who_it_is() -> None:
    """A certificate that nobody trusts is refused before the token is sent, and that is said."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.json_response({})

    async with serving_untrusted(answer) as url, client(url) as asked:
        error = await failure(asked)
    assert error.said == "No connection: its TLS certificate is not trusted: self-signed certificate"
    assert seen == []


async def test_telegram_has_to_prove_who_it_is() -> None:
    """The same for Telegram, whose token stands in the path."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.json_response({"ok": True, "result": True})

    async with serving_untrusted(answer) as url:
        bot = make_bot(TOKEN, url)
        with pytest.raises(NetworkError) as caught:
            await bot.get_me()
        await bot.shutdown()
        for request in bot._request:
            await request.shutdown()
    assert seen == []
    assert str(caught.value).endswith(
        "no connection to localhost: its TLS certificate is not trusted: self-signed certificate"
    )
    assert TOKEN not in str(caught.value)


async def test_a_server_that_speaks_no_tls_is_named_so() -> None:
    """Plain http behind an https address: the reason in words, and none of OpenSSL's signs."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({})

    async with serving(answer) as url, client(url.replace("http:", "https:")) as asked:
        error = await failure(asked)
    assert error.said.startswith("No connection: TLS failed: ")
    assert "SSL" not in error.said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("certificate has expired", "certificate has expired; is this machine's clock right?"),
        ("certificate is not yet valid", "certificate is not yet valid; is this machine's clock right?"),
        (
            "Hostname mismatch, certificate is not valid for 'api'.",
            "hostname mismatch, certificate is not valid for 'api'",
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(said: str, told: str) -> None:
    """Also where aiohttp's error or a cause stands for it; a proxy's error keeps the proxy's name."""
    inner = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    inner.verify_message = said
    outer = OSError("x")
    outer.__cause__ = inner
    assert tls_reason(inner) == tls_reason(outer) == f"its TLS certificate is not trusted: {told}"
    assert tls_reason(OSError(1, "x")) == ""
    proxy = Proxy("TELEGRAM_PROXY", "http", "proxy.example.com", 3128)
    assert unreachable(proxy, inner).endswith(f"cannot be reached: its TLS certificate is not trusted: {told}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_telegrams_messages_follow_no_redirect(status: int) -> None:
    """Whoever redirects a message, to plain http or another host, gets neither its words nor the token again."""
    stolen: list[str] = []

    async def steal(request: web.Request) -> web.Response:
        stolen.append(f"{request.path} {await request.text()}")
        return web.json_response({"ok": True, "result": True})

    async with serving(steal) as thief:

        async def redirect(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": f"{thief}{request.path}"})

        async with serving(redirect) as url:
            bot = make_bot(TOKEN, url)
            with pytest.raises(NetworkError) as caught:
                await bot.send_message(7, "a private word")
            for request in bot._request:
                await request.shutdown()
    assert stolen == []
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
async def test_telegrams_answers_are_bounded(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is larger than any of Telegram's, also once unpacked, is given up before it fills the memory."""
    monkeypatch.setattr(requests, "LARGEST_ANSWER", 100_000)
    body = b" " * 2_000_000

    async def answer(_: web.Request) -> web.Response:
        headers = {"Content-Encoding": "gzip"} if packed else {}
        return web.Response(body=gzip.compress(body) if packed else body, headers=headers)

    async with serving(answer) as url:
        bot = make_bot(TOKEN, url)
        with pytest.raises(NetworkError, match="too large to be Telegram's"):
            await bot.get_me()
        for request in bot._request:
            await request.shutdown()


async def test_no_client_looks_for_a_proxy_by_itself() -> None:
    """The settings alone say by which way a service is reached: no library reads the environment beside them."""
    async with open_session() as session:
        assert session.trust_env is False


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8080", True),
        ("localhost:9999", True),
        ("LOCALHOST", True),
        ("[::1]:8080", True),
        ("192.168.1.7:8080", True),
        ("", True),
        ("evil.example.com:8080", False),
        ("127.0.0.1.evil.example.com", False),
        ("localhost.evil.example.com:8080", False),
        ("127.1", False),
        ("[::1", False),
        ("a@b:c", False),
    ],
)
def test_which_names_are_this_machines_own(host: str, own: bool) -> None:
    """Addresses and localhost; any other name may be one that a website has made to lead here."""
    assert is_own_name(host) is own


@asynccontextmanager
async def pages(*, masked: bool) -> AsyncIterator[str]:
    """The bot's pages; gives their address."""

    async def vitals() -> object:
        return WELL

    async def fleet() -> object:
        return (SEEN,), ()

    served = Pages(vitals, fleet, Metrics(), QUARTER, Clock(), masked=masked)  # type: ignore[arg-type]
    await served.start("127.0.0.1", 0)
    yield f"http://127.0.0.1:{served.port}"
    await served.stop()


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/nothing"])
async def test_a_website_cannot_read_the_pages_by_a_name_of_its_own(path: str) -> None:
    """DNS rebinding: asked by a foreign name, the pages on a loopback address tell nothing of any account."""
    async with pages(masked=False) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}{path}", headers={"Host": "evil.example.com:8080"}) as answer:
            assert answer.status == 421
            assert "example.com" not in await answer.text()
        async with session.get(f"{url}{path}", headers={"Host": "localhost:8080"}) as answer:
            assert answer.status in (200, 404)
            assert (answer.headers["Cache-Control"], answer.headers["Server"]) == ("no-store", "credit-bot")


async def test_behind_a_name_of_its_own_the_pages_mask_emails() -> None:
    """Where others can reach the pages anyway they answer by any name, and no email stands there whole."""
    async with (
        pages(masked=True) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/metrics", headers={"Host": "bot.example.com"}) as answer,
    ):
        text = await answer.text()
    assert "a…@example.com" in text
    assert SEEN.email not in text
