"""A simulated receiver of the bot's webhook."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulator.server import Bell, LocalServer, drop, never


@dataclass(frozen=True, slots=True)
class Received:
    """One POST, taken or not."""

    headers: dict[str, str]
    body: str
    taken: bool

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def id(self) -> str:
        """Its ``webhook-id``."""
        return self.headers["webhook-id"]


class SimulatedReceiver(LocalServer):
    """Takes every event; its attributes make it refuse, hang or fall silent."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Received] = []
        self.status = 204
        self.answer_headers: dict[str, str] = {}
        self.away = False
        """It closes each connection without an answer."""

        self.hangs = False
        self._bell = Bell()

    @property
    def url(self) -> str:
        """The address for WEBHOOK_URL."""
        return f"{self.address}/hook/marked-path"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that it took, in order."""
        return [one.event for one in self.received if one.taken]

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """One page, which takes events, and every other one, which a redirect could lead to."""
        yield web.post("/hook/marked-path", self.take)
        yield web.route("*", "/{other:.*}", self.take)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Write down the event, and answer as told."""
        body = await request.text()
        taken = 200 <= self.status < 300 and not (self.away or self.hangs)
        self.received.append(Received({name.lower(): text for name, text in request.headers.items()}, body, taken))
        self._bell.ring()
        if self.hangs:
            await never()
        if self.away:
            return drop(request)
        return web.Response(status=self.status, headers=self.answer_headers)

    async def wait_for(self, count: int, seconds: float) -> list[dict[str, Any]]:
        """Return what it took once that is so many events."""
        return await self._bell.until(lambda: self.events if len(self.events) >= count else None, seconds)

    async def wait_for_attempts(self, count: int, seconds: float) -> list[Received]:
        """Return every attempt once there are so many."""
        return await self._bell.until(lambda: self.received if len(self.received) >= count else None, seconds)
