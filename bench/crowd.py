"""A crowd of accounts, served for next to nothing: ``python -m bench.crowd NUMBER`` is a useapi.net of its own process.

``python -m bench.crowd NUMBER LOOKS`` says after how many looks one account has other credits, in place of a hundred.

The simulator of the demo costs more for an answer than the bot does for a check; to measure the bot at its limit the
other side has to be faster. So this speaks just enough HTTP: GET, keep-alive, requests that may come in together.
Every look at an account has a body as useapi.net's; at one look in a hundred the credits are fewer than before.
``GET /looks`` says how many looks were answered.
"""

import asyncio
import json
import signal
import sys
from urllib.parse import parse_qs, urlsplit

from bot.simulator.accounts import SimulatedAccount

LOOKS_TO_A_CHANGE, SPENT = 100, 60
FULL = 12_450
PLENTY = 4_000
"""Fewer credits than this would reach a rung: then the account is full again."""

MARK = 9_999_999_999


def email_of(number: int) -> str:
    """The account's address."""
    return f"a{number:05}@example.com"


class Crowd:
    """The accounts, and what each request is answered with."""

    def __init__(self, count: int, looks_to_a_change: int = LOOKS_TO_A_CHANGE) -> None:
        """All are full; the fewer looks to a change, the less is spent at each."""
        self.looks = 0
        self._looks_to_a_change = looks_to_a_change
        self._spends = max(SPENT * looks_to_a_change // LOOKS_TO_A_CHANGE, 1)
        self.emails = [email_of(number) for number in range(count)]
        self._credits = dict.fromkeys(self.emails, FULL)
        whole = json.dumps(SimulatedAccount(self.emails[0], monthly=MARK).body())
        self._before, _, self._after = whole.partition(str(MARK))

    def answer(self, target: str) -> bytes:
        """The answer to a GET, headers and all."""
        parts = urlsplit(target)
        if parts.path == "/looks":
            return response("200 OK", str(self.looks))
        if parts.path.startswith("/v2/pixverse/accounts"):
            return response("200 OK", json.dumps({email: {"email": email} for email in self.emails}))
        email = parse_qs(parts.query).get("email", [""])[0]
        if email not in self._credits:
            return response("404 Not Found", '{"error": "not configured"}')
        return response("200 OK", f"{self._before}{self._look(email)}{self._after}")

    def _look(self, email: str) -> int:
        """The credits at this look."""
        self.looks += 1
        if self.looks % self._looks_to_a_change == 0:
            left = self._credits[email] - self._spends
            self._credits[email] = left if left > PLENTY else FULL
        return self._credits[email]


def response(status: str, body: str) -> bytes:
    """The bytes of an answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


class Connection(asyncio.Protocol):
    """One client's connection; a request ends with an empty line, for none has a body."""

    def __init__(self, crowd: Crowd) -> None:
        """Begins with nothing read."""
        self._crowd = crowd
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps what answers are written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers every request that is whole."""
        *whole, self._read = (self._read + data).split(b"\r\n\r\n")
        for request in whole:
            target = request.split(b" ", 2)[1].decode("ascii")
            self._transport.write(self._crowd.answer(target))


async def serve(crowd: Crowd) -> None:
    """Serves until it is told to stop; the first line says where."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: Connection(crowd), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2", flush=True)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(Crowd(*map(int, sys.argv[1:]))))
