"""On which line of a TOML text each table, key and item stands; ``tomllib`` keeps none.

Only asked once something is wrong, and only of text that ``tomllib`` has read: so it need not judge, only follow.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

Place = tuple[str | int, ...]
"""The way to a value: ``("source", 0, "chats", 2)``."""

_TOKEN = re.compile(
    r'''
      (?P<text> """(?:[^\\]|\\.)*?""""{0,2} | \'\'\'.*?\'\'\'\'{0,2} | "(?:[^"\\\n]|\\.)*" | '[^'\n]*' )
    | (?P<skip> \#[^\n]* | [\ \t\r]+ )
    | (?P<mark> [\[\]{},=.\n] )
    | (?P<word> [^\s"'\#\[\]{},=.]+ | . )
    ''',
    re.DOTALL | re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str | None
    text: str
    line: int


_END = _Token("mark", "", 0)


def lines_of(text: str) -> dict[Place, int]:
    """The line of each table, key and item, counted from 1; of what is nested beyond reason only the outer part."""
    reader = _Reader(text)
    with suppress(RecursionError):
        reader.document()
    return reader.lines


def nearest_line(lines: Mapping[Place, int], place: Place) -> int | None:
    """The line of a place, or else of the nearest thing around it that has one."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place)


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "skip":
            yield _Token(match.lastgroup, match[0], line)
        line += match[0].count("\n")


class _Reader:
    """Follows the text token by token. Each step takes at least one, so that no text can hold it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._tokens = _tokens(text)
        self._next = next(self._tokens, _END)
        self._last: dict[Place, int] = {}

    def document(self) -> None:
        base: Place = ()
        while self._next is not _END:
            if self._is("\n"):
                self._take()
            elif self._is("["):
                base = self._header()
            else:
                self._pair(base)

    def _is(self, *marks: str) -> bool:
        return self._next.kind == "mark" and self._next.text in marks

    def _take(self) -> _Token:
        token, self._next = self._next, next(self._tokens, _END)
        return token

    def _header(self) -> Place:
        """``[table]`` or ``[[array of tables]]``; gives the place of what follows."""
        line = self._take().line
        many = self._is("[")
        if many:
            self._take()
        *outer, name = self._key()
        while self._is("]"):
            self._take()
        place: Place = ()
        for part in outer:
            place = self._inside((*place, part))
        place = (*place, name)
        if many:
            self._last[place] = self._last.get(place, -1) + 1
        self.lines.setdefault(place, line)
        place = self._inside(place)
        self.lines.setdefault(place, line)
        return place

    def _inside(self, place: Place) -> Place:
        """The table itself, or of an array of tables the last."""
        return (*place, self._last[place]) if place in self._last else place

    def _key(self) -> list[str]:
        """A key, with its dots taken apart."""
        parts = [self._name()]
        while self._is("."):
            self._take()
            parts.append(self._name())
        return parts

    def _name(self) -> str:
        token = self._take()
        return token.text[1:-1] if token.kind == "text" else token.text

    def _pair(self, base: Place) -> None:
        line = self._next.line
        place = (*base, *self._key())
        if self._is("="):
            self._take()
        self.lines.setdefault(place, line)
        self._value(place)

    def _value(self, place: Place) -> None:
        self.lines.setdefault(place, self._next.line)
        if self._is("["):
            self._array(place)
        elif self._is("{"):
            self._inline(place)
        else:
            while self._next is not _END and not self._is(",", "]", "}", "\n"):
                self._take()

    def _array(self, place: Place) -> None:
        self._take()
        count = 0
        while self._next is not _END and not self._is("]"):
            if self._is(",", "\n", "}"):
                self._take()
            else:
                self._value((*place, count))
                count += 1
        self._take()

    def _inline(self, place: Place) -> None:
        self._take()
        while self._next is not _END and not self._is("}"):
            if self._is(",", "\n", "]"):
                self._take()
            else:
                self._pair(place)
        self._take()
