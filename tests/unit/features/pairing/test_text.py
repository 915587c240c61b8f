"""The links and words of pairing, as people read them."""

from bot.domain.chats import Chat
from bot.features.pairing.text import (
    already_paired_message,
    group_link_of,
    invitation_message,
    left_line,
    left_message,
    link_of,
    log_line,
    not_paired_message,
    paired_line,
)
from bot.telegram.text.sanitize import utf16_len
from tests.support.given import NOW, UTC_ZONE

CODE = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"


def test_the_links() -> None:
    """As Telegram documents deep links, for a person and for a group."""
    assert link_of("credit_bot", CODE) == f"https://t.me/credit_bot?start={CODE}"
    assert group_link_of("credit_bot", CODE) == f"https://t.me/credit_bot?startgroup={CODE}"


def test_the_log_line() -> None:
    """It says why, what to do, how long it works, and what comes then."""
    assert log_line("credit_bot", CODE) == (
        f"No chat is paired yet: alerts go nowhere. Open https://t.me/credit_bot?start={CODE} in Telegram: "
        "the first chat to do so gets them. It works once, for 10 min; then a new link follows here."
    )


def test_the_invitation() -> None:
    """Three ways in with one code, until when, and whom not to send it to."""
    message = invitation_message("credit_bot", CODE, NOW, UTC_ZONE)
    assert message.text.split("\n") == [
        "An invitation, for one chat, until 14:13.",
        f"For a person: https://t.me/credit_bot?start={CODE}",
        f"For a group: https://t.me/credit_bot?startgroup={CODE}",
        f"In a topic: /start@credit_bot {CODE}",
        "Whoever uses it first sees every account and gets every alert. Send it to nobody else.",
    ]
    assert message.silent


def test_the_farewell() -> None:
    """It says how to come back; after the last one has left, that nobody is told anything."""
    assert "/invite in another chat" in left_message(anybody_left=True).text
    assert "alerts go nowhere now" in left_message(anybody_left=False).text
    assert "TELEGRAM_CHAT_IDS" in not_paired_message().text
    assert "paired already" in already_paired_message().text


def test_names_from_outside_cannot_forge_the_log() -> None:
    """A name with line breaks stays one line, and a long one is cut."""
    for line in (paired_line(Chat(7), "Eve\nERROR all is lost" * 9), left_line(Chat(-100, 4), "Eve\r\n\x1b[31m")):
        assert line.isprintable()
        assert utf16_len(line) < 140
