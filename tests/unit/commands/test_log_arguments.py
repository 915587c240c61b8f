"""The arguments of ``/log``."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.log_arguments import USUAL, LogRequest, LogTap, list_of, parse_log
from tests.support.desk import watched
from tests.support.fakes import ALICE, BOB

ACCOUNTS = [watched(ALICE, "Studio"), watched(BOB, "Ads 7d")]
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("words", "account", "span"),
    [
        ("", None, USUAL),
        ("all", None, USUAL),
        ("30d", None, 30 * DAY),
        ("studio", ALICE, USUAL),
        ("Studio 24h", ALICE, DAY),
        ("1h30m studio", ALICE, timedelta(minutes=90)),
        ("ads 7d", BOB, USUAL),
        ("ads 7d 30d", None, None),
        ("ads 12s", BOB, timedelta(seconds=12)),
    ],
)
def test_an_account_and_a_time_in_any_order(words: str, account: str | None, span: timedelta | None) -> None:
    """A label that ends with a time is found by its whole name."""
    request = parse_log(words, ACCOUNTS)
    if span is None:
        assert not isinstance(request, LogRequest)
        return
    assert isinstance(request, LogRequest)
    assert (request.watched.account.email if request.watched else None, request.span) == (account, span)


@given(st.text(max_size=40))
def test_no_words_break_it(words: str) -> None:
    """It is a request, or an answer with an example that works."""
    answer = parse_log(words, ACCOUNTS)
    assert isinstance(answer, LogRequest) or "/log" in answer.text


@given(st.integers(0, 999_999), st.integers(1, 315_360_000), st.booleans())
def test_a_button_says_the_same_list(page: int, seconds: int, named: bool) -> None:
    """Its data is within Telegram's 64 bytes, and read back as it was meant."""
    request = LogRequest(ACCOUNTS[0] if named else None, timedelta(seconds=seconds))
    data = f"{page}-{list_of(request)}"
    tap = LogTap.parse(data)
    assert len(f"log:{data}") <= 64
    assert tap is not None
    assert (tap.page, tap.span, bool(tap.tag)) == (page, request.span, named)


@pytest.mark.parametrize("data", ["", "1", "1-2", "1-2-x", "1-2-000000000000000", "-1-2-", "9999999-1-"])
def test_data_that_is_not_ours(data: str) -> None:
    """It can be forged."""
    assert LogTap.parse(data) is None
