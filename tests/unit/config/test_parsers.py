"""From a setting's text to its value, and what is said of a text that has none."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.parsers import (
    Address,
    NamedAccount,
    parse_accounts,
    parse_address,
    parse_bot_token,
    parse_chats,
    parse_credit_ladder,
    parse_database,
    parse_ids,
    parse_time_ladder,
    parse_url,
    parse_useapi_token,
    parse_wait,
    parse_zone,
    short,
)
from bot.domain.chats import Chat
from bot.domain.rules import Threshold

PARSERS: list[Callable[[str], object]] = [
    parse_accounts,
    parse_address,
    parse_bot_token,
    parse_chats,
    parse_credit_ladder,
    parse_database,
    parse_ids,
    parse_time_ladder,
    parse_useapi_token,
    parse_url,
    parse_wait,
    parse_zone,
]


def refused(parse: Callable[[str], object], text: str) -> str:
    """What a parser says of a text that it does not take."""
    with pytest.raises(ValueError, match=r"^(is|has|holds|names)\b") as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "ladder"),
    [
        ("20%,5%,0", (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))),
        (" 1000 , 2.5% ,", (Threshold(1000), Threshold(2.5, percent=True))),
        ("100%", (Threshold(100, percent=True),)),
        ("500,20%,100,5%", (Threshold(500), Threshold(20, percent=True), Threshold(100), Threshold(5, percent=True))),
        ("", ()),
        (",", ()),
    ],
)
def test_credit_ladders(text: str, ladder: tuple[Threshold, ...]) -> None:
    """Numbers and percents, mildest first, each kind in its own order; nothing switches the rule off."""
    assert parse_credit_ladder(text) == ladder


@pytest.mark.parametrize("text", ["5,20", "5%,20%", "5,5", "0,0%,5", "-1", "101%", "1e3", "٣", "20 percent", "%", "a"])
def test_wrong_credit_ladders(text: str) -> None:
    """A ladder out of order, twice the same, negative, over the whole, or in words is refused."""
    refused(parse_credit_ladder, text)


def test_time_ladders() -> None:
    """Durations, mildest first, as seconds."""
    assert parse_time_ladder("7d, 36h ,90s") == (Threshold(604800), Threshold(129600), Threshold(90))
    assert parse_time_ladder("") == ()
    assert "in order" in refused(parse_time_ladder, "1d,7d")
    assert "in order" in refused(parse_time_ladder, "24h,1d")
    assert "“soon”" in refused(parse_time_ladder, "7d,soon")


def test_waits_name_what_is_wrong() -> None:
    """A duration is read, and a wrong one is quoted."""
    assert parse_wait("1h30m") == timedelta(minutes=90)
    assert refused(parse_wait, "quarter past") == "has “quarter past”, which is not a duration"


def test_chats() -> None:
    """Ids of people and groups, a topic after a slash; what is named twice is one."""
    assert parse_chats("42, -1001234567890/45,42") == (Chat(42), Chat(-1001234567890, 45))
    assert parse_chats("-1001234567890/1, -1001234567890") == (Chat(-1001234567890),)
    assert parse_chats(" ") == ()


@pytest.mark.parametrize("text", ["@me", "0", "1.5", "--5", "5/", "/5", "5/-1", "5/5/5", "٣", "1" * 19, "1 2"])
def test_wrong_chats(text: str) -> None:
    """What is no chat id is refused, with the way to find it."""
    assert "end /start to the bot" in refused(parse_chats, text)


def test_ids() -> None:
    """User ids are positive numbers."""
    assert parse_ids("1,2,2") == {1, 2}
    for text in ("-1", "a", "1 2", "٣"):
        assert "not a user id" in refused(parse_ids, text)


def test_accounts() -> None:
    """Emails, bare or behind a label, in their order; the label may hold anything but commas and brackets."""
    assert parse_accounts("Studio <alice@example.com>, bob@example.com ,<c@d> ,, 🎬 Zwei Wörter <e@f>") == (
        NamedAccount("alice@example.com", "Studio"),
        NamedAccount("bob@example.com"),
        NamedAccount("c@d"),
        NamedAccount("e@f", "🎬 Zwei Wörter"),
    )


@pytest.mark.parametrize(
    "text",
    ["alice", "alice@", "@example.com", "a b@c", "Studio alice@example.com", "X <a@b> Y", "<a@b", "a@b>", "a\0@b"],
)
def test_wrong_accounts(text: str) -> None:
    """What is no email is refused and quoted."""
    assert "which is not an email" in refused(parse_accounts, text)


def test_accounts_named_twice() -> None:
    """The same email or label twice, in any case, is refused: nobody could say which one is meant."""
    assert "the email “a@b” twice" in refused(parse_accounts, "a@b,A@B")
    assert "the label “x” twice" in refused(parse_accounts, "x <a@b>, X <c@d>")


def test_addresses() -> None:
    """Host and port, IPv6 in brackets; nothing switches the server off; loopback is known as such."""
    assert parse_address("127.0.0.1:8080") == Address("127.0.0.1", 8080)
    assert parse_address("[::1]:0") == Address("::1", 0)
    assert parse_address(" ") is None
    assert [Address(host, 1).loopback for host in ("127.0.0.1", "127.9.9.9", "localhost", "::1")] == [True] * 4
    assert [Address(host, 1).loopback for host in ("0.0.0.0", "::", "10.0.0.1", "example.com")] == [False] * 4


@pytest.mark.parametrize("text", ["8080", ":8080", "host", "host:", "host:-1", "host:65536", "host:٣", "host:http"])
def test_wrong_addresses(text: str) -> None:
    """An address without a host or with no port is refused."""
    assert "not a host with a port" in refused(parse_address, text)


def test_zones() -> None:
    """IANA names, and nothing that leads out of the list of zones."""
    assert parse_zone(" Europe/Berlin ").key == "Europe/Berlin"
    for text in ("Mars/Phobos", "/etc/passwd", "../../etc/passwd", "Europe", "", "\0", "x" * 5000):
        assert "not a time zone" in refused(parse_zone, text)


def test_urls() -> None:
    """Web addresses; a slash at the end is left out; a wrong one is not repeated, for it may hold a secret."""
    assert parse_url(" https://example.com/v2/ ") == "https://example.com/v2"
    for text in (
        "example.com",
        "ftp://x",
        "http://",
        "http://a b",
        "http://[::1",
        "http://x:99999",
        "http://x\n/y",
        "x",
    ):
        assert refused(parse_url, text) == "is not an http:// or https:// address"


def test_databases() -> None:
    """Relative and absolute SQLite files, and a word on PostgreSQL."""
    assert parse_database("sqlite:///credit-bot.db") == "credit-bot.db"
    assert parse_database("sqlite:////data/x.db") == "/data/x.db"
    assert "several machines" in refused(parse_database, "postgresql://localhost/x")


@pytest.mark.parametrize(
    "text", ["credit-bot.db", "sqlite://x", "sqlite:///", "sqlite:///data/", "sqlite:///a\0b", "sqlite:///:memory:", ""]
)
def test_wrong_databases(text: str) -> None:
    """What names no file is refused, also the database that forgets everything with the process."""
    assert "not the address of an SQLite file" in refused(parse_database, text)


def test_tokens_of_useapi() -> None:
    """Printable text without white space inside."""
    assert parse_useapi_token(" abc:DEF-1_2 \n") == "abc:DEF-1_2"
    for text in ("a b", "a\tb", "a\u200bb", "a\0"):
        assert text not in refused(parse_useapi_token, text)


def test_tokens_of_a_bot() -> None:
    """Digits, a colon, and at least thirty characters of those that Telegram uses."""
    token = "1:" + "A-_z0" * 6
    assert parse_bot_token(f" {token}\n") == token
    for text in (token[:-1], f"x{token}", token.replace("-", "+"), "\u0661:" + "A" * 30):
        assert text not in refused(parse_bot_token, text)


def test_short_texts_are_whole_and_long_ones_cut() -> None:
    """An error quotes at most forty characters, on one line, and no token at all."""
    assert short("a\n b") == "a b"
    assert short("x" * 40) == "x" * 40
    assert short("x" * 41) == "x" * 39 + "…"
    assert short("1234567890:" + "A" * 35) == "[secret]"


@given(st.sampled_from(PARSERS), st.text(max_size=60))
def test_any_text_is_a_value_or_a_value_error(parse: Callable[[str], object], text: str) -> None:
    """Every parser takes any text: it gives a value, or a ValueError of one line, and nothing else."""
    try:
        parse(text)
    except ValueError as error:
        said = str(error)
    else:
        said = "is a value"
    assert said.split()[0] in ("is", "has", "holds", "names")
