"""Proxies: which one is taken, what is said of one that is in the way, and that no password is ever said."""

import string
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from telegram.error import NetworkError, TelegramError

from bot.config.load import load_settings
from bot.domain.accounts import FailureKind, Listing
from bot.simulator.accounts import SimulatedAccount
from bot.simulator.pixverse import SimulatedPixVerse
from bot.simulator.telegram.service import SimulatedTelegram
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.client import Client, open_session
from bot.sources.useapi.pixverse import PIXVERSE
from bot.support.errors import SettingsError, SourceError
from bot.support.proxies import Proxy, excepts, parse_proxy, proxy_for
from bot.telegram.client import make_bot
from tests.support.fakes import Clock
from tests.support.middlemen import Middleman, standing_between

USEAPI = "user:1234-Zm9vYmFyc2VjcmV0"
TELEGRAM = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"
TOKENS = {"USEAPI_TOKEN": USEAPI, "TELEGRAM_BOT_TOKEN": TELEGRAM}
API = "https://api.telegram.org"
KINDS = {"http": "http", "socks": "socks5"}


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "user", "password"),
    [
        ("http://proxy.example.com:3128", "http", "proxy.example.com", 3128, "", ""),
        ("http://proxy.example.com", "http", "proxy.example.com", 80, "", ""),
        ("proxy.example.com:3128", "http", "proxy.example.com", 3128, "", ""),
        ("socks5://10.0.0.7", "socks5", "10.0.0.7", 1080, "", ""),
        ("socks5h://ann:hush@[::1]:9050/", "socks5", "::1", 9050, "ann", "hush"),
        ("http://ann:p%40ss%2Fw@proxy:3128", "http", "proxy", 3128, "ann", "p@ss/w"),
    ],
)
def test_addresses_of_proxies(text: str, scheme: str, host: str, port: int, user: str, password: str) -> None:
    """Both SOCKS schemes let the proxy resolve names; without a scheme it is HTTP, as for curl."""
    assert parse_proxy(f" {text}\n", "X") == Proxy("X", scheme, host, port, user, password)


@pytest.mark.parametrize(
    "text",
    [
        "http://m4n:m4@rk/m4rk@m4host:3128",
        "http://m4n:m4/rk@m4host:3128",
        "http://m4n:m4 rk@m4host:3128",
        "http://m4n:m4rk@m4host:port",
        "http://",
        "socks4://m4host:1080",
        "ftp://m4n:m4rk@m4host",
        "https://m4host:3128",
        "",
    ],
)
def test_what_is_no_proxy_is_refused_without_a_word_of_it(text: str) -> None:
    """A password with a sign in it makes a part of itself look like the host's name: nothing of it is shown."""
    with pytest.raises(ValueError, match=r"has a scheme|is not the address of a proxy") as caught:
        parse_proxy(text, "X")
    assert "m4" not in str(caught.value)


@given(st.text(st.sampled_from(string.ascii_lowercase + "@:/?#[]%. "), max_size=40))
@example("//")
def test_any_text_is_a_proxy_or_a_value_error(text: str) -> None:
    """Whatever the setting says."""
    try:
        found = parse_proxy(text, "X")
    except ValueError:
        return
    assert found.host
    assert found.password not in str(found) or not found.password or found.password in found.host


@pytest.mark.parametrize(
    ("environ", "port"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1", "https_proxy": "http://p:2"}, 2),
        ({"HTTPS_PROXY": "http://p:1", "ALL_PROXY": "socks5://p:3"}, 1),
        ({"ALL_PROXY": "socks5://p:3", "all_proxy": "socks5h://p:4"}, 4),
        ({"https_proxy": "", "HTTPS_PROXY": "", "ALL_PROXY": "p:5"}, 5),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com, .telegram.org"}, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "example.com", "NO_PROXY": "*"}, 1),
        ({"HTTPS_PROXY": "https://p:7"}, 7),
    ],
)
def test_the_environment_is_read_as_curl_reads_it(environ: Mapping[str, str], port: int | None) -> None:
    """The scheme's own variable, then ALL_PROXY; the lower case first; an empty one is none."""
    found = proxy_for(API, environ)
    assert (found.port if found else None) == port


