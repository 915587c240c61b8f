"""Alerts in plain words for a second channel, and what Telegram is told of that afterwards."""

from datetime import timedelta

from bot.features.fallback.text import letter_of, write_letter
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.layout import Message
from bot.telegram.text.messages import also_sent
from tests.support.given import NOW, UTC_ZONE, ago, batch, low, sent


def test_an_alert_as_a_letter() -> None:
    """Title and body as in Telegram, without entities and buttons; why it comes this way is said."""
    late = Batch((PendingAlert((sent(low(), at=ago(minutes=15), failed_at=ago(minutes=15)),)),))
    part, letter = write_letter(late, NOW, UTC_ZONE)
    assert part == late
    assert letter.title == "🟠 Studio: 2,900 credits left (19 %) · delayed 15 min"
    assert letter.body.split("\n")[0] == "Warning: below your 20 % line."
    assert letter.body.split("\n")[-1] == "Telegram did not take messages from 13:48 to 14:03."


def test_what_does_not_fit_follows() -> None:
    """A letter holds what a message of Telegram would; the rest is left for the next."""
    many = batch(*(low(name=f"{number:03}" * 20, email=f"{number}@example.com") for number in range(200)))
    part, letter = write_letter(many, NOW, UTC_ZONE)
    assert 0 < len(part.stories) < 200
    assert len(letter.title) + len(letter.body) < 4096


def test_a_title_alone_is_its_own_body() -> None:
    """Some channels refuse an empty body."""
    letter = letter_of(Message("one line"))
    assert (letter.title, letter.body) == ("one line", "one line")


def test_what_telegram_is_told_afterwards() -> None:
    """When and how it went out first; nothing where it did not."""
    first, later = NOW - timedelta(minutes=28), NOW - timedelta(minutes=5)
    assert also_sent([(later, "ntfy"), (first, "mail")], NOW, UTC_ZONE) == "Also sent by mail at 13:35."
    assert also_sent([], NOW, UTC_ZONE) == ""
