"""Gives an answer of the catalogue over a real socket, byte for byte as it was seen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.field.catalogue import FieldAnswer

REASON = "Reason"


def as_bytes(answer: FieldAnswer) -> bytes:
    """The whole answer: status line, headers, body. Nothing that a library would add is added."""
    lines = [f"HTTP/1.1 {answer.status} {REASON}", *(f"{name}: {value}" for name, value in answer.headers.items())]
    if not any(name.lower() == "content-type" for name in answer.headers):
        lines.append("Content-Type: application/json")
    lines += [f"Content-Length: {len(answer.body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + answer.body


@asynccontextmanager
async def answering(answer: FieldAnswer) -> AsyncIterator[str]:
    """A server that gives this answer to everything; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.write(as_bytes(answer))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
