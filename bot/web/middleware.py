"""Keeps websites out of the pages: their name can be made to lead to this machine (DNS rebinding)."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.support.errors import DatabaseBusyError

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "credit-bot"}
"""Headers of every answer: do not store it, do not guess its type; and no library's name."""

ELSEWHERE = "HTTP_LISTEN is a loopback address: ask by 127.0.0.1 or localhost, not by another name.\n"


def is_own_name(host: str) -> bool:
    """True if a Host header names this machine by an address or as localhost; any other name can be a website's."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in ("", "localhost") or bool(ip_address(name))
    except ValueError:
        return False


def guards(*, strict: bool) -> tuple[Middleware, ...]:
    """The middlewares of every request; ``strict`` answers only requests to this machine's own name."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if strict and not is_own_name(request.headers.get("Host", "")):
                raise web.HTTPMisdirectedRequest(text=ELSEWHERE)
            response = await handler(request)
        except web.HTTPException as refusal:
            response = web.Response(status=refusal.status, text=refusal.text)
        except DatabaseBusyError as error:
            response = web.json_response({"status": "failing", "problems": [str(error)]}, status=503)
        response.headers.update(HEADERS)
        return response

    return (guarded,)
