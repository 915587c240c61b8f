"""The base of both simulators: an HTTP server on the loopback address that starts anywhere and stops at once."""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import NoReturn, Self, TypeVar

from aiohttp import web
from aiohttp.typedefs import Middleware

Found = TypeVar("Found")

HOST = "127.0.0.1"
LARGEST_BODY = 20 * 1024 * 1024
LET_GO_AFTER = 0.01
"""Seconds a request may go on after `stop`; what is still hanging then is cut off."""


class DropError(Exception):
    """The connection is to be closed without an answer."""


class HangError(Exception):
    """The request is never to be answered; its connection stays open until the client or the server ends."""


class LocalServer:
    """An HTTP server on 127.0.0.1, also an async context manager. Subclasses say what it serves."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._port = 0

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Say what is served; asked once at every start."""
        raise NotImplementedError

    def middlewares(self) -> Iterable[Middleware]:
        """Say what every request and answer passes through; asked once at every start."""
        return ()

    @property
    def address(self) -> str:
        """The base address, without a slash at its end; after `stop`, that of a server that is down."""
        return f"http://{HOST}:{self._port}"

    @property
    def port(self) -> int:
        """The port of the last start: `start(port)` comes back there after a `stop`."""
        return self._port

    async def start(self, port: int = 0) -> None:
        """Listen on that port; 0 takes any free one. A port in use raises OSError."""
        application = web.Application(client_max_size=LARGEST_BODY, middlewares=self.middlewares())
        application.add_routes(self.routes())
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=LET_GO_AFTER)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner, self._port = runner, runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection, the hanging ones too. Stopping twice is allowed."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class Bell:
    """Wakes everybody who waits, each time something happened. For one event loop."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float | None = None) -> None:
        """Return at the next ring; raises TimeoutError after so many seconds."""
        await asyncio.wait_for(self._rung.wait(), seconds)

    async def until(self, find: Callable[[], Found | None], seconds: float) -> Found:
        """Return what `find` finds, asked now and at every ring; TimeoutError if that is None for so many seconds."""
        async with asyncio.timeout(seconds):
            while (found := find()) is None:
                await self._rung.wait()
        return found


async def never() -> NoReturn:
    """Wait until cancelled."""
    while True:
        await asyncio.Event().wait()


def drop(request: web.Request) -> web.StreamResponse:
    """Close the request's connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
