"""What the owner reads of the bot's own database."""

from datetime import timedelta

from bot.domain.database_trouble import DatabaseTrouble, Failing
from bot.features.database.text import answer_message, restored_message, trouble_message, usable_message


def test_a_full_disk() -> None:
    """What is wrong, what that means, what to do; it rings."""
    message = trouble_message(Failing(DatabaseTrouble.FULL, "database or disk is full", 0, 0))
    assert message.text == (
        "🔴 The bot cannot use its database\n"
        "Critical: the disk of the database is full (database or disk is full).\n"
        "Alerts may wait until it can be used again.\n"
        "Free some space on it; the bot then goes on by itself."
    )
    assert not message.silent


def test_another_file() -> None:
    """The bot ends, and why that matters."""
    text = trouble_message(Failing(DatabaseTrouble.REPLACED, "", 0, 0)).text
    assert "Critical: another file has taken the database's place.\nThe bot ends." in text
    assert "may wait" not in text


def test_a_file_that_was_put_back() -> None:
    """A warning, for somebody did that; and how it is done rightly."""
    assert restored_message().text == (
        "🟠 The bot's database file was deleted\n"
        "The bot has put it back, and nothing in it is lost.\n"
        "To start with an empty database, stop the bot before you delete the file."
    )


def test_it_can_be_used_again() -> None:
    """For how long it could not; silently."""
    message = usable_message(timedelta(minutes=43))
    assert message.text == (
        "🟢 The bot can use its database again\nIt could not for 43 min. Messages that waited go out now."
    )
    assert message.silent


def test_an_answer_meanwhile() -> None:
    """In words."""
    assert answer_message("The database cannot be used just now").text == "🟠 The database cannot be used just now"
