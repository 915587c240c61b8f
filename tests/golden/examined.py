"""What a terminal shows: the table of ``credit-bot check`` and the lines of ``credit-bot doctor``."""

import asyncio
import errno
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import chdir, closing
from dataclasses import replace
from datetime import timedelta
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.cli import check
from bot.cli.doctor import accounts, chats, clock, database, machine, privacy, services, webhook
from bot.cli.doctor import fallback as second_channel
from bot.cli.doctor.examine import unfailing, verdict
from bot.cli.doctor.findings import Finding, fail, ok, warn
from bot.cli.doctor.rules import cost_finding, rules_finding, unpriced_finding
from bot.config.accounts_file.read import targets_of
from bot.config.parsers import Address, parse_credit_ladder
from bot.config.settings import Settings
from bot.domain.accounts import Account, CheckFailure, FailureKind, JobCost, LeftOut, Listing
from bot.domain.alerts import AlertRule
from bot.domain.chats import Chat
from bot.domain.rules import Rules
from bot.features.fallback import sender
from bot.features.webhook.receiver import NotTaken, refusal
from bot.storage.database import hold
from bot.storage.schema import REVISION
from bot.support.errors import UsageError
from bot.support.proxies import Proxy
from bot.targets.services import Choice
from tests.golden.fleet import ADS, COSTLY, ENDS, FREE, LADDER, LOOP, MAIN, STUDIO, account
from tests.support import fakes, given
from tests.support.given import NOW, UTC_ZONE, ago

CHAT, TOPIC = Chat(-100123), Chat(-100123, 46)
UNREADABLE = LeftOut("ends_at", "expired_date: 1783468800000000")
SETTINGS: dict[str, Any] = {
    "USEAPI_TOKEN": "user:1234-Zm9vYmFyc2VjcmV0",
    "TELEGRAM_BOT_TOKEN": "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x",
}
UNSAID = Choice(targets_of(Settings(**SETTINGS)), CheckFailure(NOW, FailureKind.UNAVAILABLE, "Bad Gateway", status=502))
KNOWN_LAST = replace(UNSAID, targets=targets_of(Settings(**SETTINGS, SERVICES="pixverse,kling")), remembered=True)


def seen(one: Any) -> check.Finding:
    """What ``check`` finds of an account."""
    firing = tuple(alert for alert in one.alerts if alert.measure is not AlertRule.FAILURES)
    return check.Finding(one.account, firing)


def table(*watched: Any, trouble: Sequence[str] = ()) -> str:
    """The table, and the exit code."""
    found = [seen(one) for one in watched]
    return f"{check.in_words(found, trouble, NOW, UTC_ZONE)}\nexit code {check.exit_code(found, trouble)}"


def listing_trouble(listing: Listing | CheckFailure) -> str:
    """The table where the list of accounts has nobody, or cannot be read."""
    source = fakes.FakeSource(fakes.Clock(NOW))
    source.listing = listing
    active_targets, trouble = fakes.roster_of((fakes.CHAT,), make=lambda _: source), list[str]()
    asyncio.run(check.accounts_of(active_targets, trouble))
    return table(trouble=trouble)


def checks() -> Mapping[str, str]:
    """``credit-bot check``."""
    every = [account(kind.value.capitalize(), outage=kind, said="", at=ago(hours=1)) for kind in FailureKind]
    fits = error_of([MAIN.account, LOOP.account], "nobody"), error_of([MAIN.account, LOOP.account], "example.com")
    return {
        "all well": table(MAIN, FREE),
        "some are not": table(MAIN, STUDIO, ADS, LOOP, ENDS),
        "a job has a cost": table(*COSTLY),
        "each kind of trouble": table(*every),
        "an end of plan that cannot be read": table(account("Odd", left_out=(UNREADABLE,))),
        "the list cannot be read": listing_trouble(
            CheckFailure(NOW, FailureKind.UNAVAILABLE, "Bad Gateway", status=502)
        ),
        "the token is refused": listing_trouble(
            CheckFailure(NOW, FailureKind.UNAUTHORIZED, "Unauthorized", status=401)
        ),
        "the list answers 404": listing_trouble(
            CheckFailure(NOW, FailureKind.UNAVAILABLE, "404 page not found", status=404)
        ),
        "the list is empty": listing_trouble(Listing(NOW, ())),
        "SERVICES=all, and useapi.net does not name the services": check.unsaid_text(UNSAID),
        "the same, with those that the bot knew last": check.unsaid_text(KNOWN_LAST),
        "a name that fits nobody": fits[0],
        "a name that fits several": fits[1],
    }


def error_of(known: Sequence[Account], name: str) -> str:
    """What is said of a name that does not fit one account."""
    try:
        check.choose(known, [name])
    except UsageError as error:
        return f"credit-bot: {error}\nexit code {error.exit_code}"
    raise AssertionError("no error")


