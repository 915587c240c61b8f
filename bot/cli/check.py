"""``credit-bot check``: one check of each account, on the screen; it stores and sends nothing.

If the bot's database exists, a result is evaluated as the bot would: with the same alerts and reading.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands.names import find_accounts
from bot.config.settings import Settings
from bot.config.targets import TargetSource
from bot.domain.accounts import Account, CheckFailure, Health, Listed, Reading
from bot.domain.alerts import Alert, AlertRule
from bot.domain.jobs import Statistics
from bot.domain.notifications import Watched
from bot.domain.rules import Rules
from bot.evaluation.account_row import account_row, outage_text, severity_of
from bot.evaluation.evaluate import Alerts, Audience, apply_result, decide_account, validate
from bot.evaluation.jobs import decide_jobs
from bot.sources.base import IN_FLIGHT
from bot.sources.recent_jobs import FIRST, read_statistics
from bot.sources.registry import SERVICES, title_of
from bot.sources.useapi.client import open_session
from bot.support.clock import utc_now
from bot.support.errors import UsageError
from bot.targets.account_keys import AccountKeys
from bot.targets.active import ActiveTargets, source_of
from bot.targets.services import Choice, targets_now
from bot.telegram.text.account_card import account_line
from bot.telegram.text.left_out import left_out_lines
from bot.telegram.text.services import NAME_THEM, UNSAID, in_their_place

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that a terminal can take for a command or a change of direction; JSON escapes them itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked account, and the alerts that fire on this one check."""

    account: Account
    alerts: tuple[Alert, ...]

    @property
    def severity(self) -> str:
        """ok, info, warning, critical or unknown."""
        return severity_of(self.account, self.alerts)


@dataclass(frozen=True, slots=True)
class Remembered:
    """An account in the bot's database, and its alerts."""

    account: Account
    alerts: Alerts


async def remembered(path: str) -> dict[str, Remembered]:
    """Each account in the bot's database, by key; none if the database is missing or unreadable."""
    if not await asyncio.to_thread(Path(path).exists):
        return {}
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415 - without a database nobody needs it

    from bot.storage import accounts, alerts  # noqa: PLC0415
    from bot.storage.database import glance  # noqa: PLC0415

    try:
        async with glance(path) as connection:
            known = await accounts.watched(connection)
            of_accounts = await alerts.load(connection, [one.key for one in known])
    except DatabaseError:
        return {}
    return {one.key: Remembered(one, of_accounts.get(one.key, {})) for one in known}


async def check_accounts(settings: Settings, wanted: Sequence[str], *, as_json: bool) -> tuple[str, int]:
    """Checks the wanted accounts, or all; returns the output, and the exit code of monitoring plugins.

    Raises UsageError if a wanted name matches no account, or several.
    """
    trouble: list[str] = []
    async with open_session(IN_FLIGHT, settings.way_to_useapi) as session:
        choice = await targets_now(settings, session, utc_now, partial(services_in, settings.database_url))
        active_targets = ActiveTargets(choice.targets, lambda source: source_of(source, session, utc_now))
        accounts = await accounts_of(active_targets, trouble)
        chosen = choose(accounts, wanted) if wanted and accounts else accounts
        chosen = await with_jobs(active_targets, chosen)
        room, memory = asyncio.Semaphore(IN_FLIGHT), await remembered(settings.database_url)
        found = await asyncio.gather(
            *(look(active_targets, account, memory.get(account.key), room) for account in chosen)
        )
    now, unsaid = utc_now(), unsaid_text(choice)
    if as_json:
        return in_json(found, trouble, now, unsaid), exit_code(found, trouble)
    text = in_words(found, trouble, now, settings.timezone)
    return "\n".join(filter(None, (unsaid, text))), exit_code(found, trouble)


async def services_in(path: str) -> list[str] | None:
    """The services that the bot knew last; None if its database is missing or unreadable."""
    if not await asyncio.to_thread(Path(path).exists):
        return None
    from bot.targets.known_services import last_known_in  # noqa: PLC0415 - without a database nobody needs it

    return await last_known_in(path)


def unsaid_text(choice: Choice) -> str:
    """The services that are checked where useapi.net does not say which there are; empty where it does."""
    if choice.unsaid is None:
        return ""
    instead = in_their_place(choice.titles, remembered=choice.remembered)
    return f"SERVICES=all: {UNSAID}: {outage_text(choice.unsaid)}. Checked: {instead}. Try again, {NAME_THEM}."


async def with_jobs(active_targets: ActiveTargets, accounts: Sequence[Account]) -> list[Account]:
    """The accounts with their refused jobs, where their source has statistics that can be read."""
    targets, now = active_targets.targets.sources, utc_now()
    asked = [key for key in dict.fromkeys(one.source for one in accounts) if has_statistics(targets[key])]
    answers = await asyncio.gather(*(read_statistics(active_targets.sources[key], now, FIRST) for key in asked))
    found = {key: one for key, one in zip(asked, answers, strict=True) if isinstance(one, Statistics)}
    return [
        replace(one, jobs=found[one.source].jobs.get(one.email.lower()), statistics_at=now)
        if one.source in found
        else one
        for one in accounts
    ]


def has_statistics(source: TargetSource) -> bool:
    """True if refused jobs of a source's accounts can be known, and somebody wants to know."""
    return SERVICES[source.service].statistics is not None and source.counts_jobs


