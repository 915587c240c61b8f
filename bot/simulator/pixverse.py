"""A simulated useapi.net, as far as accounts are read from it: the pages of each service over HTTP, faults on demand.

Shapes and status codes follow https://useapi.net/docs/api-pixverse-v2/get-pixverse-features and what is known of the
accounts page; an account that is not configured answers 404.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.simulator.accounts import PRIVATE_LINK, SimulatedAccount, sample_body, utc_now
from bot.simulator.life import Life
from bot.simulator.server import Bell, LocalServer, drop, never
from bot.simulator.services import SERVICES, SimulatedSister

__all__ = ["PRIVATE_LINK", "Fault", "Life", "Look", "SimulatedAccount", "SimulatedPixVerse", "sample_body"]

FEATURES = "/v2/pixverse/features"
ACCOUNTS = "/v2/pixverse/accounts"
SUBSCRIPTION = "/v2/account"
STATISTICS = "/v2/account/stats"
SLOTS = "/v2/pixverse/scheduler/available"

Page = Callable[[web.Request], web.Response]
Body = bytes | str | dict[str, Any]


@dataclass
class Fault:
    """A fault of a request. Without `status` and `body` the answer is true, but late, cut, or never given."""

    status: int | None = None
    """None with a body: 200."""
    body: Body | None = None
    """A dict is sent as JSON, anything else as it is; None with a status: an error body as useapi.net writes it."""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    """Seconds before the answer."""
    hang: bool = False
    """Never answer; the connection ends with the client or the server."""
    cut: bool = False
    """Announce the whole body, send half of it, and close the connection."""
    times: int | None = None
    """How many requests it meets; None: all until it is healed."""

    def answer(self, truth: web.Response) -> web.Response:
        """Return what is sent in place of the true answer."""
        if self.status is None and self.body is None:
            truth.headers.update(self.headers)
            return truth
        status = self.status or HTTPStatus.OK
        body = error_body(status) if self.body is None else self.body
        content, kind = (json.dumps(body), "application/json") if isinstance(body, dict) else (body, "text/html")
        payload = content.encode() if isinstance(content, str) else content
        return web.Response(status=status, body=payload, headers={"Content-Type": kind} | self.headers)


@dataclass
class SimulatedSubscription:
    """The subscription as `GET /v2/account` shows it. ``broken`` None: as many as the list shows."""

    active: bool = True
    renewed_on: str = "260701"
    """YYMMDD, the day it was renewed."""
    broken: int | None = None
    others: dict[str, dict[str, int]] = field(default_factory=dict)
    """Other services, as they stand on the page."""


@dataclass(frozen=True)
class Look:
    """One request that was received, whatever became of it."""

    path: str
    email: str | None
    at: float
    """`time.monotonic()` when it came in."""
    in_flight: int
    """How many requests were open then, with this one."""


class SimulatedPixVerse(LocalServer):
    """useapi.net with some PixVerse accounts, for the bearer of one token. They live by the clock, aware UTC."""

    def __init__(self, token: str, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self.token = token
        self.clock = clock
        self.accounts: dict[str, SimulatedAccount] = {}
        self.lives: dict[str, Life] = {}
        self.sisters: dict[str, dict[str, SimulatedSister]] = {name: {} for name in SERVICES}
        self.requests: list[Look] = []
        self.subscription = SimulatedSubscription()
        self.jobs: list[dict[str, Any]] = []
        self.running: dict[str, int] = {}
        self._faults: dict[str | None, Fault] = {}
        self._in_flight = 0
        self._bell = Bell()

    @property
    def url(self) -> str:
        """The value of `USEAPI_URL`."""
        return f"{self.address}/v2"

    @property
    def most_in_flight(self) -> int:
        """The largest number of requests that were open together so far."""
        return max((look.in_flight for look in self.requests), default=0)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Serve the two pages, each with and without a slash at its end."""
        yield web.get(FEATURES, self._serve(self._features))
        yield web.get(f"{FEATURES}/", self._serve(self._features))
        yield web.get(ACCOUNTS, self._serve(self._listing))
        yield web.get(f"{ACCOUNTS}/", self._serve(self._listing))
        yield web.get(SUBSCRIPTION, self._serve(self._subscription))
        yield web.get(STATISTICS, self._serve(self._statistics))
        yield web.get(SLOTS, self._serve(self._slots))
        yield web.get(f"{SLOTS}/", self._serve(self._slots))
        for name, service in SERVICES.items():
            account = f"/v1{service.account_path}{'' if service.parameter else '/{key}'}"
            yield web.get(f"/v1{service.list_path}", self._serve(partial(self._sister_list, name)))
            yield web.get(f"{account}{{slash:/?}}", self._serve(partial(self._sister, name)))

    def add(self, account: SimulatedAccount, life: Life | None = None) -> SimulatedAccount:
        """Configure an account, in place of any of the same email. With a life it changes as the clock goes on."""
        self.remove(account.email)
        self.accounts[account.email] = account
        if life is not None:
            self.lives[account.email] = life
            life.advance(self.clock())
        return account

    def add_sister(self, account: SimulatedSister) -> SimulatedSister:
        """Configure an account of another service, in place of any of the same key."""
        self.sisters[account.service][account.key] = account
        return account

    def remove(self, email: str) -> None:
        """Take an account out of the configuration; from now on it is 404, and no longer listed."""
        self.accounts.pop(email, None)
        self.lives.pop(email, None)

    def job(self, email: str, code: int = 201, endpoint: str = "post-videos", at: datetime | None = None) -> None:
        """A job was asked for: accepted, or refused with such a code. The statistics show it."""
        moment = (at or self.clock()).isoformat().replace("+00:00", "Z")
        self.jobs.append({"timestamp": moment, "config": email, "endpoint": endpoint, "code": code, "msec": 900})

    def fail(
        self, fault: Fault, email: str | None = None, accounts_page: bool = False, page: str | None = None
    ) -> None:
        """Make requests for one account fail, or those for the accounts page or another, or all of them.

        A place has one fault, the last; an account's own, and a page's own, go before that of all.
        """
        self._faults[ACCOUNTS if accounts_page else page or email] = fault

    def heal(self, email: str | None = None) -> None:
        """End the fault of one account, or, without one, every fault there is."""
        if email is None:
            self._faults.clear()
        else:
            self._faults.pop(email, None)

    def has_fault(self, email: str) -> bool:
        """Say whether requests for that account fail by a fault of its own."""
        return email in self._faults

    def looks(self, email: str | None = None) -> int:
        """How often the features of that account were asked for; without one, of any account."""
        return sum(is_of_account(look.path) and email in (None, look.email) for look in self.requests)

    def asked(self, page: str) -> int:
        """How often a page was asked for."""
        return sum(look.path == page for look in self.requests)

    async def wait_for_looks(
        self,
        email: str | None = None,
        count: int = 1,
        timeout: float = 60,  # noqa: ASYNC109 - named as in asyncio.wait_for
    ) -> None:
        """Return once `looks(email)` has reached `count`; TimeoutError after `timeout` seconds."""
        try:
            await self._bell.until(lambda: True if self.looks(email) >= count else None, timeout)
        except TimeoutError:
            whose = email or "any account"
            raise TimeoutError(f"{self.looks(email)} looks at {whose} in {timeout} s, not {count}") from None

    def _serve(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            with self._recorded(request):
                fault = self._take_fault(request)
                if fault is None:
                    return self._authorized(request, page)
                if fault.hang:
                    await never()
                await asyncio.sleep(fault.delay)
                response = fault.answer(self._authorized(request, page))
                return await send_half(request, response) if fault.cut else response

        return serve

    @contextmanager
    def _recorded(self, request: web.Request) -> Iterator[None]:
        self._in_flight += 1
        path = request.path.rstrip("/")
        self.requests.append(Look(path, asked_for(request), time.monotonic(), self._in_flight))
        self._bell.ring()
        try:
            yield
        finally:
            self._in_flight -= 1

    def _take_fault(self, request: web.Request) -> Fault | None:
        path = request.path.rstrip("/")
        for place in (asked_for(request) or path, None):
            fault = self._faults.get(place)
            if fault is None or fault.times == 0:
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None

    def _authorized(self, request: web.Request, page: Page) -> web.Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return refuse(HTTPStatus.UNAUTHORIZED)
        return page(request)

    def _features(self, request: web.Request) -> web.Response:
        email = request.query.get("email") or self._only_email()
        if email is None and self.accounts:
            return refuse(HTTPStatus.BAD_REQUEST, "Parameter email is required")
        account = self.accounts.get(email or "")
        if account is None:
            return refuse(HTTPStatus.NOT_FOUND, f"Account {email} is not configured")
        now = self.clock()
        if account.email in self.lives:
            self.lives[account.email].advance(now)
        return web.json_response(account.body(now))

    def _only_email(self) -> str | None:
        return next(iter(self.accounts)) if len(self.accounts) == 1 else None

    def _listing(self, _request: web.Request) -> web.Response:
        if not self.accounts:
            return refuse(HTTPStatus.NOT_FOUND, "No PixVerse accounts are configured")
        return web.json_response({email: account.listing() for email, account in self.accounts.items()})

    def _statistics(self, request: web.Request) -> web.Response:
        if request.query.get("bot") != "pixverse":
            return web.json_response({"bot": request.query.get("bot"), "total": 0, "data": []})
        limit = int(request.query.get("limit", "100"))
        return web.json_response({"bot": "pixverse", "total": len(self.jobs), "data": self.jobs[-limit:]})

    def _slots(self, _request: web.Request) -> web.Response:
        entries = [
            {
                "email": email,
                "maxJobs": one.max_jobs,
                "executing": self.running.get(email, 0),
                "available": one.max_jobs - self.running.get(email, 0),
            }
            for email, one in self.accounts.items()
        ]
        return web.json_response({"executing": [], "available": entries})

    def _subscription(self, _request: web.Request) -> web.Response:
        said, total = self.subscription, len(self.accounts)
        broken = sum("error" in one.listing() for one in self.accounts.values()) if said.broken is None else said.broken
        own = {"total": total, "active": total - broken} | ({"error": broken} if broken else {})
        page = {
            "id": 12345,
            "email": "owner@example.com",
            "name": "Owner",
            "subscriptionIsActive": said.active,
            "subscriptions": 1,
            "maxAccountsPerAPI": 3,
            "accounts": {"PixVerse API": own, **self._sister_counts(), **said.others},
            "verified": "2023-07-25T03:02:53.252Z",
            "sub": said.renewed_on,
        }
        return web.json_response(page)

    def _sister_counts(self) -> dict[str, Any]:
        counts = {name: len(accounts) for name, accounts in self.sisters.items() if accounts}
        return {SERVICES[name].account_name: {"total": count, "active": count} for name, count in counts.items()}

    def _sister_list(self, name: str, _request: web.Request) -> web.Response:
        accounts = self.sisters[name]
        if not accounts and SERVICES[name].none_configured is HTTPStatus.NOT_FOUND:
            return refuse(HTTPStatus.NOT_FOUND, "Configuration not found")
        return web.json_response({key: one.listing() for key, one in accounts.items()})

    def _sister(self, name: str, request: web.Request) -> web.Response:
        key = asked_for(request) or ""
        account = self.sisters[name].get(key)
        if account is None:
            return refuse(HTTPStatus.NOT_FOUND, f"Account {key} not found")
        return web.json_response(account.page)


def is_of_account(path: str) -> bool:
    """True for the page of one account, of any service."""
    return path == FEATURES or (path.startswith("/v1/") and not path.endswith("/accounts"))


def asked_for(request: web.Request) -> str | None:
    """Name the account of a request, by the query or the path; None for a page of none."""
    if not is_of_account(request.path.rstrip("/")):
        return None
    return request.query.get("email") or request.query.get("account") or request.match_info.get("key")


def error_body(status: int, message: str | None = None) -> dict[str, Any]:
    """Write an error as useapi.net does; without a message, in the words of the status."""
    return {"error": message or web.Response(status=status).reason or f"Error {status}", "code": int(status)}


def refuse(status: HTTPStatus, message: str | None = None) -> web.Response:
    """Answer with an error of useapi.net."""
    return web.json_response(error_body(status, message), status=status)


async def send_half(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Announce the response's whole body, send the first half of it, and close the connection."""
    content = bytes(response.body) if isinstance(response.body, (bytes, bytearray)) else b""
    torn = web.StreamResponse(status=response.status, headers=response.headers)
    torn.content_length = max(len(content), 2)
    await torn.prepare(request)
    await torn.write(content[: len(content) // 2] or b" ")
    drop(request)
    return torn
