"""``credit-bot doctor``: tries every setting against the real services, and reports each result with its remedy.

All tests run concurrently and are reported in a fixed order. They change nothing, except for a silent message in each
chat, which is deleted at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from aiohttp import ClientSession

from bot.cli.check import services_in
from bot.cli.doctor.accounts import examine_accounts
from bot.cli.doctor.chats import examine_telegram
from bot.cli.doctor.clock import examine_clock
from bot.cli.doctor.database import examine_database, paired_chats
from bot.cli.doctor.fallback import examine_fallback
from bot.cli.doctor.findings import PATIENCE, Finding, Mark, fail
from bot.cli.doctor.machine import examine_heartbeat, examine_port, examine_settings, examine_ways, examine_zone
from bot.cli.doctor.privacy import examine_addresses, examine_files
from bot.cli.doctor.services import examine_services
from bot.cli.doctor.webhook import examine_webhook
from bot.config.settings import Settings
from bot.sources.base import IN_FLIGHT
from bot.sources.useapi.client import open_session
from bot.support.clock import utc_now
from bot.support.redaction import redact
from bot.targets.services import Choice, targets_now

__all__ = ["examine"]

log = logging.getLogger(__name__)


async def examine(
    settings: Settings,
    report: Callable[[str], None],
    clock: Callable[[], datetime] = utc_now,
    private: Sequence[str] = (),
) -> int:
    """Reports a line for each test and one for the whole; returns 0 if nothing failed, else 1.

    ``private`` are the files with secrets. Raises SettingsError if the accounts file is wrong.
    """
    found: list[Finding] = []
    paired = await asyncio.to_thread(paired_chats, settings.database_url)
    async with open_session(IN_FLIGHT, settings.way_to_useapi) as session:
        choice = await targets_now(settings, session, clock, partial(services_in, settings.database_url), PATIENCE)
        targets = choice.targets.with_paired(paired)
        secrets = [*settings.secrets, *targets.secrets]
        files = [*private, settings.database_url]
        for running in begun(settings, replace(choice, targets=targets), session, clock, files):
            for finding in await running:
                report(redact(str(finding), secrets))
                found.append(finding)
    report(verdict(found))
    return int(any(finding.mark is Mark.FAIL for finding in found))


def begun(
    settings: Settings,
    choice: Choice,
    session: ClientSession,
    clock: Callable[[], datetime],
    private: Sequence[str],
) -> list["asyncio.Task[list[Finding]]"]:
    """Every test, running, in the order of the report."""
    targets = choice.targets
    ways = {settings.useapi_url: settings.way_to_useapi, settings.telegram_api_url: settings.way_to_telegram}
    tests: list[tuple[str, Awaitable[list[Finding]]]] = [
        ("settings", examine_settings(settings)),
        ("ways", examine_ways(settings)),
        ("SERVICES", examine_services(settings, choice)),
        ("useapi.net token", examine_accounts(settings, targets, session, clock)),
        ("Telegram token", examine_telegram(settings, targets.chats, settings.escalate_chat_ids)),
        ("database", examine_database(settings.database_url)),
        ("clock", examine_clock(ways, clock)),
        ("HTTP_LISTEN", examine_port(settings.http_listen)),
        ("HEARTBEAT_URL", examine_heartbeat(settings)),
        ("FALLBACK_URLS", examine_fallback(settings)),
        ("WEBHOOK_URL", examine_webhook(settings, clock)),
        ("files", examine_files(private)),
        ("addresses", examine_addresses(settings)),
        ("TIMEZONE", examine_zone(settings.timezone, clock())),
    ]
    return [asyncio.create_task(unfailing(what, test)) for what, test in tests]


async def unfailing(what: str, test: Awaitable[list[Finding]]) -> list[Finding]:
    """A test's findings; a defect of ours in one test does not stop the others."""
    try:
        return await test
    except Exception as error:
        log.debug("The test of %s: unexpected error", what, exc_info=True)
        return [fail(what, f"cannot be tested: {type(error).__name__}. LOG_LEVEL=DEBUG shows more")]


def verdict(found: Sequence[Finding]) -> str:
    """The last line."""
    failed = sum(finding.mark is Mark.FAIL for finding in found)
    if failed:
        return f"{failed} of {len(found)} tests failed; each line says what to mend."
    return "Nothing failed."