class Telegram:
    """A bot's client, each of whose calls ends as it was told to."""

    username = "credit_bot"

    def __init__(self, url: str = "", **errors: Exception) -> None:
        self._url = url
        self._errors = errors

    async def _end(self, name: str, answer: Any = None) -> Any:
        error = self._errors.get(name)
        if isinstance(error, ChatMigrated):
            del self._errors[name]
        if error:
            raise error
        return answer

    async def initialize(self) -> None:
        """Asks who the bot is."""
        await self._end("initialize")

    async def get_webhook_info(self) -> Any:
        """Where its updates go."""
        return SimpleNamespace(url=self._url)

    async def get_chat(self, chat_id: int) -> Any:
        """A group called Team."""
        return await self._end("get_chat", SimpleNamespace(title="Team", full_name=None))

    async def send_message(self, *_: Any, **__: Any) -> Any:
        """Writes."""
        return await self._end("send_message", SimpleNamespace(message_id=1))

    async def delete_message(self, *_: Any) -> None:
        """Takes it back."""
        await self._end("delete_message")


def lines(*found: Finding) -> str:
    """Lines of ``doctor``."""
    return "\n".join(map(str, found))


def run(test: Coroutine[Any, Any, list[Finding]]) -> str:
    """The lines of one test."""
    return lines(*asyncio.run(test))


def token(**errors: Exception) -> Finding:
    """The line of the Telegram token."""
    return asyncio.run(chats.token_finding(Telegram(**errors)))  # type: ignore[arg-type]


def chat(where: Chat = CHAT, **errors: Exception) -> Finding:
    """The line of a chat."""
    return asyncio.run(chats.chat_finding(Telegram(**errors), where))  # type: ignore[arg-type]


def looked(one: Any, settings: Settings) -> Finding:
    """The line of an account."""
    sample = one.account.outage or one.account.reading
    return accounts.account_finding((one.account, sample), settings, NOW)


def doctors() -> Mapping[str, str]:
    """``credit-bot doctor``: each kind of line, well and with its mend."""
    settings = Settings(**SETTINGS)
    kinds = [(account(kind.value, outage=kind, said="").account, CheckFailure(NOW, kind)) for kind in FailureKind]
    odd = account("Odd", left_out=(UNREADABLE,))
    listed = replace(MAIN, account=replace(MAIN.account, listed_error="Login failed"))
    refusals = ["chat not found", *(part for part, _ in chats.MENDS if part != "chat not found")]
    proxied = Proxy("TELEGRAM_PROXY", "socks5", "127.0.0.1", 1080, "ann", "secret")
    ways = SimpleNamespace(
        way_to_telegram=proxied,
        way_to_useapi=None,
        way_to_heartbeat=None,
        heartbeat_url="https://hc-ping.com/x",
        way_to_webhook=None,
        webhook_url="https://hooks.example.com/x",
    )
    beats = Settings(**SETTINGS, HEARTBEAT_URL="https://hc-ping.com/your-check")
    clear = Settings(
        **SETTINGS,
        USEAPI_URL="http://proxy.example.com/v2",
        HEARTBEAT_URL="http://example.com/beat",
        WEBHOOK_URL="http://example.com/hook",
    )
    noted = Settings(**SETTINGS)
    noted._notes = ("USEAPI_URL: /v2 was added; write https://api.useapi.net/v2",)
    local = Address("127.0.0.1", 8080)
    rules = Rules(LADDER, (), 3, timedelta(days=1))
    return {
        "settings": run(machine.examine_settings(noted)),
        "ways": run(machine.examine_ways(ways)),  # type: ignore[arg-type]
        "services": lines(
            *services.services_findings(replace(UNSAID, unsaid=None, left_out=("dreamina",))),
            *services.services_findings(UNSAID),
            *services.services_findings(KNOWN_LAST),
        ),
        "useapi.net token": lines(
            accounts.by_looks([(MAIN.account, MAIN.account.reading)], "ACCOUNTS"),  # type: ignore[list-item]
            ok(accounts.TOKEN, "2 accounts listed"),
            *(accounts.by_looks([one], "ACCOUNTS") for one in kinds),
        ),
        "accounts": lines(
            *(looked(one, settings) for one in (MAIN, STUDIO, FREE, odd, listed)),
            *(accounts.account_finding(one, settings, NOW) for one in kinds),
        ),
        "rules": lines(
            rules_finding("Studio", rules, timedelta(hours=2), (CHAT, TOPIC)),
            rules_finding("Studio", Rules(), timedelta(minutes=15), ()),
            *cost_finding("Studio", JobCost(20_000, "8 s at 1080p"), given.FULL),
            *unpriced_finding("Studio", Rules(low_credits=parse_credit_ladder("20%,10 jobs,1 job"))),
        ),
        "Telegram token": lines(
            token(),
            token(initialize=InvalidToken()),
            token(initialize=NetworkError("Connection refused")),
            token(initialize=TimedOut()),
            asyncio.run(chats.token_finding(Telegram(url="https://hooks.example.com/secret"))),  # type: ignore[arg-type]
        ),
        "no chat": run(chats.examine_chats(Telegram(), ())),  # type: ignore[arg-type]
        "chats": lines(
            chat(),
            *(chat(send_message=BadRequest(said)) for said in refusals),
            chat(send_message=Forbidden("Forbidden: something new")),
            chat(send_message=RetryAfter(30)),
            chat(send_message=NetworkError("Connection refused")),
            chat(send_message=TimedOut()),
            chat(delete_message=BadRequest("message can't be deleted")),
            chat(get_chat=ChatMigrated(-1009876543210)),
            chat(get_chat=ChatMigrated(-1009876543210), send_message=Forbidden("Forbidden: bot was kicked")),
        ),
        "database": databases(),
        "clock": lines(
            clock.clock_finding(timedelta(seconds=2)),
            clock.clock_finding(timedelta(hours=2)),
            clock.clock_finding(-timedelta(minutes=5)),
            *asyncio.run(clock.examine_clock({}, lambda: NOW)),
        ),
        "HTTP_LISTEN": ports(local),
        "heartbeat": "\n".join([run(machine.examine_heartbeat(settings)), run(machine.examine_heartbeat(beats))]),
        "second channel": channels(),
        "webhook": lines(*webhooks()),
        "files": lines(*privacy_lines()),
        "addresses": run(privacy.examine_addresses(clear)),
        "time zone": "\n".join(run(machine.examine_zone(ZoneInfo(key), NOW)) for key in ("UTC", "Europe/Berlin")),
        "a defect": run(unfailing("clock", defect())),
        "the end": "\n".join([verdict([ok("a", "b")]), verdict([ok("a", "b"), warn("a", "b"), fail("a", "b")])]),
    }


