"""Which of several accounts is meant: a question with a button for each, in place of a list to type from."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.notifications import Watched
from bot.telegram.text.account_card import account_tag
from bot.telegram.text.formatting import format_count, name_of
from bot.telegram.text.layout import Button, Message, Text
from bot.telegram.text.replies import which_account
from bot.telegram.text.sanitize import clean

PICK = "pick"
"""How the data of these buttons begins."""

MOST = 8
LABEL_LENGTH, SHORT_LABEL = 40, 16
"""Letters of a name on a button; two names as short as the second share a row."""

_DATA = re.compile(r"([a-z]{1,16}):([0-9a-f]{12}):([0-9a-z]{0,12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """A button's command for one account, named by its tag; ``rest`` is what else was typed, such as how long."""

    command: str
    tag: str
    rest: str = ""

    @classmethod
    def parse(cls, argument: str) -> "Choice | None":
        """The choice, or None for data that is not ours."""
        found = _DATA.fullmatch(argument)
        return cls(*found.groups()) if found else None

    @property
    def data(self) -> str:
        """A button's data, far below Telegram's 64 bytes."""
        return f"{PICK}:{self.command}:{self.tag}:{self.rest}"


def which_of(
    found: Sequence[Watched], watched: Sequence[Watched], said: str, command: str, example: str, rest: str = ""
) -> Message:
    """No account, or several, match what was typed: a question with a button for each candidate.

    ``found`` are the matches among all that are ``watched``. ``example`` is the command with a place for a name.
    """
    if len(found) > 1:
        name = name_of(found[0].account.name)
        text = Text().line(f"“{clean(said, 40)}” fits {format_count(len(found), 'account')}. Which one?")
        more = f"{len(found) - MOST:,} more fit. " if len(found) > MOST else ""
        text.line(f"{more}Tap one, or say more of the name: {example.format(name)}")
        return text.message(buttons_for(found, command, rest))
    message = which_account([one.account.name for one in watched], said, example)
    few = watched if 1 < len(watched) <= MOST else ()
    return Message(message.text, message.entities, buttons_for(few, command, rest))


def buttons_for(accounts: Sequence[Watched], command: str, rest: str) -> tuple[tuple[Button, ...], ...]:
    """A button for each of the first accounts; with the email, if two have the same name."""
    shown = accounts[:MOST]
    names = Counter(one.account.name for one in shown)
    buttons = [
        Button(label_of(one, alone=names[one.account.name] == 1), choice_of(one, command, rest).data) for one in shown
    ]
    width = 2 if all(len(button.label) <= SHORT_LABEL for button in buttons) else 1
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def label_of(one: Watched, *, alone: bool) -> str:
    """The account's name on a button."""
    name = name_of(one.account.name, LABEL_LENGTH)
    return name if alone else f"{name_of(one.account.name, SHORT_LABEL)} ({name_of(one.account.email, LABEL_LENGTH)})"


def choice_of(one: Watched, command: str, rest: str) -> Choice:
    return Choice(command, account_tag(one.account.key), rest)
