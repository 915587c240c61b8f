"""Tests this machine's clock against the dates in the services' answers; sends no token for that."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aiohttp import ClientError, ClientTimeout

from bot.cli.doctor.findings import PATIENCE, Finding, fail, ok, warn
from bot.domain.durations import format_duration
from bot.support.proxies import Proxy, open_client

MOST = timedelta(seconds=60)


Ways = Mapping[str, Proxy | None]
"""Addresses, and the proxy to each."""


async def examine_clock(ways: Ways, clock: Callable[[], datetime]) -> list[Finding]:
    """The server that agrees best decides: one whose own clock is wrong proves nothing."""
    told = await asyncio.gather(*(ahead(url, proxy, clock) for url, proxy in ways.items()))
    known = [offset for offset in told if offset is not None]
    if not known:
        return [warn("clock", "not tested: no answer carried a date to compare with")]
    return [clock_finding(min(known, key=abs))]


def clock_finding(offset: timedelta) -> Finding:
    """The meaning of an offset; positive is fast."""
    if abs(offset) <= MOST:
        return ok("clock", f"right to {max(round(abs(offset).total_seconds()), 1)} s")
    off = format_duration(timedelta(seconds=round(abs(offset).total_seconds())))
    way = "ahead" if offset > timedelta(0) else "behind"
    return fail("clock", f"{off} {way}: turn on time synchronisation (timedatectl set-ntp true)")


async def ahead(url: str, proxy: Proxy | None, clock: Callable[[], datetime]) -> timedelta | None:
    """How far this machine's clock is ahead of a server's; None if the server sends no date."""
    before = clock()
    try:
        async with (
            open_client(proxy, 1, timeout=ClientTimeout(total=PATIENCE)) as client,
            client.get(url, allow_redirects=False, headers={"Cache-Control": "no-cache"}) as answer,
        ):
            there = date_of(answer.headers.get("Date", ""), answer.headers.get("Age", ""))
    except (ClientError, TimeoutError, OSError, ValueError):
        return None
    return before + (clock() - before) / 2 - there if there else None


def date_of(date: str, age: str) -> datetime | None:
    """The moment at which an answer was sent; one from a cache is older by its age."""
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + timedelta(seconds=seconds)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
