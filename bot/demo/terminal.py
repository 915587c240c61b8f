"""The chat on a terminal: what the bot and Kim write, what happens, and what is typed."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from bot.demo import keyboard
from bot.demo.actions import do
from bot.demo.chats import NAMES, ON_CALL, PRIVATE, Said
from bot.demo.terminal_text import bot_bubble, dimmed, kim_bubble
from bot.demo.world import Stage, UnknownName
from bot.simulator.telegram.service import SimulatedMessage

PROMPT = "> "
AS_REAL = "Time runs as on the wall."
INTRO = """\
credit-bot demo: the real bot, with six simulated accounts.
No account, no token, no network: nothing leaves this machine.
Time runs fast: a second is {minutes} minutes.

Below is Kim's chat with the bot, as on a phone:
🔔 rings, 🔕 comes silently; what nobody acknowledges goes
to Nora too. Play Kim: type /credits, /alerts
or /status, or a button's number to tap it. help lists what
else you can do to this world. Ctrl-C ends it.

{addresses}"""


@dataclass(frozen=True)
class Key:
    """A word that changes the world: its usage, its effect, and its action."""

    usage: str
    line: str
    act: Callable[["Terminal", list[str]], None]


class Terminal:
    """Shows the stage, and acts on it as the visitor types."""

    def __init__(self, stage: Stage, stop: asyncio.Event, out: TextIO | None = None) -> None:
        """``stop`` is set by ``quit``, and when nobody reads the output any longer."""
        self.stage = stage
        self.stop = stop
        self._out = out or sys.stdout or io.StringIO()
        self._colour = self._out.isatty()
        self._prompts = False
        self._line = keyboard.Line()
        self._buttons: SimulatedMessage | None = None
        self._day = ""

    @asynccontextmanager
    async def opened(self, addresses: str) -> AsyncIterator[None]:
        """Prints what this is, and reads the keyboard."""
        with ExitStack() as stack:
            self._listen(stack)
            self.write(INTRO.format(minutes=self.stage.clock.minutes_a_second, addresses=addresses))
            yield

    def _listen(self, stack: ExitStack) -> None:
        """Reads the keyboard, if there is one, until the stack is closed."""
        number = keyboard.input_number()
        if number is None:
            return
        if self._colour and keyboard.is_terminal(number):
            stack.enter_context(keyboard.key_by_key(number))
            self._prompts = True
        stack.callback(self._put_away)
        stack.enter_context(keyboard.listening(number, self._typed))

    def write(self, text: str, *, gap: str = "\n") -> None:
        """Prints a block of lines above the line being typed, after a gap."""
        try:
            self._out.write(f"{self._erased()}{gap}{text}\n{self._prompt()}")
            self._out.flush()
        except (OSError, ValueError):  # nobody reads any longer
            self.stop.set()

    def _erased(self) -> str:
        """The control codes that hide the line being typed."""
        return "\r\x1b[K" if self._prompts else ""

    def _prompt(self) -> str:
        """The line being typed."""
        return f"{PROMPT}{self._line.text[-60:]}" if self._prompts else ""

    def _put_away(self) -> None:
        """Leaves the terminal tidy."""
        if self._prompts:
            self._out.write("\r\x1b[K")
            self._prompts = False

    def bot_said(self, message: SimulatedMessage) -> None:
        """Shows a message that is new, edited or deleted, if it is in Kim's own chat; to whoever is on call, a new one.

        Only the buttons of Kim's chat can be tapped.
        """
        elsewhere = ON_CALL.holds(message) and not message.edits
        if not (PRIVATE.holds(message) or elsewhere):
            return
        self._new_day(message.edits[-1].at if message.edits else message.at)
        if message.buttons and not message.deleted and not elsewhere:
            self._buttons = message
        answered = self.stage.answered_by(message)
        to = NAMES[ON_CALL.chat_id] if elsewhere else ""
        self.write(bot_bubble(message, answered, colour=self._colour, to=to))

    def person_said(self, said: Said) -> None:
        self._new_day(said.at)
        text = said.text if said.message_id else f"[{said.text}]"
        self.write(kim_bubble(text, f"{said.at:%H:%M}", colour=self._colour))

    def noticed(self, text: str) -> None:
        """Shows a short notice after a tap, unless the message itself says it now."""
        if self._buttons is None or text not in self._buttons.text:
            self.remark(f"(a notice pops up: {text})")

    def narrated(self, words: str) -> None:
        self.remark(f"· {self.stage.clock():%H:%M}  {words}")

    def remark(self, text: str, *, gap: str = "\n") -> None:
        """Shows something outside the chat."""
        self.write(dimmed(text, colour=self._colour), gap=gap)

    def warned(self, level: str, text: str) -> None:
        self.remark(f"  bot's log, {level}: {text}", gap="")

    def _new_day(self, at: datetime) -> None:
        """Shows the date if it has changed."""
        day = f"{at:%a %d %b %Y}"
        if day != self._day:
            self._day = day
            self.write(dimmed(f"──────────── {day} ────────────".center(60), colour=self._colour))

    def _typed(self, typed: str) -> None:
        for line in self._line.feed(typed):
            self.obey(line.strip())
        if self._prompts:
            self._out.write(self._erased() + self._prompt())
            self._out.flush()

    def obey(self, line: str) -> None:
        """Runs a line: a number taps, a key acts on the world, anything else goes to the chat."""
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


def tap(terminal: Terminal, words: list[str]) -> None:
    (number,) = words
    terminal.tap(int(number))


def deed(name: str) -> Callable[[Terminal, list[str]], None]:
    """A key that acts on the world."""
    return lambda terminal, words: do(terminal.stage, name, words)


def gear(step: int) -> Callable[[Terminal, list[str]], None]:
    """A key that makes time faster or slower."""

    def act(terminal: Terminal, _: list[str]) -> None:
        minutes = terminal.stage.clock.shift(step)
        terminal.remark(f"A second is now {minutes} minute{'s' if minutes > 1 else ''}." if minutes else AS_REAL)

    return act


def show_help(terminal: Terminal, _: list[str]) -> None:
    lines = [f"  {key.usage:<20} {key.line}" for key in KEYS.values() if key.line]
    names = ", ".join(terminal.stage.names)
    heads = ["In the chat: /help asks the bot; anything typed goes to it, except:"]
    terminal.remark("\n".join([*heads, *lines, f"NAME is one of {names}, or its beginning."]))


def leave(terminal: Terminal, _: list[str]) -> None:
    terminal.stop.set()


KEYS = {
    "tap": Key("tap 1", "tap a button of the last message (or just 1)", tap),
    "spend": Key("spend NAME 3000", "jobs that cost so many credits", deed("spend")),
    "refill": Key("refill NAME", "the month's credits come", deed("refill")),
    "buy": Key("buy NAME 5000", "a credit package is bought", deed("buy")),
    "break": Key("break NAME", "useapi.net can no longer read it", deed("break")),
    "mend": Key("mend NAME", "it can be read again", deed("mend")),
    "cancel": Key("cancel NAME", "its plan is cancelled", deed("cancel")),
    "renew": Key("renew NAME", "its plan goes on", deed("renew")),
    "away": Key("away", "Telegram goes away", deed("away")),
    "back": Key("back", "Telegram comes back", deed("back")),
    "faster": Key("faster", "time runs faster", gear(1)),
    "slower": Key("slower", "time runs slower", gear(-1)),
    "help": Key("help", "this list", show_help),
    "?": Key("?", "", show_help),
    "quit": Key("quit", "ends the demo, like Ctrl-C", leave),
    "exit": Key("exit", "", leave),
}
