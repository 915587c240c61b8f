"""``credit-bot demo``: the real bot in a simulated world, shown on the terminal."""

import asyncio
import logging
import os
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import App
from bot.demo.stage import Stage
from bot.demo.story import SCRIPT, afterlife
from bot.demo.terminal import LogLines, Terminal
from bot.errors import BotError
from bot.logs import QUIET

INTRO = """\
credit-bot demo: the real bot, with five simulated accounts.
No account, no token, no network: nothing leaves this machine.
Time runs fast: a second is {minutes} minutes.

Below is Kim's chat with the bot, as on a phone:
🔔 rings, 🔕 comes silently. Play Kim: type /credits, /alerts
or /status, or a button's number to tap it. help lists what
else you can do to this world. Ctrl-C ends it.

  simulated useapi.net  {useapi}
  simulated Telegram    {telegram}
  the bot's own health  {health}"""


async def show(stop: asyncio.Event, seconds: float | None = None) -> None:
    """Plays the demo until ``stop`` is set, or for so many seconds; leaves nothing behind."""
    stage = Stage(datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0))
    terminal = Terminal(stage, stop)
    stage.views.append(terminal)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="credit-bot-demo-"))
        stack.enter_context(no_proxies())
        stack.enter_context(log_shown(terminal))
        try:
            async with stage.opened(Path(folder)) as bot:
                terminal.open(stack)
                await play(stage, terminal, bot, stop, seconds)
        except BotError:
            if not stop.is_set():  # else the Ctrl-C that ends the demo has met the bot while it was starting
                raise
    terminal.write("The demo has ended; nothing of it is left.")


async def play(stage: Stage, terminal: Terminal, bot: App, stop: asyncio.Event, seconds: float | None) -> None:
    """The bot, and beside it time, the story and the end; a defect in any of them ends the whole."""
    terminal.write(introduction(stage, bot))
    besides = [beside(stage.pass_time(), stop), beside(tell(stage), stop)]
    if seconds is not None:
        besides.append(beside(end_after(seconds, stop), stop))
    try:
        await bot.run(stop)
    finally:
        for task in besides:
            task.cancel()
        ended = await asyncio.gather(*besides, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


def introduction(stage: Stage, bot: App) -> str:
    """What this is, and what to type."""
    return INTRO.format(
        minutes=stage.clock.minutes_a_second,
        useapi=stage.pixverse.url,
        telegram=stage.telegram.url,
        health=f"http://127.0.0.1:{bot.pages.port}/healthz",
    )


def beside(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> "asyncio.Task[None]":
    """Work that goes on beside the bot; if it fails, all ends."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: stop.set() if not done.cancelled() and done.exception() else None)
    return task


async def tell(stage: Stage) -> None:
    """Lets happen what the story says: the script by the clock on the wall, then one thing after another."""
    begun = asyncio.get_running_loop().time()
    for scene in SCRIPT:
        await asyncio.sleep(begun + scene.at - asyncio.get_running_loop().time())
        stage.narrate(scene.words)
        scene.act(stage)
    for scene in afterlife(list(stage.members)):
        await asyncio.sleep(scene.at)
        stage.narrate(scene.words)
        scene.act(stage)


async def end_after(seconds: float, stop: asyncio.Event) -> None:
    """Ends the demo by itself."""
    await asyncio.sleep(seconds)
    stop.set()


@contextmanager
def no_proxies() -> Iterator[None]:
    """Keeps a proxy of the surroundings from getting what is meant for this machine."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    os.environ.update(dict.fromkeys(before, "*"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def log_shown(terminal: Terminal) -> Iterator[None]:
    """Shows the log's warnings below the chat, and nothing milder."""
    root, handler = logging.getLogger(), LogLines(terminal)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR if name == "asyncio" else logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
