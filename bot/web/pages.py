"""The pages for machines: /healthz and /metrics."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.domain.accounts import Account
from bot.domain.alerts import Alert
from bot.domain.health import Vitals, notes, problems
from bot.evaluation.left_out import is_told
from bot.support.errors import DatabaseBusyError, StartError
from bot.support.metrics import Metrics
from bot.web.middleware import guards

log = logging.getLogger(__name__)


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
        app.add_routes([web.get("/healthz", self.healthz), web.get("/metrics", self.metrics)])
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

    async def metrics(self, _request: web.Request) -> web.Response:
        """Everything in Prometheus' text format."""
        vitals = await self._vitals()
        registry = CollectorRegistry()
        usable = Gauge("credit_bot_database_usable", "Whether the database can be used", registry=registry)
        usable.set(vitals.database is None)
        with suppress(DatabaseBusyError):  # what cannot be read is left out
            accounts, alerts = await self._fleet()
            show_accounts(registry, accounts, masked=self._masked)
            show_alerts(registry, alerts)
            show_delivery(registry, vitals, self._clock())
        body = generate_latest(self._metrics.registry) + generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def cannot_listen(host: str, port: int, error: OSError) -> str:
    return (
        f"HTTP_LISTEN: {host}:{port} cannot be listened on ({error.strerror}). "
        "Is another bot running? Free the port, name another, or leave HTTP_LISTEN empty."
    )


def show_accounts(registry: CollectorRegistry, accounts: Sequence[Account], *, masked: bool) -> None:
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
    paused = Gauge("credit_bot_account_paused", "Whether no checks are wished for", ["account"], registry=registry)
    for name, account in shown_names(accounts, masked=masked).items():
        paused.labels(name).set(account.pause is not None)
        if account.pause is None or account.outage:
            readable.labels(name).set(account.outage is None and account.reading is not None)
        if account.reading is None:
            continue
        now = account.reading.credits
        buckets = (("monthly", now.monthly), ("daily", now.daily), ("package", now.package))
        for bucket, value in (("total", now.total),) if now.single else buckets:
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