async def accounts_of(active_targets: ActiveTargets, trouble: list[str]) -> list[Account]:
    """Every account of every source; ``trouble`` gets why a source has none."""
    targets, register = active_targets.targets, AccountKeys()
    listings = await asyncio.gather(*(listed(active_targets, source) for source in targets.sources.values()))
    found = []
    for source, listing in zip(targets.sources.values(), listings, strict=True):
        called = targets.called(source.key)
        where = f"{called}: " if called else ""
        if isinstance(listing, CheckFailure):
            perhaps = " Perhaps no account is configured there." if listing.status == 404 else ""
            trouble.append(f"{where}The list of accounts cannot be read: {outage_text(listing)}.{perhaps}")
        elif not listing:
            trouble.append(f"{where}useapi.net lists no {title_of(source.service)} account: add one there.")
        else:
            found += [account_of(register, source, one) for one in listing]
    active_targets.know(found)
    return [active_targets.named(account) for account in found]


async def listed(active_targets: ActiveTargets, source: TargetSource) -> Sequence[Listed] | CheckFailure:
    """The accounts of a source: the configured ones, or else all that it lists."""
    if not source.everyone:
        return [Listed(account.email) for account in source.accounts.values()]
    listing = await active_targets.sources[source.key].list_accounts()
    return listing if isinstance(listing, CheckFailure) else listing.accounts


def account_of(register: AccountKeys, source: TargetSource, one: Listed) -> Account:
    """An account without any history."""
    said = source.account(one.email)
    key = register.key_of(source, one.email)
    return Account(key, source.key, one.email, said.label if said else None, listed_error=one.error)


def choose(accounts: Sequence[Account], wanted: Sequence[str]) -> list[Account]:
    """The accounts that the names mean."""
    watched = [Watched(account) for account in accounts]
    chosen: dict[str, Account] = {}
    for name in wanted:
        fits = find_accounts(name, watched)
        if len(fits) != 1:
            names = ", ".join(one.account.name for one in (fits or watched)[:20])
            raise UsageError(f"“{name}” fits {'several accounts' if fits else 'no account'}. Say one of: {names}")
        chosen[fits[0].account.key] = fits[0].account
    return list(chosen.values())


async def look(
    active_targets: ActiveTargets, account: Account, known: Remembered | None, room: asyncio.Semaphore
) -> Finding:
    """One check, evaluated as the bot would; as the first one if nothing is ``known``."""
    async with room:
        sample = await active_targets.sources[account.source].read(account.email)
    before, alerts = as_known(account, known)
    seen = validate(sample, before)
    if isinstance(seen, CheckFailure):
        return Finding(apply_result(account, seen), ())
    return found_in(before, seen, alerts, active_targets.rules_of(account), utc_now())


def as_known(account: Account, known: Remembered | None) -> tuple[Account, Alerts]:
    """An account of the list with its last stored reading and forecast, and its alerts."""
    if known is None or known.account.email.lower() != account.email.lower():
        return account, {}
    last = known.account
    with_reading = replace(
        account,
        reading=last.reading,
        allowance=last.allowance,
        daily_allowance=last.daily_allowance,
        foretold=last.foretold,
        jobs_settled_at=last.jobs_settled_at,
    )
    return with_reading, known.alerts


def found_in(before: Account, seen: Reading, alerts: Alerts, rules: Rules, now: datetime) -> Finding:
    """The effect of a reading on an account and its alerts.

    Alerts of the forecast stay, because none is computed here.
    """
    after = apply_result(before, seen)
    updates = decide_account(before, after, alerts, rules, Health(), Audience(), now)
    firing = {one.alert.measure: one.alert for one in updates}
    foreseen = {
        key: alerts[key] for key in (AlertRule.RUNWAY, AlertRule.SPIKE) if key in alerts and rules.runs_out_within
    }
    refused = decide_jobs(after, {**alerts, **firing}, rules, Audience(), now).alert
    found = {**firing, **foreseen, AlertRule.JOBS: refused}
    return Finding(after, tuple(one for one in found.values() if one.level))


def exit_code(found: Sequence[Finding], trouble: Sequence[str]) -> int:
    """Critical first, then unreadable accounts, then warnings."""
    severities = {finding.severity for finding in found}
    if "critical" in severities:
        return CRITICAL
    if "unknown" in severities or trouble:
        return UNKNOWN
    return WARNING if "warning" in severities else OK


def in_words(found: Sequence[Finding], trouble: Sequence[str], now: datetime, zone: ZoneInfo) -> str:
    """A line an account, the worst first, and under each unreadable one the cause."""
    order = sorted(found, key=lambda one: ("critical", "unknown", "warning", "info", "ok").index(one.severity))
    lines = [line for finding in order for line in finding_lines(finding, now, zone)]
    return "\n".join([*trouble, *lines])


def finding_lines(finding: Finding, now: datetime, zone: ZoneInfo) -> list[str]:
    """One account on the screen."""
    watched = Watched(finding.account, finding.alerts)
    pieces = account_line(watched, now, zone)
    line = "".join(piece if isinstance(piece, str) else piece.text for piece in pieces)
    outage, reading = finding.account.outage, finding.account.reading
    told = left_out_lines(reading.left_out, now, zone) if reading else []
    under = [outage_text(outage)] if outage else told
    return [f"{finding.severity:<8}  {line}", *(f"{'':10}{said}" for said in under)]


def in_json(found: Sequence[Finding], trouble: Sequence[str], now: datetime, unsaid: str = "") -> str:
    """The findings for machines; ``unsaid`` is of the services."""
    page: dict[str, Any] = {"accounts": [account_row(one.account, one.alerts, now) for one in found]}
    if trouble:
        page["error"] = " ".join(trouble)
    if unsaid:
        page["warning"] = unsaid
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(page, ensure_ascii=False, indent=2))
