"""What follows ``/mute`` and ``/pause``: an account and a length of time, or an example that works."""

import re
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.silence_arguments import SilenceRequest, parse_silence
from bot.domain.accounts import Account
from bot.domain.notifications import Watched


def watched(email: str, label: str | None = None) -> Watched:
    """An account by its names."""
    return Watched(Account(f"pixverse:{email}", "pixverse", email, label))


ALL = (
    watched("alice@example.com", "Studio"),
    watched("bob@example.com", "Studio 5d"),
    watched("carol@example.org"),
    watched("dan@example.org", "Everywhere"),
)


@pytest.mark.parametrize(
    ("words", "email", "span"),
    [
        ("Studio 2h", "alice@example.com", timedelta(hours=2)),
        ("studio 12s", "alice@example.com", timedelta(seconds=12)),
        ("studio\n90s", "alice@example.com", timedelta(seconds=90)),
        ("carol 1h30m", "carol@example.org", timedelta(minutes=90)),
        ("carol 1h 30m", "carol@example.org", timedelta(minutes=90)),
        ("carol 1d 2h 3m 4s", "carol@example.org", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("studio 5d 3h", "bob@example.com", timedelta(hours=3)),
        ("studio 1h 2h", "alice@example.com", timedelta(hours=3)),
        ("all 7d", None, timedelta(days=7)),
        ("ALL 1s", None, timedelta(seconds=1)),
        ("everywhere 2h", "dan@example.org", timedelta(hours=2)),
    ],
)
def test_an_account_or_all_and_how_long(words: str, email: str | None, span: timedelta) -> None:
    """Lengths of time are those of the settings, in several words too; a whole name wins over a part."""
    found = parse_silence("mute", words, ALL, everywhere=True)
    assert isinstance(found, SilenceRequest)
    assert (found.watched.account.email if found.watched else None, found.span, found.everywhere) == (
        email,
        span,
        False,
    )


@pytest.mark.parametrize("words", ["Studio 2h everywhere", "all 2h EVERYWHERE", "everywhere 2h everywhere"])
def test_everywhere_stands_at_the_end(words: str) -> None:
    """The word means every chat at the end only, and only for a command that knows it."""
    found = parse_silence("mute", words, ALL, everywhere=True)
    assert isinstance(found, SilenceRequest)
    assert found.everywhere
    assert not isinstance(parse_silence("pause", words, ALL), SilenceRequest)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Mute what, and for how long? Say /mute Studio 2h, or /mute all 30m."),
        ("Studio", "Mute what, and for how long? Say /mute Studio 2h, or /mute all 30m."),
        ("2h", "Mute what, and for how long? Say /mute Studio 2h, or /mute all 2h."),
        ("carol 2 hours", "“2 hours” is not a length of time. Try /mute carol@example.org 2h, or 30m, 1d."),
        ("studio 90 min", "“90 min” is not a length of time. Try /mute Studio 90m, or 30m, 1d."),
        ("studio 2hourz", "“2hourz” is not a length of time. Try /mute Studio 2h, or 30m, 1d."),
        ("studio soon", "“soon” is not a length of time. Try /mute Studio 2h, or 30m, 1d."),
        ("carol 0s", "“0s” is not a length of time. Try /mute carol@example.org 2h, or 30m, 1d."),
        ("carol 9999d", "“9999d” is not a length of time. Try /mute carol@example.org 2h, or 30m, 1d."),
        ("3h carol", "The account comes first, then how long. Try /mute carol@example.org 3h."),
        ("3 hours carol", "“3 hours” is not a length of time. Try /mute carol@example.org 3h, or 30m, 1d."),
        ("2 days all", "“2 days” is not a length of time. Try /mute all 2d, or 30m, 1d."),
        ("nobody soon", "“soon” is not a length of time. Try /mute Studio 2h, or 30m, 1d."),
        ("nobody 3h", "No single account is called “nobody”. Say /mute Studio 3h, or one of: Studio, Studio 5d,"),
        ("example.com 3h", "“example.com” fits 2 accounts. Which one?"),
    ],
)
def test_wrong_words_get_an_example_of_what_was_meant(words: str, said: str) -> None:
    """The example names the account and the time that were meant, where they can be told, and works."""
    answer = parse_silence("mute", words, ALL)
    assert not isinstance(answer, SilenceRequest)
    assert answer.text.startswith(said)
    example = re.search(r"/mute (.*?)(?:,|\.$|\.\n|$)", answer.text)
    assert example
    assert isinstance(parse_silence("mute", example[1], ALL), SilenceRequest)


def test_without_accounts_all_is_what_there_is() -> None:
    """Before any account is watched, everything can be muted, and nobody by name."""
    assert isinstance(parse_silence("pause", "all 2h", ()), SilenceRequest)
    for words in ("", "studio 2h", "2h", "all"):
        answer = parse_silence("pause", words, ())
        assert not isinstance(answer, SilenceRequest)
        assert answer.text.startswith("No account is watched yet.")


@given(
    st.text()
    | st.lists(st.sampled_from(["Studio", "2h", "all", "2", "hours", "carol", "everywhere", "0s"])).map(" ".join)
)
def test_any_words_are_a_request_or_an_answer(words: str) -> None:
    """Whatever is typed, the span of a request can be kept, and an answer has an example in it."""
    found = parse_silence("mute", words, ALL, everywhere=True)
    if isinstance(found, SilenceRequest):
        assert timedelta(seconds=1) <= found.span <= timedelta(days=3650)
    else:
        assert "/mute " in found.text


def test_a_large_fleet_and_many_words_take_no_time() -> None:
    """The longest message to a bot with ten thousand accounts does not hold it up."""
    fleet = [watched(f"account{number}@example.com", f"Account {number}") for number in range(10_000)]
    began = time.process_time()
    parse_silence("mute", "1h " * 1365, fleet)
    parse_silence("mute", "x " * 2048, fleet)
    assert time.process_time() - began < 2
