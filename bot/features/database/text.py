"""Messages about the bot's own database: they bypass the outbox, which is in it."""

from datetime import timedelta

from bot.domain.alerts import Severity
from bot.domain.database_trouble import DatabaseTrouble, Failing
from bot.domain.durations import format_duration
from bot.telegram.text.formatting import RECOVERED, SIGNS, capitalised
from bot.telegram.text.layout import Message, Text, bold
from bot.telegram.text.sanitize import clean


def trouble_message(failing: Failing) -> Message:
    """The database cannot be used: why, what that means, and what to do."""
    trouble, critical = failing.trouble, SIGNS[Severity.CRITICAL]
    said = f" ({clean(failing.said, 100)})" if failing.said else ""
    text = Text().line(f"{critical} ", bold("The bot cannot use its database"))
    text.line(f"Critical: {trouble.what}{said}.")
    if trouble is DatabaseTrouble.REPLACED:
        text.line("The bot ends. Alerts that the new file does not know may come again.")
    else:
        text.line("Alerts may wait until it can be used again.")
    return text.line(f"{capitalised(trouble.mend)}.").message()


def restored_message() -> Message:
    """The file was deleted, and restored at once."""
    text = Text().line(f"{SIGNS[Severity.WARNING]} ", bold("The bot's database file was deleted"))
    text.line("The bot has put it back, and nothing in it is lost.")
    return text.line("To start with an empty database, stop the bot before you delete the file.").message()


def usable_message(lasted: timedelta) -> Message:
    """The database can be used again."""
    text = Text().line(f"{RECOVERED} ", bold("The bot can use its database again"))
    return text.line(f"It could not for {format_duration(lasted)}. Messages that waited go out now.").message(
        silent=True
    )


def answer_message(words: str) -> Message:
    """The answer to a command that needs the database, while it cannot be used."""
    return Text().line(f"{SIGNS[Severity.WARNING]} {clean(words, 300)}").message()
