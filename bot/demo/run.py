"""``credit-bot demo``: the real bot in a simulated world, shown in a browser, or on the terminal."""

import asyncio
import logging
import tempfile
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bot.app import App
from bot.demo.browser import Browser
from bot.demo.player import Teller
from bot.demo.terminal import Terminal
from bot.demo.world import Stage, View
from bot.support.errors import BotError
from bot.support.logs import quieten

ADDRESSES = """\
  simulated useapi.net  {useapi}
  simulated Telegram    {telegram}
  the bot's own health  {health}"""


@dataclass(frozen=True)
class Wishes:
    """How the demo is shown."""

    seconds: float | None = None
    """Seconds after which it ends by itself; None: never."""
    terminal: bool = False
    port: int = 0
    """The page's port; 0: any free one."""
    browser: bool = True
    """True if a browser can be opened."""


class Front(View, Protocol):
    """A view that shows the demo."""

    def opened(self, addresses: str) -> AbstractAsyncContextManager[None]:
        """Prints what this is and where, and takes the visitor's input, until it is closed."""

    def write(self, text: str) -> None:
        """Prints a line on the terminal."""

    def warned(self, level: str, text: str) -> None:
        """Shows a line of the bot's log."""


async def show(stop: asyncio.Event, wishes: Wishes) -> None:
    """Plays the demo until ``stop`` is set, or for some seconds; leaves nothing behind."""
    stage = Stage(datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0))
    teller = Teller(stage)
    front: Front = Terminal(stage, stop) if wishes.terminal else Browser(stage, teller, wishes.port, wishes.browser)
    stage.views.append(front)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="credit-bot-demo-"))
        stack.enter_context(log_shown(front))
        try:
            async with stage.opened(Path(folder)) as bot, front.opened(addresses(stage, bot)):
                await play(bot, [stage.pass_time(), teller.tell(), end_after(wishes.seconds, stop)], stop)
        except BotError:
            if not stop.is_set():  # otherwise the Ctrl-C that ends the demo met the bot while it was starting
                raise
    front.write("The demo has ended; nothing of it is left.")


async def play(bot: App, works: Iterable[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Runs the bot, and beside it time, the script and the end; a defect in any of them ends all."""
    besides = [beside(work, stop) for work in works]
    try:
        await bot.run(stop)
    finally:
        for task in besides:
            task.cancel()
        ended = await asyncio.gather(*besides, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


def addresses(stage: Stage, bot: App) -> str:
    """The addresses of the simulated services and the bot."""
    return ADDRESSES.format(
        useapi=stage.pixverse.url,
        telegram=stage.telegram.url,
        health=f"http://127.0.0.1:{bot.pages.port}/healthz",
    )


def beside(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> "asyncio.Task[None]":
    """Work beside the bot; its failure ends all."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: stop.set() if not done.cancelled() and done.exception() else None)
    return task


async def end_after(seconds: float | None, stop: asyncio.Event) -> None:
    if seconds is not None:
        await asyncio.sleep(seconds)
        stop.set()


class LogLines(logging.Handler):
    """Passes the bot's warnings to a view."""

    def __init__(self, front: Front) -> None:
        super().__init__(logging.WARNING)
        self._front = front

    def emit(self, record: logging.LogRecord) -> None:
        self._front.warned(record.levelname.lower(), record.getMessage())


@contextmanager
def log_shown(front: Front) -> Iterator[None]:
    """Shows the log's warnings, and nothing milder."""
    root, handler = logging.getLogger(), LogLines(front)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    quieten()
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
