"""What the libraries alone need: the least that a bot made of them could. Runs as a process of its own.

``python -m bench.floor idle`` imports them and sleeps. ``python -m bench.floor send USEAPI_URL TOKEN EMAIL
TELEGRAM_URL TOKEN CHAT TIMES PAUSE`` asks for the credits and sends a message, back to back, so many times.
"""

import asyncio
import importlib
import json
import sys

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


if __name__ == "__main__":
    asyncio.run(idle() if sys.argv[1] == "idle" else send(*sys.argv[2:]))
