"""The simulated services, which here write down what they answered: what was told can then be held against it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from bot.simulator.pixverse import SimulatedPixVerse
from bot.simulator.server import LocalServer
from bot.simulator.telegram.faults import SENDING
from bot.simulator.telegram.params import Params
from bot.simulator.telegram.service import SimulatedMessage, SimulatedTelegram

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Answer:
    """What the simulated useapi.net answered to one look."""

    email: str | None
    """None: a look at the list of accounts."""
    life: int
    """Which process of the bot asked, counted from 1."""
    asked: float
    """``time.monotonic()``, as all moments here."""
    answered: float | None = None
    """None: the asker never got a whole answer."""
    status: int | None = None
    body: Any = None
    """The decoded JSON; None: none."""
    page: bool = False
    """A web page was sent, which is nobody's word."""
    ended: float | None = None
    """When it was over, with an answer or without."""
    cut: bool = False
    """Only half of the answer was sent."""


@dataclass
class Attempt:
    """One try of the bot to bring a message into a chat."""

    chat_id: int
    text: str
    life: int
    at: float
    message: SimulatedMessage | None = None
    """What stands in the chat now, if it was accepted."""
    answered: float | None = None
    """None: the bot never learnt what became of it."""
    status: int | None = None


class RecordedPixVerse(SimulatedPixVerse):
    """useapi.net, with a record of its answers."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.life = 0
        self.answers: list[Answer] = []

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """The simulator's own pages, each answer written down."""
        return (recorded(route, self._watched) for route in super().routes())

    def _watched(self, handler: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            answer = Answer(request.query.get("email"), self.life, time.monotonic())
            self.answers.append(answer)
            try:
                response = await handler(request)
                answer.cut = not isinstance(response, web.Response)
                if isinstance(response, web.Response) and is_open(request):
                    await send_whole(request, response)
                    answer.status, answer.body = response.status, decoded(response)
                    answer.page = isinstance(response.body, bytes) and response.body.lstrip().startswith(b"<")
                    answer.answered = time.monotonic()
                return response
            finally:
                answer.ended = time.monotonic()

        return serve


class RecordedTelegram(SimulatedTelegram):
    """Telegram, with a record of what became of each message."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.life = 0
        self.attempts: list[Attempt] = []
        self._present: ContextVar[Attempt | None] = ContextVar("attempt", default=None)
        self.on_change(self._accepted)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """The simulator's own methods, each message written down."""
        return (recorded(route, self._watched) for route in super().routes())

    def _watched(self, handler: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            self._present.set(None)
            response = await handler(request)
            attempt = self._present.get()
            if attempt is None:
                return response
            if is_open(request):
                attempt.status = response.status
                await send_whole(request, response)
                attempt.answered = time.monotonic()
            return response

        return serve

    def _record(self, method: str, params: Params) -> None:
        super()._record(method, params)
        if method in SENDING:
            attempt = Attempt(params.number("chat_id") or 0, params.text("text"), self.life, time.monotonic())
            self.attempts.append(attempt)
            self._present.set(attempt)

    def _accepted(self, message: SimulatedMessage) -> None:
        attempt = self._present.get()
        if attempt and attempt.message is None and message.text == attempt.text and not message.edits:
            attempt.message = message


def recorded(route: web.AbstractRouteDef, wrap: Callable[[Handler], Handler]) -> web.AbstractRouteDef:
    """The same route with its handler wrapped."""
    assert isinstance(route, web.RouteDef)
    return web.route(route.method, route.path, wrap(cast("Handler", route.handler)), **route.kwargs)


def is_open(request: web.Request) -> bool:
    """Whether the asker can still be answered."""
    return request.transport is not None and not request.transport.is_closing()


async def send_whole(request: web.Request, response: web.StreamResponse) -> None:
    """Send an answer to its end now, so that the moment after it is the moment at which it was given."""
    await response.prepare(request)
    await response.write_eof()


def decoded(response: web.Response) -> Any:
    """The JSON of an answer, or None."""
    content = response.body if isinstance(response.body, bytes) else b""
    try:
        return json.loads(content)
    except ValueError:
        return None


@dataclass
class Door:
    """A server's port, which can be closed so that connections are refused, and opened again in the same place."""

    server: LocalServer
    open: bool = field(default=True)

    async def close(self) -> None:
        """Refuse every connection from now on."""
        if self.open:
            self.open = False
            await self.server.stop()

    async def reopen(self) -> None:
        """Listen again where the bot expects it."""
        while not self.open:
            try:
                await self.server.start(self.server.port)
                self.open = True
            except OSError:  # somebody else has the port for a moment
                await asyncio.sleep(0.1)
