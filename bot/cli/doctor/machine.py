"""Tests this machine alone: the port, the heartbeat's address, the time zone."""

import asyncio
import errno
import os
import socket
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import ClientError, ClientTimeout

from bot.cli.doctor.findings import Finding, fail, ok, warn
from bot.cli.health import TIMEOUT_SECONDS, WILDCARDS, words_of
from bot.config.parsers import Address
from bot.config.settings import Settings
from bot.support.proxies import open_client
from bot.telegram.text.dates import format_clock, format_date

PORT = "HTTP_LISTEN"


async def examine_port(listen: Address | None) -> list[Finding]:
    """The address is free, or the running bot's own."""
    if listen is None:
        return [ok(PORT, "is empty: no health page, no metrics")]
    try:
        await asyncio.to_thread(bind, listen)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return [await who_listens(listen)]
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such host"
        return [fail(PORT, f"{shown(listen)} cannot be listened on ({reason}): name another address or port")]
    return [ok(PORT, f"{shown(listen)} is free")]


def bind(listen: Address) -> None:
    """Takes the address and releases it. Raises OSError if it is not available."""
    for family, kind, protocol, _, address in socket.getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
            taken.listen(1)


async def who_listens(listen: Address) -> Finding:
    """Asks the owner of the port whether it is the bot."""
    host = WILDCARDS.get(listen.host, listen.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listen.port}/healthz"
    try:
        async with (
            open_client(None, 1, timeout=ClientTimeout(total=TIMEOUT_SECONDS)) as client,
            client.get(url, allow_redirects=False) as answer,
        ):
            words = words_of(await answer.content.read(65536))
            well = answer.status == 200
    except (ClientError, TimeoutError, OSError):
        words, well = "no health page", False
    if not words.startswith(("ok", "failing")):
        return fail(PORT, f"another program listens at {shown(listen)}: free the port, or name another one")
    mark = ok if well else warn
    return mark(PORT, f"the running bot answers at {shown(listen)}: {words}")


def shown(listen: Address) -> str:
    """The address in the form of the setting."""
    return f"[{listen.host}]:{listen.port}" if ":" in listen.host else f"{listen.host}:{listen.port}"


async def examine_settings(settings: Settings) -> list[Finding]:
    """Settings that were understood differently than written, and names that are almost settings."""
    return [warn("settings", note) for note in settings.notes]


async def examine_ways(settings: Settings) -> list[Finding]:
    """How each service is reached, and which setting or variable decides that."""
    ways = {
        "way to Telegram": settings.way_to_telegram,
        "way to useapi.net": settings.way_to_useapi,
        "way to the heartbeat": settings.way_to_heartbeat,
    }
    if settings.heartbeat_url is None:
        del ways["way to the heartbeat"]
    if settings.webhook_url:
        ways["way to the webhook"] = settings.way_to_webhook
    return [ok(what, f"through {proxy}, by {proxy.named}" if proxy else "direct") for what, proxy in ways.items()]


async def examine_heartbeat(settings: Settings) -> list[Finding]:
    """That there is an address. It is not called: that would count as a heartbeat."""
    if settings.heartbeat_url is None:
        return [ok("HEARTBEAT_URL", "is empty: nothing alerts you if the bot stops")]
    return [ok("HEARTBEAT_URL", "is an address; not asked, for that would count as a beat")]


async def examine_zone(zone: ZoneInfo, now: datetime) -> list[Finding]:
    """The reader's local time."""
    words = f"{zone.key}: it is {format_date(now, now, zone)}, {format_clock(now, zone)} there now"
    return [ok("TIMEZONE", f"{words}; name your own zone to read its times" if zone.key == "UTC" else words)]
