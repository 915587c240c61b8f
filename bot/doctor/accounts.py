"""Tests the useapi.net token, and every account that it is to read."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import ClientSession

from bot.chat.account import amount_words, plan_words
from bot.chat.clean import clean
from bot.chat.words import say_count
from bot.check import MENDS as KNOWN_MENDS
from bot.checks import IN_FLIGHT
from bot.core.looks import judge, noted
from bot.core.model import Account, Outage, OutageKind, Sample
from bot.discovery import account_key
from bot.doctor.findings import PATIENCE, Finding, fail, ok, warn
from bot.settings import Settings
from bot.sources import SERVICES, Source
from bot.sources.http import Client

TOKEN = "useapi.net token"  # noqa: S105 - what the line is about
MENDS = KNOWN_MENDS | {
    OutageKind.THROTTLED: "asked too often; try again later",
    OutageKind.UNAVAILABLE: "check the network and USEAPI_URL; else wait for useapi.net",
    OutageKind.GARBLED: "check USEAPI_URL; if that is right, update credit-bot",
}

Look = tuple[Account, Sample]


async def examine_accounts(settings: Settings, session: ClientSession, clock: Callable[[], datetime]) -> list[Finding]:
    """The token first, then each account that the settings name or useapi.net lists."""
    client = Client(session, settings.useapi_url, settings.useapi_token.get_secret_value(), timeout=PATIENCE)
    found: list[Finding] = []
    for key, service in SERVICES.items():
        source = service(client, clock)
        named = [Account(account_key(key, one.email), key, one.email, one.label) for one in settings.accounts]
        if named:
            looks = await look_at(source, named)
            found += [token_by_looks(looks), *(account_finding(one, settings, clock()) for one in looks)]
        else:
            found += await by_list(key, source, settings, clock)
    return found


async def by_list(key: str, source: Source, settings: Settings, clock: Callable[[], datetime]) -> list[Finding]:
    """The token by the list of accounts, and everyone on it."""
    listing = await source.list_accounts()
    if isinstance(listing, Outage):
        return [fail(TOKEN, trouble(listing))]
    if not listing.accounts:
        return [ok(TOKEN, "accepted"), fail("accounts", "useapi.net lists no PixVerse account: add one there")]
    listed = [Account(account_key(key, one.email), key, one.email, listed_error=one.error) for one in listing.accounts]
    looks = await look_at(source, listed)
    token = ok(TOKEN, f"{say_count(len(listed), 'account')} listed")
    return [token, *(account_finding(one, settings, clock()) for one in looks)]


async def look_at(source: Source, accounts: Sequence[Account]) -> list[Look]:
    """One look at each, side by side."""
    room = asyncio.Semaphore(IN_FLIGHT)

    async def read(email: str) -> Sample:
        async with room:
            return await source.read(email)

    samples = await asyncio.gather(*(read(account.email) for account in accounts))
    return [(account, judge(sample, account)) for account, sample in zip(accounts, samples, strict=True)]


def token_by_looks(looks: Sequence[Look]) -> Finding:
    """What looks at accounts say of the token. One that concerns an account alone still means that it is accepted."""
    outages = [sample for _, sample in looks if isinstance(sample, Outage)]
    refused = next((outage for outage in outages if outage.kind.refused), None)
    if refused:
        return fail(TOKEN, trouble(refused))
    if len(outages) == len(looks) and not any(outage.kind.certain for outage in outages):
        return fail(TOKEN, trouble(outages[0]))
    return ok(TOKEN, f"accepted; {say_count(len(looks), 'account')} in ACCOUNTS")


def account_finding(look: Look, settings: Settings, now: datetime) -> Finding:
    """One account: its credits and plan in words, or why it cannot be read."""
    account, sample = look
    what = f"account {clean(account.name, 40)}"
    if isinstance(sample, Outage):
        return (warn if sample.kind is OutageKind.THROTTLED else fail)(what, trouble(sample))
    credits = amount_words(noted(account, sample), now, settings.timezone)
    words = f"{credits} credits · {plan_words(sample.plan, now, settings.timezone)}"
    if account.listed_error:
        return warn(what, f"{words}; useapi.net lists it with an error: {clean(account.listed_error, 120)}")
    return ok(what, words)


def trouble(outage: Outage) -> str:
    """Why a look failed, and the mend."""
    said = clean(outage.said or outage.kind.value, 160).rstrip(".")
    return f"{said}: {MENDS[outage.kind]}"
