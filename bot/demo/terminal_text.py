"""Chat messages as text for a terminal: wrapped, with bold text and buttons."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bot.simulator.telegram.model import Json, SimulatedMessage

WIDTH = 58
"""Columns of a message, without its bar."""

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
BAR = "│ "
INDENT = 30
"""Columns before the person's text."""

Cell = tuple[str, bool]
"""A character, and whether it is bold."""


def columns(text: str) -> int:
    """How many columns a text takes."""
    return sum(width_of(char) for char in text)


def width_of(char: str) -> int:
    """0 for what joins the character before, 2 for emoji and wide letters."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str, entities: Iterable[Json]) -> Iterator[Cell]:
    """Every character with its format. Entities count in UTF-16 units; characters that move the cursor are dropped."""
    spans = [(one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] == "bold"]
    place = 0
    for char in text:
        if char == "\n" or unicodedata.category(char) != "Cc":
            yield char, any(start <= place < end for start, end in spans)
        place += 2 if char > "\uffff" else 1


def words_of(line: Sequence[Cell]) -> Iterator[list[Cell]]:
    """The words of a line, each with the space after it."""
    word: list[Cell] = []
    for cell in line:
        word.append(cell)
        if cell[0] == " ":
            yield word
            word = []
    if word:
        yield word


def wrapped(line: Sequence[Cell], width: int) -> Iterator[list[Cell]]:
    """A line wrapped to ``width`` columns; a longer word is cut."""
    row: list[Cell] = []
    room = width
    for word in words_of(line):
        size = columns("".join(char for char, _ in word).rstrip(" "))
        if size > room and row:
            yield row
            row, room = [], width
        for cell in word:
            if width_of(cell[0]) > room and cell[0] != " ":
                yield row
                row, room = [], width
            row.append(cell)
            room -= width_of(cell[0])
    yield row


def painted(row: Sequence[Cell], *, colour: bool) -> str:
    """A row with its control codes."""
    said, bold = "", False
    for char, is_bold in row:
        if colour and is_bold != bold:
            said, bold = said + (BOLD if is_bold else PLAIN), is_bold
        said += char
    return (said + PLAIN if bold else said).rstrip(" ")


def lines_of(text: str, entities: Iterable[Json], *, colour: bool, width: int = WIDTH) -> list[str]:
    rows: list[list[Cell]] = [[]]
    for cell in cells(text, entities):
        if cell[0] == "\n":
            rows.append([])
        else:
            rows[-1].append(cell)
    return [painted(row, colour=colour) for line in rows for row in wrapped(line, width)]


def button_lines(buttons: Sequence[Sequence[tuple[str, str]]], width: int = WIDTH) -> list[str]:
    """The buttons, numbered through, row by row."""
    lines: list[str] = []
    number = 0
    for row in buttons:
        line = ""
        for label, _ in row:
            number += 1
            button = f"[{number} {label}]"
            if line and columns(f"{line} {button}") > width:
                lines.append(line)
                line = ""
            line = f"{line} {button}".strip()
        lines.append(line)
    return lines


def bot_bubble(
    message: SimulatedMessage,
    answered: SimulatedMessage | None = None,
    *,
    colour: bool,
    to: str = "",
) -> str:
    """A message of the bot as it is now: time, sound, the message that it replies to, text, and buttons.

    One ``to`` somebody else than Kim has none: a number taps in Kim's chat.
    """
    at = (message.edits[-1] if message.edits else message).at
    sound = "🔕 silent" if message.silent else "🔔 rings"
    where = f"Credit bot, to {to}" if to else "Credit bot"
    head = f"{at:%H:%M}  {where}  {'✎ edited' if message.edits else sound}"
    body = ["(deleted)"] if message.deleted else lines_of(message.text, message.entities, colour=colour)
    buttons = [] if message.deleted or to else button_lines(message.buttons)
    quote = lines_of(f"↩ {answered.text.partition(chr(10))[0]}", (), colour=False) if answered else []
    quoted = [dimmed(line, colour=colour) for line in quote]
    return "\n".join([dimmed(head, colour=colour), *(BAR + line for line in (*quoted, *body, *buttons))])


def kim_bubble(text: str, at: str, *, colour: bool) -> str:
    """The person's text, on the other side."""
    lines = lines_of(text, (), colour=False, width=WIDTH - INDENT)
    space = " " * INDENT
    return "\n".join([space + dimmed(f"{at}  Kim (you)", colour=colour), *(space + BAR + line for line in lines)])


def dimmed(text: str, *, colour: bool) -> str:
    return f"{DIM}{text}{PLAIN}" if colour else text
