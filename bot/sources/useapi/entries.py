"""The entries of a long list in a JSON page, decoded one by one.

``json.loads`` lets no other thread run until it has read the whole text, which takes a tenth of a second for a page of
fifteen megabytes. Here each entry is a step of its own, and nobody keeps those that came before. Pure.
"""

import json
import re
from collections.abc import Generator, Iterator
from typing import Any

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


def entries_of(text: str, name: str) -> Iterator[Any]:
    """The entries of the list ``name`` in a JSON object.

    Raises ``ValueError``, perhaps after some entries, if the text is no such object, or has that list twice or never.
    """
    place, found = _after(text, 0, "{"), False
    while True:
        key, place = _value(text, place)
        place = _after(text, place, ":")
        if not isinstance(key, str):
            raise ValueError("a name that is no text")
        if key != name:
            _, place = _value(text, place)
        elif found:
            raise ValueError(f"{name} stands there twice")
        else:
            found = True
            place = yield from _entries(text, _after(text, place, "["))
        sign, place = _sign(text, place)
        if sign == "}":
            break
        if sign != ",":
            raise ValueError("no comma between two fields")
    if not found or _skip(text, place) < len(text):
        raise ValueError(f"no {name}, or something after the object")


def _entries(text: str, place: int) -> Generator[Any, None, int]:
    """The entries of a list from behind its bracket; returns the place behind the last bracket."""
    sign, end = _sign(text, place)
    if sign == "]":
        return end
    while True:
        entry, place = _value(text, place)
        yield entry
        sign, place = _sign(text, place)
        if sign == "]":
            return place
        if sign != ",":
            raise ValueError("no comma between two entries")


def _value(text: str, place: int) -> tuple[Any, int]:
    """The JSON value at a place, and the place behind it."""
    return _DECODER.raw_decode(text, _skip(text, place))


def _sign(text: str, place: int) -> tuple[str, int]:
    """The next character that is no white space, and the place behind it; empty at the end."""
    place = _skip(text, place)
    return text[place : place + 1], place + 1


def _after(text: str, place: int, wanted: str) -> int:
    """The place behind a character that has to come next."""
    sign, place = _sign(text, place)
    if sign != wanted:
        raise ValueError(f"{wanted} expected")
    return place


def _skip(text: str, place: int) -> int:
    """The next place that is no white space."""
    found = _SPACE.match(text, place)
    return found.end() if found else place