@pytest.mark.parametrize(
    ("pattern", "host", "port", "named"),
    [
        ("*", "anything", 443, True),
        ("telegram.org", "api.telegram.org", 443, True),
        (".telegram.org", "telegram.org", 443, True),
        ("telegram.org", "mytelegram.org", 443, False),
        ("api.telegram.org:8443", "api.telegram.org", 443, False),
        ("api.telegram.org:443", "api.telegram.org", 443, True),
        ("192.168.0.0/16", "192.168.1.7", 80, True),
        ("192.168.0.0/16", "10.0.0.7", 80, False),
        ("10.0.0.7", "10.0.0.7", 80, True),
        ("7", "10.0.0.7", 80, False),
        ("::1", "::1", 80, True),
        ("localhost", "127.0.0.1", 80, False),
        ("", "anything", 80, False),
    ],
)
def test_exceptions_of_the_environment(pattern: str, host: str, port: int, named: bool) -> None:
    """Domains by their end, addresses and networks by their numbers."""
    assert excepts(pattern, host, port) is named


def faults_of(**environ: str) -> list[str]:
    """The faults of settings."""
    with pytest.raises(SettingsError) as caught:
        load_settings("/dev/null", TOKENS | environ)
    assert caught.value.exit_code == 78
    return caught.value.faults


@pytest.mark.parametrize("name", ["TELEGRAM_PROXY", "USEAPI_PROXY"])
def test_a_wrong_proxy_of_a_setting_is_a_fault_of_it(name: str) -> None:
    """With an example that works, and without what was written."""
    for text in ("ftp://proxy", "http://ann:pa@ss/word@proxy:3128"):
        (fault,) = faults_of(**{name: text})
        assert fault.startswith(f"{name}: ")
        assert f"Example: {name}=" in fault
        assert "ss/word" not in fault


def test_a_wrong_proxy_of_the_environment_names_its_variable_where_it_counts() -> None:
    """It is a fault where a service would be asked through it, and nobody's business elsewhere."""
    (fault,) = faults_of(https_proxy="http://ann:pa@ss/word@proxy:3128")
    assert fault.startswith("https_proxy in the environment is not the address of a proxy")
    assert "ss/word" not in fault
    wrong = {"HTTPS_PROXY": "ftp://proxy"}
    load_settings("/dev/null", TOKENS | wrong | {"TELEGRAM_PROXY": "direct", "USEAPI_PROXY": "http://p:1"})
    load_settings("/dev/null", TOKENS | wrong | {"NO_PROXY": "*"})
    beat = {"TELEGRAM_PROXY": "direct", "USEAPI_PROXY": "direct", "HEARTBEAT_URL": "https://hc-ping.com/abc"}
    assert "HTTPS_PROXY" in faults_of(**wrong, **beat)[0]


def test_each_service_goes_its_own_way_and_passwords_are_secrets() -> None:
    """A setting goes before the environment; what holds a password is kept out of the log, the password alone too."""
    found = load_settings(
        "/dev/null",
        TOKENS
        | {
            "TELEGRAM_PROXY": "socks5h://ann:hush-hush@10.0.0.7",
            "HTTPS_PROXY": "http://bob:s%40cret@proxy:3128",
            "HEARTBEAT_URL": "https://hc-ping.com/abc",
        },
    )
    assert str(found.way_to_telegram) == "socks5://10.0.0.7:1080"
    assert found.way_to_useapi
    assert found.way_to_useapi.named == "HTTPS_PROXY in the environment"
    assert found.way_to_heartbeat == replace(found.way_to_useapi)
    assert {"hush-hush", "s%40cret", "s@cret"} <= {*found.secrets}
    assert "hush" not in repr(found) + repr(found.way_to_telegram)
    direct = load_settings("/dev/null", TOKENS | {"TELEGRAM_PROXY": "direct", "HTTPS_PROXY": "http://proxy:3128"})
    assert direct.way_to_telegram is None
    assert direct.way_to_heartbeat is None


def proxy_to(kind: str, middleman: Middleman, login: str = "") -> Proxy:
    """The proxy as a setting would name it."""
    return parse_proxy(f"{KINDS[kind]}://{f'{login}@' if login else ''}127.0.0.1:{middleman.port}", "X_PROXY")


@pytest.mark.parametrize("login", ["", "ann:hush"])
@pytest.mark.parametrize("kind", KINDS)
async def test_telegram_is_reached_through_a_proxy(kind: str, login: str) -> None:
    """Every request goes through it, with the password where it asks for one."""
    async with SimulatedTelegram(TELEGRAM) as telegram, standing_between(kind, login=login) as middleman:
        bot = make_bot(TELEGRAM, telegram.url, proxy_to(kind, middleman, login))
        assert (await bot.get_me()).is_bot
        await bot.send_message(7, "hello") if telegram.chats else None
        await close(bot)
    assert middleman.asked
    assert middleman.refused == 0


