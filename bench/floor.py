"""What the libraries alone need: the least that a bot made of them could. Runs as a process of its own.

``python -m bench.floor idle`` imports them and sleeps. ``python -m bench.floor send USEAPI_URL TOKEN EMAIL
TELEGRAM_URL TOKEN CHAT TIMES PAUSE`` asks for the credits and sends a message, back to back, so many times.
``python -m bench.floor round USEAPI_URL ACCOUNTS IN_FLIGHT TIMES`` asks for every account and decodes the answers,
so many rounds, and says of each what it cost.
"""

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Iterator

LIBRARIES = (
    "aiohttp.web",
    "apscheduler.schedulers.asyncio",
    "prometheus_client",
    "pydantic_settings",
    "sqlalchemy",
    "telegram",
)


async def idle() -> None:
    """Does nothing, with everything imported."""
    for library in LIBRARIES:
        importlib.import_module(library)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def send(useapi: str, token: str, email: str, telegram: str, bot_token: str, chat: str, *rest: str) -> None:
    """One question, one message, again and again; each time the message tells the credits."""
    from aiohttp import ClientSession  # noqa: PLC0415 - the idle floor imports for itself
    from telegram import Bot  # noqa: PLC0415

    times, pause = int(rest[0]), float(rest[1])
    headers = {"Authorization": f"Bearer {token}"}
    bot = Bot(bot_token, base_url=f"{telegram}/bot")
    async with ClientSession(headers=headers) as session, bot:
        for _ in range(times):
            async with session.get(f"{useapi}/pixverse/features/", params={"email": email}) as response:
                page = json.loads(await response.read())
            await bot.send_message(int(chat), f"floor: {page['credit_monthly']} credits left")
            await asyncio.sleep(pause)


async def rounds(useapi: str, accounts: int, in_flight: int, times: int) -> None:
    """Whole rounds over one session, as fast as it goes; a line for each: processor time for 1,000, and the rate."""
    from aiohttp import ClientSession, TCPConnector  # noqa: PLC0415 - the idle floor imports for itself

    from bench.crowd import email_of  # noqa: PLC0415

    emails = [email_of(number) for number in range(accounts)]
    headers = {"Authorization": "Bearer of-the-floor"}
    async with ClientSession(connector=TCPConnector(limit=in_flight), headers=headers) as session:

        async def ask(which: Iterator[str]) -> None:
            for email in which:
                async with session.get(f"{useapi}/pixverse/features/", params={"email": email}) as response:
                    json.loads(await response.read())

        for _ in range(times):
            used, began, which = time.process_time(), time.monotonic(), iter(emails)
            await asyncio.gather(*(ask(which) for _ in range(in_flight)))
            cpu, took = time.process_time() - used, time.monotonic() - began
            print(json.dumps({"cpu": 1e6 * cpu / accounts, "rate": accounts / took}), flush=True)


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    if kind == "round":
        asyncio.run(rounds(rest[0], *map(int, rest[1:])))
    else:
        asyncio.run(idle() if kind == "idle" else send(*rest))
