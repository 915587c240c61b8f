"""The arguments of ``/history``: an account, a span, both in any order, or nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.commands.choices import which_of
from bot.commands.names import Names, find_accounts
from bot.domain.notifications import Watched
from bot.telegram.text.formatting import name_of
from bot.telegram.text.layout import Message, Text
from bot.telegram.text.replies import which_account
from bot.telegram.text.sanitize import clean

SPANS = {"7d": timedelta(days=7), "30d": timedelta(days=30), "90d": timedelta(days=90)}
USUAL = "7d"
_TIME = re.compile(r"\d+(?:\.\d+)?[^\W\d]{0,7}|\d*[smhdwy]", re.ASCII)
"""Text that looks like a duration and is no span of ours: "7", "14d", "2weeks", "d"."""


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Whose history, and how far back."""

    watched: tuple[Watched, ...]
    span: timedelta = SPANS[USUAL]


def parse_history(words: str, watched: Sequence[Watched]) -> HistoryRequest | Message:
    """The request; for wrong arguments, an answer with an example that works.

    An account whose name is one of the spans, or ends with one, is found all the same if the text is its whole name.
    """
    if not watched:
        return which_account([])
    said = words.split()
    if whole := Names(watched).find_whole(" ".join(said)):
        return HistoryRequest((whole,))
    spans = [word for word in said if word.lower() in SPANS]
    rest = [word for word in said if word.lower() not in SPANS]
    if len({word.lower() for word in spans}) > 1:
        return wrong_span(" ".join(spans), watched)
    span = SPANS[spans[0].lower()] if spans else SPANS[USUAL]
    return named(rest, span, watched)


def named(rest: list[str], span: timedelta, watched: Sequence[Watched]) -> HistoryRequest | Message:
    """The request once the span is read; the rest names one account, or all of them, or is wrong."""
    if not rest or [word.lower() for word in rest] == ["all"]:
        return HistoryRequest(tuple(watched), span)
    words = " ".join(rest)
    found = find_accounts(words, watched)
    if len(found) == 1:
        return HistoryRequest(found, span)
    for word in () if found else rest:
        if _TIME.fullmatch(word.lower()):
            return wrong_span(word, watched)
    days = f"{span.days}d"
    return which_of(found, watched, words, "history", f"/history {{}} {days}", days)


def wrong_span(said: str, watched: Sequence[Watched]) -> Message:
    """The span cannot be drawn."""
    name = name_of(watched[0].account.name)
    return Text().line(f"“{clean(said, 40)}” is not a span. Try /history {name} 7d, or 30d, 90d.").message()