async def test_a_socks_proxy_resolves_the_names() -> None:
    """Where Telegram's name is not to be had, its address is not either: the proxy is given the name."""
    async with SimulatedTelegram(TELEGRAM) as telegram, standing_between("socks") as middleman:
        url = telegram.url.replace("127.0.0.1", "resolved-by-the-proxy.test")
        bot = make_bot(TELEGRAM, url, proxy_to("socks", middleman))
        assert (await bot.get_me()).is_bot
        await close(bot)
    assert middleman.asked[0].startswith("resolved-by-the-proxy.test:")


@pytest.mark.parametrize("kind", KINDS)
async def test_useapi_is_reached_through_a_proxy(kind: str) -> None:
    """The same for useapi.net."""
    async with (
        SimulatedPixVerse(USEAPI, Clock()) as pixverse,
        standing_between(kind) as middleman,
        open_session(2, proxy_to(kind, middleman)) as session,
    ):
        pixverse.add(SimulatedAccount("ann@example.com"))
        listing = await ConditionalSource(PIXVERSE, Client(session, pixverse.url, USEAPI), Clock()).list_accounts()
        assert isinstance(listing, Listing)
        assert [one.email for one in listing.accounts] == ["ann@example.com"]
    assert middleman.asked


async def close(bot: object) -> None:
    """Ends a bot's connections."""
    for request in bot._request:  # type: ignore[attr-defined]
        await request.shutdown()


async def said_by_both(proxy: Proxy) -> list[str]:
    """What a person reads of a proxy that is in the way: of Telegram, and of useapi.net."""
    bot = make_bot(TELEGRAM, "http://127.0.0.1:9", proxy)
    with pytest.raises(NetworkError) as of_telegram:
        await bot.get_me()
    await close(bot)
    async with open_session(2, proxy) as session:
        client = Client(session, "http://127.0.0.1:9", USEAPI, timeout=5)
        with pytest.raises(SourceError) as of_useapi:
            await client.get_json("/pixverse/accounts")
    assert of_useapi.value.kind is FailureKind.UNAVAILABLE
    return [str(of_telegram.value), of_useapi.value.said]


async def test_a_proxy_that_is_not_there_is_blamed_itself() -> None:
    """Not the service behind it."""
    async with standing_between("http") as middleman:
        pass
    for kind in KINDS:
        for said in await said_by_both(proxy_to(kind, middleman)):
            assert "cannot be reached: Connection refused" in said
            assert "X_PROXY" in said


async def test_a_proxy_that_wants_another_password_says_so() -> None:
    """And neither the password that it got nor the one that it wants is told."""
    async with standing_between("socks", login="ann:right") as middleman:
        for said in await said_by_both(proxy_to("socks", middleman, "ann:wrong")):
            assert "refuses the user and the password" in said
            assert "wrong" not in said
        assert middleman.refused == 2


@pytest.mark.parametrize("status", [407, 403, 502])
async def test_an_http_proxy_that_opens_no_way_is_no_word_of_the_service(status: int) -> None:
    """Its page for a CONNECT or a request is neither Telegram's nor useapi.net's."""
    body = b"<html><body>Denied</body></html>"
    page = b"HTTP/1.1 %d No\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
    async with standing_between("http", page=page) as middleman:
        proxy = proxy_to("http", middleman)
        bot = make_bot(TELEGRAM, API, proxy)
        with pytest.raises(NetworkError) as caught:
            await bot.get_me()
        await close(bot)
        assert ("asks for a user and a password" if status == 407 else f"({status})") in str(caught.value)
        for said in await said_by_both(proxy):
            assert "token" not in said


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_answers_nonsense_is_a_trouble_of_the_network(kind: str) -> None:
    """Bytes that are no answer of any proxy."""
    async with standing_between(kind, page=b"\x00\xff\x1f" * 20) as middleman:
        assert all(await said_by_both(proxy_to(kind, middleman)))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_hangs_is_given_up(kind: str) -> None:
    """Each request has an end."""
    async with standing_between(kind, hangs=True) as middleman, open_session(2, proxy_to(kind, middleman)) as session:
        client = Client(session, "http://127.0.0.1:9", USEAPI, timeout=0.2)
        with pytest.raises(SourceError) as caught:
            await client.get_json("/pixverse/accounts")
        bot = make_bot(TELEGRAM, "http://127.0.0.1:9", proxy_to(kind, middleman))
        with pytest.raises(TelegramError):
            await bot.get_me(connect_timeout=0.2, read_timeout=0.2)
        await close(bot)
    assert caught.value.kind is FailureKind.UNAVAILABLE
