"""What every message is before its delivery is known: a first line, and lines below it."""

from dataclasses import dataclass

from bot.chat.text import Piece, bold
from bot.chat.words import HEADLINE_NAME, name_of

Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """The first line is who, what and how bad, as a locked phone shows it; the body is why, what to do, numbers."""

    head: Pieces
    body: tuple[Pieces, ...] = ()


def telling(head: Pieces, *body: str) -> Telling:
    """A telling with plain lines below the first; an empty line is left out."""
    return Telling(head, tuple((line,) for line in body if line))


def about(sign: str, name: str, *what: Piece) -> Pieces:
    """The first line of a message about one account."""
    return (f"{sign} ", bold(name_of(name, HEADLINE_NAME)), ": ", *what)
