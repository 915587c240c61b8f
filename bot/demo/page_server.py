"""Serves the demo's page: one socket for each tab, events down and requests up."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from bot.demo.page_actions import Refused, Wisher, read_wish
from bot.demo.page_guard import GUARDS
from bot.demo.page_state import Feed
from bot.simulator.server import LocalServer

FOLDER = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LONGEST_WISH = 64 * 1024
HEARTBEAT = 20.0


class PageServer(LocalServer):
    """The page with its parts, the pictures in the chat, and the socket."""

    def __init__(self, feed: Feed, wisher: Wisher) -> None:
        super().__init__()
        self._feed = feed
        self._wisher = wisher

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Serves the files of the folder, and nothing else of this machine."""
        yield web.get("/events", self._socket)
        yield web.get("/pictures/{key}", self._picture)
        for path in sorted(FOLDER.iterdir()):
            if path.suffix in KINDS:
                yield web.get("/" if path.name == "index.html" else f"/{path.name}", asset(path))

    def middlewares(self) -> Iterable[Middleware]:
        return GUARDS

    async def _picture(self, request: web.Request) -> web.Response:
        picture = self._feed.picture(request.match_info["key"])
        if picture is None:
            raise web.HTTPNotFound(text="There is no such picture.")
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        return web.Response(body=picture, content_type=kind)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LONGEST_WISH)
        await socket.prepare(request)
        telling = asyncio.create_task(self._tell(socket))
        try:
            await self._listen(socket)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        """Sends events to the page, until it is gone or too slow."""
        async for event in self._feed.events():
            await socket.send_json(event)
        await socket.close()

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        """Takes requests of the page; answers failed ones in words."""
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                self._wisher.fulfil(read_wish(message.data))
            except Refused as refusal:
                await socket.send_json({"kind": "refused", "text": str(refusal)})


def asset(path: Path) -> Handler:
    """Serves one file, as it was when the server started."""
    content = path.read_bytes()

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=KINDS[path.suffix], charset="utf-8")

    return serve
