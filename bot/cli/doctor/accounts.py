"""Tests the useapi.net token, and each account that it should read."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from aiohttp import ClientSession

from bot.cli.check import account_of
from bot.cli.doctor.findings import PATIENCE, Finding, fail, ok, warn
from bot.cli.doctor.rules import cost_finding, rules_finding, unpriced_finding
from bot.config.settings import Settings
from bot.config.targets import Targets, TargetSource
from bot.domain.accounts import Account, CheckFailure, CheckResult, FailureKind, Listed, Unit
from bot.evaluation.account_row import MENDS as KNOWN_MENDS
from bot.evaluation.evaluate import apply_result, validate
from bot.sources.base import IN_FLIGHT, Source
from bot.sources.registry import title_of
from bot.targets.account_keys import AccountKeys
from bot.targets.active import source_of
from bot.telegram.text.account_card import amount_text, plan_text
from bot.telegram.text.formatting import format_count
from bot.telegram.text.sanitize import clean

TOKEN = "useapi.net token"  # noqa: S105 - what the line is about
MENDS = KNOWN_MENDS | {
    FailureKind.THROTTLED: "asked too often; try again later",
    FailureKind.UNAVAILABLE: "check the network and USEAPI_URL; else wait for useapi.net",
    FailureKind.GARBLED: "check USEAPI_URL; if that is right, update credit-bot",
}

Look = tuple[Account, CheckResult]


async def examine_accounts(
    settings: Settings, targets: Targets, session: ClientSession, clock: Callable[[], datetime]
) -> list[Finding]:
    """Each source: its token first, then each configured or listed account, with its rules."""
    register = AccountKeys()
    found: list[Finding] = []
    for watched in targets.sources.values():
        source = source_of(watched, session, clock, PATIENCE)
        token, accounts = await token_and_accounts(source, watched, register)
        named = [replace(account, origin=targets.called(watched.key)) for account in accounts]
        looks = await look_at(source, named)
        called = targets.called(watched.key)
        what = f"{TOKEN} ({called})" if called else TOKEN
        told = token or [by_looks(looks, "ACCOUNTS_FILE" if settings.accounts_file else "ACCOUNTS")]
        found += [replace(finding, what=what if finding.what == TOKEN else finding.what) for finding in told]
        found += [line for one in looks for line in account_findings(one, settings, targets, clock())]
    return found


async def token_and_accounts(
    source: Source, watched: TargetSource, register: AccountKeys
) -> tuple[list[Finding], list[Account]]:
    """The finding about a source's token, by its list, and its accounts; nothing if all accounts are configured."""
    if not watched.everyone:
        return [], [account_of(register, watched, Listed(one.email)) for one in watched.accounts.values()]
    listing = await source.list_accounts()
    if isinstance(listing, CheckFailure):
        perhaps = ". Perhaps no account is configured there" if listing.status == 404 else ""
        return [fail(TOKEN, f"{trouble(listing)}{perhaps}")], []
    if not listing.accounts:
        return [
            ok(TOKEN, "accepted"),
            fail("accounts", f"useapi.net lists no {title_of(watched.service)} account: add one there"),
        ], []
    listed = [account_of(register, watched, one) for one in listing.accounts]
    return [ok(TOKEN, f"{format_count(len(listed), 'account')} listed")], listed


def account_findings(look: Look, settings: Settings, targets: Targets, now: datetime) -> list[Finding]:
    """One account and, if an accounts file is in use, its resulting rules."""
    account, sample = look
    rules = targets.rules_for(account.source, account.email)
    found = [account_finding(look, settings, now), *unpriced_finding(account.name, rules)]
    if not isinstance(sample, CheckFailure):
        found += cost_finding(account.name, rules.job_cost, sample.credits)
    if settings.accounts_file:
        where = account.source, account.email
        every = targets.own_check_every(*where) or settings.check_every
        found.append(rules_finding(account.name, targets.rules_for(*where), every, targets.chats_for(*where)))
    return found


async def look_at(source: Source, accounts: Sequence[Account]) -> list[Look]:
    """One check each, concurrently."""
    room = asyncio.Semaphore(IN_FLIGHT)

    async def read(email: str) -> CheckResult:
        async with room:
            return await source.read(email)

    samples = await asyncio.gather(*(read(account.email) for account in accounts))
    return [(account, validate(sample, account)) for account, sample in zip(accounts, samples, strict=True)]


def by_looks(looks: Sequence[Look], named_in: str) -> Finding:
    """The finding about the token, by checks of accounts.

    A failure of one account alone still means that the token is valid.
    """
    outages = [sample for _, sample in looks if isinstance(sample, CheckFailure)]
    refused = next((outage for outage in outages if outage.kind.refused), None)
    if refused:
        return fail(TOKEN, trouble(refused))
    if len(outages) == len(looks) and not any(outage.kind.certain for outage in outages):
        return fail(TOKEN, trouble(outages[0]))
    return ok(TOKEN, f"accepted; {format_count(len(looks), 'account')} in {named_in}")


def account_finding(look: Look, settings: Settings, now: datetime) -> Finding:
    """One account: its credits and plan in words, or why it cannot be read."""
    account, sample = look
    what = f"account {clean(account.name, 40)}"
    if isinstance(sample, CheckFailure):
        return (warn if sample.kind is FailureKind.THROTTLED else fail)(what, trouble(sample))
    credits = amount_text(apply_result(account, sample), now, settings.timezone)
    unit = " credits" if sample.credits.unit is Unit.CREDITS else ""
    words = " · ".join(filter(None, (f"{credits}{unit}", plan_text(sample, now, settings.timezone))))
    unreadable = [one.unreadable for one in sample.left_out if one.unreadable]
    if unreadable:
        said = clean("; ".join(unreadable), 160)
        return warn(what, f"{words}; {said}: credit-bot cannot understand that. Update it, or report this")
    if account.listed_error:
        return warn(what, f"{words}; useapi.net lists it with an error: {clean(account.listed_error, 120)}")
    return ok(what, words)


def trouble(outage: CheckFailure) -> str:
    """Why a check failed, and its remedy."""
    said = clean(outage.said or outage.kind.value, 160).rstrip(".")
    return f"{said}: {MENDS[outage.kind]}"
