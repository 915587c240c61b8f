"""``credit-bot health``: what it makes of a page."""

import pytest

from bot.cli.health import words_of


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"status": 5, "problems": 5}', b"\xff", b"[" * 100_000])
def test_a_page_that_is_none_of_ours_is_said(body: bytes) -> None:
    """Whatever listens there, the answer is a line, also where the page is nested beyond reason."""
    assert words_of(body).startswith("The answer is not a health page")


def test_our_page_is_said_in_a_line() -> None:
    """The verdict, and what is wrong."""
    assert words_of(b'{"status": "ok", "problems": []}') == "ok"
    assert words_of(b'{"status": "down", "problems": ["a", "b"]}') == "down: a; b"
