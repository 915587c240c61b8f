"""The arguments of ``/log``: an account, how far back, both in any order, or nothing; and those of its buttons."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.commands.choices import which_of
from bot.commands.names import Names, find_accounts
from bot.domain.durations import parse_duration
from bot.domain.notifications import Watched
from bot.telegram.text.account_card import account_tag
from bot.telegram.text.formatting import name_of
from bot.telegram.text.layout import Message, Text
from bot.telegram.text.replies import which_account
from bot.telegram.text.sanitize import clean

USUAL = timedelta(days=7)
_TAP = re.compile(r"(\d{1,6})-(\d{1,9})-([0-9a-f]{12})?", re.ASCII)
_TIME = re.compile(r"\d+(?:\.\d+)?[^\W\d]{0,7}", re.ASCII)
"""Text that looks like a duration: "7", "2weeks"."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Whose past alerts (None: of everything that the chat sees), and how far back."""

    watched: Watched | None
    span: timedelta = USUAL


@dataclass(frozen=True, slots=True)
class LogTap:
    """A button below the log: the page that it turns to, how far back, and the account's tag, "" for everything."""

    page: int
    span: timedelta
    tag: str

    @classmethod
    def parse(cls, argument: str) -> "LogTap | None":
        """The tap, or None for data that is not ours."""
        found = _TAP.fullmatch(argument)
        return cls(int(found[1]), timedelta(seconds=int(found[2])), found[3] or "") if found else None


def list_of(request: LogRequest) -> str:
    """The data of a button after its page: how far back, and whose."""
    tag = account_tag(request.watched.account.key) if request.watched else ""
    return f"{int(request.span.total_seconds())}-{tag}"


def parse_log(words: str, watched: Sequence[Watched]) -> LogRequest | Message:
    """The request; for wrong arguments, an answer with an example that works.

    An account whose whole name ends with a duration, or is one, is found all the same.
    """
    said = words.split()
    if whole := Names(watched).find_whole(" ".join(said)):
        return LogRequest(whole)
    spans = [span for word in said if (span := span_of(word))]
    rest = [word for word in said if not span_of(word)]
    if len(spans) > 1:
        return wrong_span(" ".join(word for word in said if span_of(word)), watched)
    span = spans[0] if spans else USUAL
    if not rest or [word.casefold() for word in rest] == ["all"]:
        return LogRequest(None, span)
    found = find_accounts(" ".join(rest), watched)
    if len(found) == 1:
        return LogRequest(found[0], span)
    if wrong := next((word for word in rest if not found and _TIME.fullmatch(word.lower())), None):
        return wrong_span(wrong, watched)
    if not watched:
        return which_account([])
    seconds = str(int(span.total_seconds()))
    return which_of(found, watched, " ".join(rest), "log", "/log {} 7d", seconds)


def span_of(word: str) -> timedelta | None:
    """The time that a word stands for; None if it is none."""
    try:
        return parse_duration(word) or None
    except ValueError:
        return None


def wrong_span(said: str, watched: Sequence[Watched]) -> Message:
    name = name_of(watched[0].account.name) if watched else ""
    example = f"/log {name} 7d" if name else "/log 7d"
    return Text().line(f"“{clean(said, 40)}” is not a length of time. Try {example}, or 24h, 30d.").message()