async def defect() -> list[Finding]:
    """A test with a defect."""
    raise KeyError("secret")


def channels() -> str:
    """The second channel."""

    async def tried(*_: object) -> list[tuple[bool, str]]:
        words = second_channel_words()
        return [(number == 0, f"address {number + 1} (mailto): {said}") for number, said in enumerate(words)]

    with mock.patch.object(second_channel, "try_addresses", tried):
        return run(second_channel.examine_fallback(Settings(**SETTINGS, FALLBACK_URLS="mailto://a:b@example.com")))


def second_channel_words() -> list[str]:
    """Each way a try of an address ends."""
    return ["a test message was taken", *sender.WRONGS.values()]


def ports(listen: Address) -> str:
    """Whether the port can be had."""
    refused = OSError(errno.EACCES, "Permission denied")
    found = asyncio.run(machine.examine_port(None))
    with mock.patch.object(machine, "bind"):
        found += asyncio.run(machine.examine_port(listen))
    with mock.patch.object(machine, "bind", side_effect=refused):
        found += asyncio.run(machine.examine_port(listen))
    return lines(*found)


def webhooks() -> list[Finding]:
    """Each way a test notice ends."""
    whys = ["does not answer within 20 s", *(refusal(status) for status in (302, 401, 500))]
    ends = (webhook.findings(NotTaken(why), signed=True) for why in whys)
    return [*webhook.findings(None, signed=True), *webhook.findings(None, signed=False), *(one for (one,) in ends)]


def privacy_lines() -> list[Finding]:
    """Which files others can read."""
    with mock.patch.object(privacy, "is_readable_by_all", return_value=True):
        open_to_all = asyncio.run(privacy.examine_files(["settings.env", "credit-bot.db"]))
    return [*asyncio.run(privacy.examine_files([])), *open_to_all]


def databases() -> str:
    """Each state of a database, in an empty working folder."""
    with TemporaryDirectory() as folder, chdir(folder):
        states = [database.database_finding("bot.db"), database.database_finding("no/such/bot.db")]
        with closing(hold("bot.db")):
            states.append(ok("database", f"bot.db: {database.state_text('bot.db', REVISION)}"))
        states += [
            ok("database", f"bot.db: {database.state_text('bot.db', REVISION)}"),
            ok("database", f"bot.db: {database.state_text('bot.db', '0001')}"),
            database.database_finding("."),
        ]
        with open("letter.txt", "w", encoding="utf-8") as file:
            file.write("Dear Ann," * 100)
        states.append(database.database_finding("letter.txt"))
    return lines(*states).replace(REVISION, "0123")
