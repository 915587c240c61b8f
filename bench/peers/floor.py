"""The least that anybody could need: one session, 64 requests in flight, every body parsed, and nothing else done.

``python -m bench.peers.floor USEAPI_URL TOKEN SECONDS EMAIL…`` looks at all accounts every so many seconds.
"""

import asyncio
import json
import sys
from collections.abc import Sequence

from aiohttp import ClientSession, TCPConnector

IN_FLIGHT = 64


async def look(session: ClientSession, url: str, emails: Sequence[str], every: float) -> None:
    """Round after round, without end."""

    async def one(email: str) -> None:
        async with session.get(f"{url}/pixverse/features/", params={"email": email}) as response:
            json.loads(await response.read())

    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        await asyncio.gather(*map(one, emails))
        due += every
        await asyncio.sleep(due - loop.time())


async def main(url: str, token: str, every: str, *emails: str) -> None:
    """One session for all."""
    headers = {"Authorization": f"Bearer {token}"}
    async with ClientSession(headers=headers, connector=TCPConnector(limit=IN_FLIGHT)) as session:
        await look(session, url, emails, float(every))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
