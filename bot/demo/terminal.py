"""The chat on a terminal: what the bot and Kim say, what happens, and what is typed."""

import asyncio
import io
import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from bot.demo import keyboard
from bot.demo.bubbles import bot_bubble, dimmed, kim_bubble
from bot.demo.stage import Stage, UnknownName
from bot.demo.telegram import SimulatedMessage

PROMPT = "> "


@dataclass(frozen=True)
class Key:
    """A word that one can type to change the world: how it is used, what it does, and the doing."""

    usage: str
    line: str
    act: Callable[["Terminal", list[str]], None]


class Terminal:
    """Shows the stage, and acts on it as it is told."""

    def __init__(self, stage: Stage, stop: asyncio.Event, out: TextIO | None = None) -> None:
        """``stop`` is set by ``quit``, and where nobody reads the output any more."""
        self.stage = stage
        self.stop = stop
        self._out = out or sys.stdout or io.StringIO()
        self._colour = self._out.isatty()
        self._prompts = False
        self._line = keyboard.Line()
        self._buttons: SimulatedMessage | None = None
        self._day = ""

    def open(self, stack: ExitStack) -> None:
        """Begins to listen to the keyboard, if there is one, until the stack is closed."""
        number = keyboard.input_number()
        if number is None:
            return
        if self._colour and keyboard.is_terminal(number):
            stack.enter_context(keyboard.key_by_key(number))
            self._prompts = True
        stack.callback(self._put_away)
        stack.enter_context(keyboard.listening(number, self._typed))

    def write(self, text: str, *, gap: str = "\n") -> None:
        """Shows a block of lines above what is being typed, with a gap before it."""
        try:
            self._out.write(f"{self._erased()}{gap}{text}\n{self._prompt()}")
            self._out.flush()
        except (OSError, ValueError):  # nobody reads any more
            self.stop.set()

    def _erased(self) -> str:
        """What takes the line under way away for a moment."""
        return "\r\x1b[K" if self._prompts else ""

    def _prompt(self) -> str:
        """The line under way."""
        return f"{PROMPT}{self._line.text[-60:]}" if self._prompts else ""

    def _put_away(self) -> None:
        """Leaves the terminal tidy."""
        if self._prompts:
            self._out.write("\r\x1b[K")
            self._prompts = False

    def bot_said(self, message: SimulatedMessage) -> None:
        """Shows a message that is new, edited or deleted."""
        self._new_day(message.edits[-1].at if message.edits else message.at)
        if message.buttons and not message.deleted:
            self._buttons = message
        self.write(bot_bubble(message, colour=self._colour))

    def kim_said(self, text: str, at: datetime) -> None:
        """Shows what the person wrote or tapped."""
        self._new_day(at)
        self.write(kim_bubble(text, f"{at:%H:%M}", colour=self._colour))

    def noticed(self, text: str) -> None:
        """Shows a little notice after a tap, unless the message itself says it now."""
        if self._buttons is None or text not in self._buttons.text:
            self.remark(f"(a notice pops up: {text})")

    def narrated(self, words: str) -> None:
        """Shows what happens in the world."""
        self.remark(f"· {self.stage.clock():%H:%M}  {words}")

    def remark(self, text: str, *, gap: str = "\n") -> None:
        """Shows something that is no part of the chat."""
        self.write(dimmed(text, colour=self._colour), gap=gap)

    def _new_day(self, at: datetime) -> None:
        """Shows the date where it has changed."""
        day = f"{at:%a %d %b %Y}"
        if day != self._day:
            self._day = day
            self.write(dimmed(f"──────────── {day} ────────────".center(60), colour=self._colour))

    def _typed(self, typed: str) -> None:
        """Takes what comes from the keyboard."""
        for line in self._line.feed(typed):
            self.obey(line.strip())
        if self._prompts:
            self._out.write(self._erased() + self._prompt())
            self._out.flush()

    def obey(self, line: str) -> None:
        """Does what a line says: a number taps, a key acts on the world, anything else is said in the chat."""
        first, *words = line.split() or [""]
        key = KEYS.get(first.lower())
        try:
            if first.isdecimal() and not words:
                tap(self, [first])
            elif key:
                key.act(self, words)
            elif line:
                self.stage.say(line)
        except UnknownName as error:
            self.remark(str(error))
        except ValueError:
            self.remark(f"Like this: {key.usage if key else 'tap 1'}")

    def tap(self, number: int) -> None:
        """Taps a button of the last message that has some."""
        pairs = [button for row in self._buttons.buttons for button in row] if self._buttons else []
        if not self._buttons or not 1 <= number <= len(pairs):
            self.remark(f"There is no button {number}." if pairs else "There is no button yet.")
            return
        self.stage.tap(self._buttons, pairs[number - 1][1])


