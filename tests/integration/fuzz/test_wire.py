"""useapi.net's answers as bytes on the wire: any status, any header, any body in any encoding, cut anywhere."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import CheckFailure, Listing, Reading
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.pixverse import PIXVERSE
from tests.integration.fuzz.shapes import ODD, PAGE, PAGES, bodies
from tests.integration.sources.helpers import client, clock

ENCODED: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: body,
    "zstd": lambda body: body,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "nonsense": lambda body: body,
}
HEADERS = st.one_of(
    st.sampled_from([odd for odd in ODD if odd.isprintable()]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    st.integers().map(str),
    st.floats().map(str),
)
BOMB = gzip.compress(bytes(3_000_000))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer as a server might write it."""
    encoding = draw(st.sampled_from(list(ENCODED)))
    body = ENCODED[encoding](draw(bodies(PAGES) | st.just(json.dumps(PAGE).encode())))
    if draw(st.integers(0, 9)) == 0:
        body = BOMB
    if draw(st.booleans()):
        body = body[: draw(st.integers(0, len(body)))]
    status = draw(st.sampled_from([200, 200, 400, 401, 402, 404, 429, 500, 503, 596]) | st.integers(100, 1200))
    headers = {"Content-Encoding": encoding, "Retry-After": draw(HEADERS), "Date": draw(HEADERS)}
    headers["Content-Type"] = draw(st.sampled_from(["application/json", "text/html; charset=utf-16", "x", ""]))
    headers["Content-Length"] = str(draw(st.sampled_from([len(body), len(body) + 5, max(len(body) - 5, 0)])))
    lines = [f"HTTP/1.1 {status} {draw(HEADERS)}", *(f"{name}: {value}" for name, value in headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


@given(answers() | st.binary(max_size=200))
async def test_any_bytes_on_the_wire_are_a_sample(raw: bytes) -> None:
    """Whatever a server writes before it hangs up, a look and a listing come back as what they promise."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(f"http://127.0.0.1:{port}", timeout=5.0) as asked:
        source = ConditionalSource(PIXVERSE, asked, clock)
        for sample in (await source.read("a@b.c"), await source.check("a@b.c", "0"), await source.list_accounts()):
            assert isinstance(sample, Reading | CheckFailure | Listing)
            if isinstance(sample, CheckFailure):
                assert len(sample.said.splitlines()) == 1
                sample.said.encode()
