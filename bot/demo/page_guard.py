"""Keeps other pages out of the demo's: what it can load, and who can ask.

A website must not reach it by a name of its own that leads to this machine (DNS rebinding), nor open its socket.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NAMES = ("127.0.0.1", "localhost")


def guard(request: web.Request) -> None:
    """Refuses requests by another name, or from another page; the socket is for the page itself only."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    if request.headers.get("Host") not in {f"{name}:{port}" for name in NAMES}:
        raise web.HTTPMisdirectedRequest(text="This demo is only there under its own address.")
    origin, own = request.headers.get("Origin"), f"http://{request.host}"
    if origin not in ({own} if "Upgrade" in request.headers else {None, own}):
        raise web.HTTPForbidden(text="This demo answers its own page only.")


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Checks a request, and adds the page's permissions to every answer."""
    try:
        guard(request)
        response = await handler(request)
    except web.HTTPException as refusal:
        response = web.Response(status=refusal.status, text=refusal.text)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


GUARDS: tuple[Middleware, ...] = (guarded,)
