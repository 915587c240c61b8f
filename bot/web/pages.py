"""The pages for machines: /healthz, /accounts and /metrics."""

import json
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.domain.accounts import Account
from bot.domain.alerts import Alert
from bot.domain.health import Vitals, notes, problems
from bot.evaluation.account_row import account_row, service_of
from bot.evaluation.left_out import is_told
from bot.support.aside import aside
from bot.support.errors import DatabaseBusyError, StartError
from bot.support.metrics import Metrics
from bot.web.middleware import guards

log = logging.getLogger(__name__)

EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")


class Pages:
    """Serves the pages; each request reads everything."""

    def __init__(
        self,
        vitals: Callable[[], Awaitable[Vitals]],
        fleet: Callable[[], Awaitable[tuple[Sequence[Account], Sequence[Alert]]]],
        metrics: Metrics,
        every: timedelta,
        clock: Callable[[], datetime],
        *,
        masked: bool,
    ) -> None:
        """``masked`` hides emails, if others than this machine can read the pages."""
        self._vitals = vitals
        self._fleet = fleet
        self._metrics = metrics
        self._every = every
        self._clock = clock
        self._masked = masked
        self._runner: web.AppRunner | None = None
        self.port: int | None = None

    async def start(self, host: str, port: int) -> None:
        """Listens. Raises StartError if the address is not available."""
        app = web.Application(middlewares=guards(strict=not self._masked))
        pages = {"/healthz": self.healthz, "/accounts": self.accounts, "/metrics": self.metrics}
        app.add_routes([web.get(path, page) for path, page in pages.items()])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, host, port)
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise StartError(cannot_listen(host, port, error)) from error
        self.port = self._runner.addresses[0][1]
        log.info("Health and metrics at http://%s:%d/healthz and /metrics", host, self.port)

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def healthz(self, _request: web.Request) -> web.Response:
        """200 while the bot works, else 503; in both cases its state."""
        vitals, now = await self._vitals(), self._clock()
        wrong = problems(vitals, self._every, now)
        body = {
            "status": "failing" if wrong else "ok",
            "last_round_at": iso(vitals.last_round_at),
            "last_delivery_at": iso(vitals.last_delivery_at),
            "outbox": vitals.waiting,
            "database": "failing" if vitals.database else "ok",
            "polling": "ok" if vitals.polling_ok else "failing",
            "problems": wrong,
            "notes": notes(vitals),
        }
        return web.json_response(body, status=503 if wrong else 200)

    async def accounts(self, _request: web.Request) -> web.Response:
        """Every watched account with its last numbers, as ``check --json`` prints it."""
        accounts, alerts = await self._fleet()
        text = await aside(len(accounts), accounts_page, accounts, alerts, self._clock(), masked=self._masked)
        return web.json_response(text=text)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Everything in Prometheus' text format."""
        vitals, fleet = await self._vitals(), None
        with suppress(DatabaseBusyError):  # what cannot be read is left out
            fleet = await self._fleet()
        count = len(fleet[0]) if fleet else 0
        stored = await aside(count, stored_metrics, vitals, fleet, self._clock(), masked=self._masked)
        body = generate_latest(self._metrics.registry) + stored
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def cannot_listen(host: str, port: int, error: OSError) -> str:
    return (
        f"HTTP_LISTEN: {host}:{port} cannot be listened on ({error.strerror}). "
        "Is another bot running? Free the port, name another, or leave HTTP_LISTEN empty."
    )


def stored_metrics(
    vitals: Vitals, fleet: tuple[Sequence[Account], Sequence[Alert]] | None, now: datetime, *, masked: bool
) -> bytes:
    """The stored values in Prometheus' text format; without a ``fleet`` only whether the database can be used."""
    registry = CollectorRegistry()
    usable = Gauge("credit_bot_database_usable", "Whether the database can be used", registry=registry)
    usable.set(vitals.database is None)
    if fleet:
        accounts, alerts = fleet
        show_accounts(registry, accounts, now, masked=masked)
        show_alerts(registry, alerts)
        show_delivery(registry, vitals, now)
    return generate_latest(registry)


