"""Keeps websites out of the pages: a name of theirs can be made to lead to this machine (DNS rebinding)."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.support.errors import DatabaseBusyError

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "credit-bot"}
"""What every answer says: keep nothing, take it for nothing else; and not which libraries serve it."""

ELSEWHERE = "HTTP_LISTEN is a loopback address: ask by 127.0.0.1 or localhost, not by another name.\n"


def is_own_name(host: str) -> bool:
    """Whether a Host header names this machine by an address or as localhost; any other name may be a website's."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in ("", "localhost") or bool(ip_address(name))
    except ValueError:
        return False


def guards(*, strict: bool) -> tuple[Middleware, ...]:
    """What every request passes; ``strict`` answers only those that ask by this machine's own name."""

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
