"""Typed lines. Without a terminal, with a closed input or at its end there are none."""

import asyncio
import codecs
import os
import re
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LARGEST_READ = 65536
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z~]?|O.|.)?")
ENTER, RUB_OUT, CLEAR, WORD = "\r\n", "\x7f\b", "\x15", "\x17"


class Line:
    """The line being typed. Fed with input, it returns the finished lines."""

    def __init__(self) -> None:
        self.text = ""

    def feed(self, typed: str) -> list[str]:
        """Takes typed characters; drops keys that only move."""
        finished = []
        for char in ESCAPES.sub("", typed).replace("\r\n", "\n"):
            if char in ENTER:
                finished.append(self.text)
                self.text = ""
            else:
                self._take(char)
        return finished

    def _take(self, char: str) -> None:
        if char in RUB_OUT:
            self.text = self.text[:-1]
        elif char == CLEAR:
            self.text = ""
        elif char == WORD:
            self.text = self.text.rstrip().rpartition(" ")[0]
        elif char.isprintable():
            self.text += char


def input_number() -> int | None:
    """The file number of the input: None without one, or if others use this terminal."""
    try:
        number = sys.stdin.fileno()
        ours = not os.isatty(number) or os.tcgetpgrp(number) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # no stdin, closed, or without a number
        return None
    return number if ours else None


def is_terminal(number: int) -> bool:
    """True if the input is a terminal, rather than a pipe or a file."""
    return os.isatty(number)


@contextmanager
def key_by_key(number: int) -> Iterator[None]:
    """A terminal that returns each key at once and echoes none; restored at the end."""
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


@contextmanager
def listening(number: int, take: Callable[[str], None]) -> Iterator[None]:
    """Passes typed characters to ``take``. The end of the input ends the typing, and nothing else."""
    loop = asyncio.get_running_loop()
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def read() -> None:
        try:
            data = os.read(number, LARGEST_READ)
        except OSError:
            data = b""
        if data:
            take(decode(data))
        else:
            loop.remove_reader(number)
            take("\n")  # a last line without its end counts too

    try:
        loop.add_reader(number, read)
    except OSError:  # a file is always ready, so it cannot be waited for
        take(decode(os.read(number, LARGEST_READ)) + "\n")
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(number)
