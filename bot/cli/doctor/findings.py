"""The result of a test, as one line on the screen."""

from dataclasses import dataclass
from enum import StrEnum

WIDTH = 28
"""Columns for the test's name; a longer name pushes its own line only."""

PATIENCE = 15.0
"""Seconds after which a test that hangs has failed."""


class Mark(StrEnum):
    """How a test ended. Only FAIL makes the exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: the mark, the test, and its result, with the remedy if there is one."""

    mark: Mark
    what: str
    words: str

    def __str__(self) -> str:
        return f"{self.mark:<4}  {self.what:<{WIDTH}}  {self.words}"


def ok(what: str, words: str) -> Finding:
    """It works."""
    return Finding(Mark.OK, what, words)


def warn(what: str, words: str) -> Finding:
    """It works, and still somebody should know."""
    return Finding(Mark.WARN, what, words)


def fail(what: str, words: str) -> Finding:
    """It does not work; the text says how it would."""
    return Finding(Mark.FAIL, what, words)
