"""Proxies over real sockets: one that speaks HTTP and one that speaks SOCKS5, obliging or in the way."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Middleman:
    """What a proxy saw, and how it behaves.

    With ``login`` it asks for ``user:password``. ``page`` is what it answers in place of the way; one that ``hangs``
    answers nothing at all.
    """

    login: str = ""
    page: bytes = b""
    hangs: bool = False
    port: int = 0
    asked: list[str] = field(default_factory=list)
    refused: int = 0

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to an HTTP proxy: CONNECT, or a request with the whole address in its first line."""
        head = await reader.readuntil(b"\r\n\r\n")
        first, *headers = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        if self.hangs:
            await asyncio.sleep(3600)
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if self.login and f"Proxy-Authorization: {wanted}" not in headers:
            self.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif self.page:
            writer.write(self.page)
        elif method == "CONNECT":
            self.asked.append(target)
            host, _, port = target.rpartition(":")
            there = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return await relay((reader, writer), there)
        else:
            parts = urlsplit(target)
            self.asked.append(f"{parts.hostname}:{parts.port}")
            there = await asyncio.open_connection(parts.hostname, parts.port or 80)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            kept = [line for line in headers if not line.lower().startswith(("proxy-", "connection"))]
            there[1].write("\r\n".join([f"{method} {path} HTTP/1.1", "Connection: close", *kept]).encode())
            return await relay((reader, writer), there)
        await writer.drain()
        writer.close()
        return None

    async def socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to a SOCKS5 proxy (RFC 1928, RFC 1929)."""
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        if self.hangs:
            await asyncio.sleep(3600)
        if self.page:
            writer.write(self.page)
            writer.close()
            return
        if self.login:
            writer.write(b"\x05\x02")
            await reader.readexactly(1)
            said = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)]
            right = ":".join(said) == self.login
            self.refused += not right
            writer.write(b"\x01" + (b"\x00" if right else b"\x01"))
            if not right:
                writer.close()
                return
        else:
            writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        raw, port = await reader.readexactly(size), int.from_bytes(await reader.readexactly(2))
        host = raw.decode() if kind == 3 else ".".join(map(str, raw))
        self.asked.append(f"{host}:{port}")
        there = await asyncio.open_connection("127.0.0.1" if host == "resolved-by-the-proxy.test" else host, port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await relay((reader, writer), there)


async def relay(here: Streams, there: Streams) -> None:
    """Passes on what either side says, until one ends."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
            writer.close()

    try:
        await asyncio.gather(pump(here[0], there[1]), pump(there[0], here[1]))
    finally:
        await ended(there[1])


async def ended(writer: asyncio.StreamWriter) -> None:
    """Ends one side of a connection."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def standing_between(kind: str, **how: object) -> AsyncIterator[Middleman]:
    """A proxy of the kind ``http`` or ``socks`` on a port of this machine."""
    middleman = Middleman(**how)  # type: ignore[arg-type]
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await getattr(middleman, kind)(reader, writer)
        await ended(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    middleman.port = server.sockets[0].getsockname()[1]
    try:
        yield middleman
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
