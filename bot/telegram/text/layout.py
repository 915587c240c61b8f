"""Text with entities, never markup, so that no name needs escaping.

Telegram counts in UTF-16 units; so does everything here. A ``Message`` is free of Telegram: the sender converts it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.telegram.text.sanitize import shorten, utf16_len

LONGEST_MESSAGE = 4096
"""Telegram's limit on a message's text, in UTF-16 units."""

SHORTEST_LINE = 32
"""With less room than this in a message, a line is omitted."""

MOST_ENTITIES = 100
"""Telegram ignores entities beyond this many in one message."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted stretch of text: ``kind`` is Telegram's name for the format, offsets are UTF-16 units."""

    kind: str
    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first unit after it."""
        return self.offset + self.length

    def moved(self, by: int) -> "Entity":
        """The same stretch, ``by`` units further on."""
        return replace(self, offset=self.offset + by)


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message; its ``data``, at most 64 bytes, comes back with a tap.

    If the data is an address, the tap opens that, and nothing comes back.
    """

    label: str
    data: str

    @property
    def opens(self) -> bool:
        """True if it opens a page."""
        return self.data.startswith("https://")


Buttons = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message within Telegram's limits: text, entities, rows of buttons, with or without sound.

    ``answers`` is the id of the message that it replies to.
    """

    text: str
    entities: tuple[Entity, ...] = ()
    buttons: Buttons = ()
    silent: bool = False
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A formatted piece of a line."""

    text: str
    kind: str


Piece = str | Span


def bold(text: str) -> Span:
    return Span(text, "bold")


@dataclass(frozen=True, slots=True)
class Line:
    """One finished line; its entities count from its own beginning."""

    text: str
    entities: tuple[Entity, ...] = ()

    @property
    def length(self) -> int:
        """UTF-16 units."""
        return utf16_len(self.text)

    def within(self, limit: int) -> "Line":
        """The line shortened to ``limit`` units; an entity that does not fit is dropped, or ends with the line."""
        if self.length <= limit:
            return self
        split = [entity.offset for entity in self.entities if 0 < entity.offset < limit <= entity.end]
        text = shorten(self.text, min([*(offset + 1 for offset in split), limit]))
        end = utf16_len(text) - 1
        kept = (replace(entity, length=min(entity.length, end - entity.offset)) for entity in self.entities)
        return Line(text, tuple(entity for entity in kept if entity.length > 0 and entity.end <= end))


def line_of(pieces: Iterable[Piece]) -> Line:
    """Joins pieces to one line; a line break inside a piece becomes a space."""
    text, entities = "", []
    for piece in pieces:
        plain = " ".join((piece if isinstance(piece, str) else piece.text).split("\n"))
        if isinstance(piece, Span) and plain:
            entities.append(Entity(piece.kind, utf16_len(text), utf16_len(plain)))
        text += plain
    return Line(text, tuple(entities))


class Text:
    """Builds a message line by line."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def line(self, *pieces: Piece) -> "Text":
        """Adds a line; without pieces, an empty one."""
        self._lines.append(line_of(pieces))
        return self

    def lines(self, many: Iterable[Iterable[Piece]]) -> "Text":
        for pieces in many:
            self.line(*pieces)
        return self

    @property
    def length(self) -> int:
        """The whole text's UTF-16 units, with line breaks."""
        return sum(line.length for line in self._lines) + max(len(self._lines) - 1, 0)

    def message(self, buttons: Buttons = (), *, silent: bool = False, limit: int = LONGEST_MESSAGE) -> Message:
        """The message, cut between lines if it is too long; a last line of "…" shows a cut."""
        lines = [line.within(limit) for line in self._lines]
        fitting = len(lines) if self.length <= limit else fitting_lines(lines, limit - len("\n…"))
        kept = lines[:fitting] if fitting == len(lines) else [*lines[:fitting], Line("…")]
        return Message("\n".join(line.text for line in kept), placed(kept)[:MOST_ENTITIES], buttons, silent)


def fitting_lines(lines: list[Line], limit: int) -> int:
    """How many lines fit into ``limit`` units; a single line fits already."""
    used = -1
    for count, line in enumerate(lines):
        used += line.length + 1
        if used > limit:
            return max(count, 1) if len(lines) == 1 else count
    return len(lines)


def placed(lines: list[Line]) -> tuple[Entity, ...]:
    """The entities of all lines, counted from the beginning of the text."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + line.length + 1)
    pairs = zip(starts, lines, strict=False)
    return tuple(entity.moved(start) for start, line in pairs for entity in line.entities)


def with_note(message: Message, note: str, buttons: Buttons = (), in_place_of: tuple[str, ...] = ()) -> Message:
    """The message with one more line, such as who acknowledged it; a full message is cut to make room.

    It replaces lines that begin with any of ``in_place_of``.
    """
    last = Line(shorten(note, 200))
    room = LONGEST_MESSAGE - last.length - 1
    text = message.text
    while in_place_of and "\n" in text and text.rpartition("\n")[2].startswith(in_place_of):
        text = text.rpartition("\n")[0]
    text = text if utf16_len(text) <= room else shorten(text, room)
    end = utf16_len(text)
    entities = tuple(entity for entity in message.entities if entity.end <= end)
    return replace(message, text=f"{text}\n{last.text}", entities=entities, buttons=buttons)


def with_line(message: Message, *pieces: Piece) -> Message:
    """The message with one more line, shortened to the room that is left."""
    room = LONGEST_MESSAGE - utf16_len(message.text) - 1
    if room < SHORTEST_LINE:
        return message
    line, start = line_of(pieces).within(room), utf16_len(message.text) + 1
    entities = (*message.entities, *(entity.moved(start) for entity in line.entities))[:MOST_ENTITIES]
    return replace(message, text=f"{message.text}\n{line.text}", entities=entities)


def pieces_of(text: str, limit: int) -> list[str]:
    """A text in pieces of at most ``limit`` units, cut between lines; only a longer line is shortened."""
    pieces: list[str] = []
    for line in text.split("\n"):
        short = shorten(line, limit)
        if pieces and utf16_len(pieces[-1]) + 1 + utf16_len(short) <= limit:
            pieces[-1] += f"\n{short}"
        else:
            pieces.append(short)
    return [piece for piece in pieces if piece.strip()]
