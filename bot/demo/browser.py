"""The demo as a page on this machine, opened in a browser if there is one."""

import os
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from threading import Thread
from typing import TextIO

from bot.demo.page_actions import Wisher
from bot.demo.page_server import PageServer
from bot.demo.page_state import Feed
from bot.demo.player import Teller
from bot.demo.world import Stage
from bot.support.errors import StartError

INTRO = """\
credit-bot demo: the real bot, with six simulated accounts.
No account, no token, no network: nothing leaves this machine.

  Open  {page}

There you are Kim, as on a phone: type /credits, tap buttons,
and change the world beside it. The same without a browser:
credit-bot demo --terminal. Ctrl-C ends it.

{addresses}"""


class Browser(Feed):
    """Shows the stage on a page. The terminal shows the page's address only."""

    def __init__(
        self, stage: Stage, teller: Teller, port: int = 0, opens: bool = True, out: TextIO | None = None
    ) -> None:
        """``opens``: opens a browser, if that makes sense; ``port`` 0: any free one."""
        super().__init__(stage, teller)
        self._server = PageServer(self, Wisher(stage, teller, self))
        self._port = port
        self._opens = opens
        self._out: TextIO | None = out or sys.stdout

    @property
    def address(self) -> str:
        return self._server.address

    @asynccontextmanager
    async def opened(self, addresses: str) -> AsyncIterator[None]:
        """Serves the page, prints its address, and opens it."""
        try:
            await self._server.start(self._port)
        except OSError as error:
            raise StartError(
                f"The page cannot listen on port {self._port}: {error.strerror}. Try another --port."
            ) from None
        try:
            self.write(INTRO.format(page=f"{self.address}/", addresses=addresses))
            if self._opens and somebody_looks(self._out, os.environ, sys.platform):
                Thread(target=webbrowser.open, args=(f"{self.address}/",), daemon=True).start()
            yield
        finally:
            await self._server.stop()

    def write(self, text: str) -> None:
        """Prints a line on the terminal, if anybody reads there."""
        if self._out is None:
            return
        try:
            self._out.write(f"\n{text}\n")
            self._out.flush()
        except (OSError, ValueError):
            self._out = None


def somebody_looks(out: TextIO | None, env: Mapping[str, str], platform: str) -> bool:
    """True if a person seems to sit at this machine, before a screen with windows."""
    if out is None or not out.isatty() or env.get("CI") or env.get("SSH_CONNECTION"):
        return False
    return platform in ("darwin", "win32") or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))