def show_accounts(registry: CollectorRegistry, accounts: Sequence[Account], now: datetime, *, masked: bool) -> None:
    """Credits and plan ends. An account that was never read, or an unknown bucket, has no line: never a 0.

    The readability of a paused account is unknown, unless it was unreadable before.
    """
    credits = Gauge("credit_bot_credits", "Credits as last read", ["account", "bucket"], registry=registry)
    allowance = Gauge("credit_bot_credits_monthly_allowance", "The plan's allowance", ["account"], registry=registry)
    plan_end = Gauge("credit_bot_plan_end_timestamp_seconds", "The end of the plan", ["account"], registry=registry)
    read_at = Gauge("credit_bot_read_timestamp_seconds", "The last reading", ["account"], registry=registry)
    readable = Gauge(
        "credit_bot_account_readable", "Whether the last check was a reading", ["account"], registry=registry
    )
    refused = Gauge(
        "credit_bot_jobs_refused", "Jobs refused for want of credits within an hour", ["account"], registry=registry
    )
    paused = Gauge("credit_bot_account_paused", "Whether no checks are wished for", ["account"], registry=registry)
    for name, account in shown_names(accounts, masked=masked).items():
        paused.labels(name).set(account.pause is not None)
        if (count := account.jobs_refused(now)) is not None:
            refused.labels(name).set(count)
        if account.pause is None or account.outage:
            readable.labels(name).set(account.outage is None and account.reading is not None)
        if account.reading is None:
            continue
        credits_now = account.reading.credits
        buckets = (("monthly", credits_now.monthly), ("daily", credits_now.daily), ("package", credits_now.package))
        for bucket, value in (("total", credits_now.total),) if credits_now.single else buckets:
            if value is not None:
                credits.labels(name, bucket).set(value)
        if account.allowance is not None:
            allowance.labels(name).set(account.allowance)
        if account.reading.plan.ends_at is not None and is_told(account.reading, "ends_at"):
            plan_end.labels(name).set(account.reading.plan.ends_at.timestamp())
        read_at.labels(name).set(account.reading.taken_at.timestamp())


def show_alerts(registry: CollectorRegistry, alerts: Sequence[Alert]) -> None:
    """How many alerts fire, by rule and severity."""
    gauge = Gauge("credit_bot_alerts", "Alerts that fire", ["measure", "severity"], registry=registry)
    firing = Counter((alert.measure.value, alert.severity.word) for alert in alerts if alert.severity)
    for labels, count in firing.items():
        gauge.labels(*labels).set(count)


def show_delivery(registry: CollectorRegistry, vitals: Vitals, now: datetime) -> None:
    """The waiting deliveries, and for how long they have failed."""
    if vitals.waiting is None or vitals.failed is None:
        return
    Gauge("credit_bot_outbox_depth", "Notifications not yet delivered", registry=registry).set(vitals.waiting)
    Gauge("credit_bot_outbox_failed", "Notifications given up", registry=registry).set(vitals.failed)
    age = (now - vitals.waiting_since).total_seconds() if vitals.waiting_since else 0
    Gauge("credit_bot_outbox_age_seconds", "Age of the oldest that was tried in vain", registry=registry).set(age)
    if vitals.last_round_at:
        last = Gauge("credit_bot_last_round_timestamp_seconds", "The end of the last round", registry=registry)
        last.set(vitals.last_round_at.timestamp())


def accounts_page(accounts: Sequence[Account], alerts: Iterable[Alert], now: datetime, *, masked: bool) -> str:
    """Every account as JSON."""
    return json.dumps({"accounts": rows(accounts, alerts, now, masked=masked)})


def rows(accounts: Sequence[Account], alerts: Iterable[Alert], now: datetime, *, masked: bool) -> list[dict[str, Any]]:
    """A row for each account; with ``masked`` no email is in any of them."""
    of_account: dict[str, list[Alert]] = {}
    for alert in alerts:
        of_account.setdefault(alert.subject, []).append(alert)
    found = [account_row(one, of_account.get(one.key, ()), now) for one in accounts]
    if not masked:
        return found
    keys = shown_keys(accounts)
    return [hidden(row, keys[row["account"]]) for row in found]


def shown_keys(accounts: Sequence[Account]) -> dict[str, str]:
    """The key that strangers read in place of each account's own; a number separates two of a service."""
    of_service: dict[str, list[Account]] = {}
    for one in accounts:
        of_service.setdefault(service_of(one), []).append(one)
    return {
        account.key: f"{service}:{name}"
        for service, some in of_service.items()
        for name, account in shown_names(some, masked=True).items()
    }


def hidden(row: dict[str, Any], key: str) -> dict[str, Any]:
    """A row without an email: the service's own words can hold one, too."""
    error = EMAIL.sub(lambda found: mask(found[0]), row["error"]) if row["error"] else None
    return {**row, "account": key, "error": error}


def shown_names(accounts: Sequence[Account], *, masked: bool) -> dict[str, Account]:
    """Accounts by the name on a page; a number separates names that masking made alike."""
    shown: dict[str, Account] = {}
    met: Counter[str] = Counter()
    for account in accounts:
        name = mask(account.email) if masked and not account.label else account.name
        met[name] += 1
        while (told := f"{name} #{met[name]}" if met[name] > 1 else name) in shown:  # a label can look like a number
            met[name] += 1
        shown[told] = account
    return shown


def mask(email: str) -> str:
    """An email for strangers: ``a…@example.com``."""
    person, at, place = email.rpartition("@")
    return f"{person[:1]}…{at}{place}"


def iso(moment: datetime | None) -> str | None:
    """A moment for machines."""
    return moment.isoformat() if moment else None