class LogLines(logging.Handler):
    """The bot's warnings, as a dim line each."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Shows one record."""
        level = record.levelname.lower()
        self._terminal.remark(f"  bot's log, {level}: {record.getMessage()}", gap="")


def tap(terminal: Terminal, words: list[str]) -> None:
    """Taps a button."""
    (number,) = words
    terminal.tap(int(number))


def spend(terminal: Terminal, words: list[str]) -> None:
    """Spends credits."""
    name, credits = words
    terminal.stage.spend(name, int(credits.replace(",", "")))
    terminal.stage.narrate(f"{terminal.stage.member(name).name} spends {credits} credits.")


def top_up(terminal: Terminal, words: list[str]) -> None:
    """Buys credits."""
    name, credits = words
    terminal.stage.top_up(name, int(credits.replace(",", "")))
    terminal.stage.narrate(f"{terminal.stage.member(name).name} buys {credits} credits.")


def on_account(verb: str, words_after: str) -> Callable[[Terminal, list[str]], None]:
    """A key that does something to one account."""

    def act(terminal: Terminal, words: list[str]) -> None:
        (name,) = words
        getattr(terminal.stage, verb)(name)
        terminal.stage.narrate(f"{terminal.stage.member(name).name} {words_after}")

    return act


def away(terminal: Terminal, _: list[str]) -> None:
    """Telegram goes away."""
    terminal.stage.leave()
    terminal.stage.narrate("Telegram is away; the bot goes on watching. back brings it back.")


def back(terminal: Terminal, _: list[str]) -> None:
    """Telegram is back."""
    terminal.stage.come_back()
    terminal.stage.narrate("Telegram is back. The bot finds out within half a minute.")


def gear(step: int) -> Callable[[Terminal, list[str]], None]:
    """A key that makes time faster or slower."""

    def act(terminal: Terminal, _: list[str]) -> None:
        minutes = terminal.stage.clock.shift(step)
        terminal.remark(f"A second is now {minutes} minute{'s' if minutes > 1 else ''}.")

    return act


def show_help(terminal: Terminal, _: list[str]) -> None:
    """Lists the keys."""
    lines = [f"  {key.usage:<20} {key.line}" for key in KEYS.values() if key.line]
    names = ", ".join(terminal.stage.members)
    heads = ["In the chat: /help asks the bot; anything typed goes to it, except:"]
    terminal.remark("\n".join([*heads, *lines, f"NAME is one of {names}, or its beginning."]))


def leave(terminal: Terminal, _: list[str]) -> None:
    """Ends the demo."""
    terminal.stop.set()


KEYS = {
    "tap": Key("tap 1", "tap a button of the last message (or just 1)", tap),
    "spend": Key("spend NAME 3000", "jobs that cost so many credits", spend),
    "refill": Key("refill NAME", "the month's credits come", on_account("refill", "gets its monthly credits.")),
    "buy": Key("buy NAME 5000", "a credit package is bought", top_up),
    "break": Key("break NAME", "useapi.net cannot read it any more", on_account("break_session", "breaks.")),
    "mend": Key("mend NAME", "it can be read again", on_account("mend_session", "was added again at useapi.net.")),
    "cancel": Key("cancel NAME", "its plan is cancelled", on_account("cancel", "cancels its plan.")),
    "renew": Key("renew NAME", "its plan goes on", on_account("subscribe", "is subscribed again.")),
    "away": Key("away", "Telegram goes away", away),
    "back": Key("back", "Telegram comes back", back),
    "faster": Key("faster", "time runs faster", gear(1)),
    "slower": Key("slower", "time runs slower", gear(-1)),
    "help": Key("help", "this list", show_help),
    "?": Key("?", "", show_help),
    "quit": Key("quit", "ends the demo, like Ctrl-C", leave),
    "exit": Key("exit", "", leave),
}
