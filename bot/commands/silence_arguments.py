"""The arguments of ``/mute`` and ``/pause``: an account or all, how long, and perhaps ``everywhere``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.commands.choices import which_of
from bot.commands.names import Names
from bot.domain.durations import parse_duration
from bot.domain.notifications import Watched
from bot.telegram.text.formatting import name_of
from bot.telegram.text.layout import Message, Text
from bot.telegram.text.replies import which_account
from bot.telegram.text.sanitize import clean

ALL, EVERYWHERE = "all", "everywhere"
SHORTEST = timedelta(seconds=1)
USUAL = "2h"
MOST_PARTS = 4
"""The most words of a duration: "1d 2h 3m 4s"."""

MOST_WORDS = 16
"""The most words of a wrong command that are searched for what was meant."""

_SPOKEN = re.compile(
    r"(\d{1,4})\s*(?:(s)(?:ec\w{0,5})?|(m)(?:in\w{0,5})?|(h)(?:ours?|rs?)?|(d)(?:ays?)?)\s*", re.ASCII | re.IGNORECASE
)
"""A duration as people say it, which the settings do not accept: "2 hours", "90 min"."""


_REST = re.compile(r"(\d{1,10})(e?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """The account (None: all that the chat sees), how long, and whether in every chat."""

    watched: Watched | None
    span: timedelta
    everywhere: bool = False


def parse_silence(
    command: str, words: str, watched: Sequence[Watched], *, everywhere: bool = False
) -> SilenceRequest | Message:
    """The request; for wrong arguments, an answer with an example that works.

    ``command`` is the command's name, for the example; ``everywhere``: it accepts that word at the end.
    """
    said, names = words.split(), Names(watched)
    in_all_chats = everywhere and len(said) > 1 and said[-1].casefold() == EVERYWHERE
    if in_all_chats:
        said.pop()
    parts = range(max(1, len(said) - MOST_PARTS), len(said))
    parted = [(" ".join(said[:at]), " ".join(said[at:])) for at in parts]
    timed = [(name, time) for name, time in parted if is_span(time)]
    # "Studio 5d 3h" is the account "Studio 5d" if there is one, else "Studio" for as long
    for find, ways in ((names.find_whole, reversed(timed)), (names.find_only, iter(timed))):
        for name, time in ways:
            one = None if name.casefold() == ALL else find(name)
            if one or name.casefold() == ALL:
                return SilenceRequest(one, parse_duration(time), in_all_chats)
    if not timed:
        return wrong_text(command, said, names, watched)
    name, time = timed[0]
    example = f"/{command} {{}} {time.replace(' ', '')}"
    rest = rest_of(parse_duration(time), everywhere=in_all_chats)
    return which_of(names.find(name), watched, name, command, example, rest)


def rest_of(span: timedelta, *, everywhere: bool) -> str:
    """How long, and whether in every chat, as in an account's button: "7200", "7200e"."""
    return f"{int(span.total_seconds())}{'e' if everywhere else ''}"


def silence_of_rest(one: Watched, rest: str) -> SilenceRequest | None:
    """The request of such a button; None for any other data."""
    found = _REST.fullmatch(rest)
    if found is None or not is_span(f"{found[1]}s"):
        return None
    return SilenceRequest(one, timedelta(seconds=int(found[1])), everywhere=bool(found[2]))


def is_span(words: str) -> bool:
    """True if the text is a duration that a silence can have."""
    try:
        return parse_duration(words) >= SHORTEST
    except ValueError:
        return False


def wrong_text(command: str, said: Sequence[str], names: Names, watched: Sequence[Watched]) -> Message:
    """Says what is wrong if no name with a duration was typed; keeps what was meant, if it can."""
    if not watched:
        return which_account([])
    shown, rest = taken_apart(said[:MOST_WORDS], names)
    time = next(filter(is_span, (*spoken(rest), *rest.split())), None)
    example = f"/{command} {name_of(shown or watched[0].account.name)} {time or USUAL}"
    if not rest or (time and shown is None):
        what = f"{command.capitalize()} what, and for how long?"
        return Text().line(f"{what} Say {example}, or /{command} all {time or '30m'}.").message()
    if is_span(rest):
        return Text().line(f"The account comes first, then how long. Try {example}.").message()
    typed = rest if shown else said[-1]
    return Text().line(f"“{clean(typed, 40)}” is not a length of time. Try {example}, or 30m, 1d.").message()


def taken_apart(said: Sequence[str], names: Names) -> tuple[str | None, str]:
    """The account named at the beginning, or else at the end ("all", or None for none), and the other words."""
    count = len(said)
    parts = [(said[:end], said[end:]) for end in range(count, 0, -1)]
    parts += [(said[begin:], said[:begin]) for begin in range(1, count)]
    for name, rest in parts:
        words = " ".join(name)
        if words.casefold() == ALL:
            return ALL, " ".join(rest)
        if one := names.find_only(words):
            return one.account.name, " ".join(rest)
    return None, " ".join(said)


def spoken(words: str) -> list[str]:
    """The words in the settings' form: "2 hours" is "2h"."""
    parts = _SPOKEN.findall(words)
    said = ["".join("".join(part).lower() for part in parts)] if parts and not _SPOKEN.sub("", words).strip() else []
    return [words.replace(" ", ""), *said]
