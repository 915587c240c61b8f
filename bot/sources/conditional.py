"""A source whose unchanged pages are cheap: the bytes of a known page are compared, and not parsed again."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from bot.domain.accounts import CheckFailure, CheckResult, FailureKind, Listing, NotModified, Number, Reading
from bot.domain.jobs import Slots, Statistics
from bot.domain.subscription import SubscriptionPage
from bot.sources.base import Clock, Service
from bot.sources.useapi import statistics, subscription
from bot.sources.useapi.client import Client
from bot.sources.useapi.failures import Answer
from bot.support.errors import SourceError

_HOUR = timedelta(hours=1)
_LIST_TIMES_LIMIT = 8
"""An account takes some 250 bytes of the list, so 30,000 fit; eight megabytes at once an hour are borne."""

_STATISTICS_TIMES_LIMIT = 24
"""A row takes some 300 bytes, and an answer has 50,000 at most."""

_LARGE = 2 * 1024 * 1024
"""From so many bytes on a page that a thread decodes in one go holds the event loop for over 20 ms."""


@dataclass(slots=True)
class Limits:
    """The allowances of a list by its keys in lower case, and when it was asked for."""

    by_key: dict[str, Number] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConditionalSource:
    """One subscription and one service, with failures as values. Implements ``Source``.

    The fingerprint of a page is stored beside its reading, and only there: two checkers that share a database see the
    same one.
    """

    service: Service
    client: Client
    clock: Clock
    _limits: Limits = field(default_factory=Limits, init=False)

    async def check(self, email: str, known: str | None) -> CheckResult | NotModified:
        """Checks one account. A page with the ``known`` fingerprint is ``NotModified``."""
        try:
            answer = await self._ask(email)
            if known == fingerprint_of(answer.body) and answer.status == 200:
                return NotModified(self.clock(), known)
            return await self._reading(email, answer)
        except SourceError as error:
            return self._failure(error)

    async def read(self, email: str) -> CheckResult:
        """Checks one account without a known page."""
        try:
            return await self._reading(email, await self._ask(email))
        except SourceError as error:
            return self._failure(error)

    async def list_accounts(self) -> Listing | CheckFailure:
        """The accounts stored at useapi.net; none is an empty listing, which useapi.net reports by a 404 of its own."""
        try:
            return Listing(self.clock(), self.service.read_list(await self._list()))
        except SourceError as error:
            if error.kind is FailureKind.MISSING and error.status == 404:
                return Listing(self.clock(), ())
            failure = self._failure(error)
            concerns_one = failure.kind in (FailureKind.MISSING, FailureKind.BROKEN, FailureKind.UNREFRESHED)
            return replace(failure, kind=FailureKind.UNAVAILABLE) if concerns_one else failure

    async def subscription(self) -> SubscriptionPage | CheckFailure:
        """The subscription of the token. A failure says nothing about it."""
        try:
            return subscription.parse_subscription(await self.client.get_json(subscription.PATH))
        except SourceError as error:
            return self._failure(error)

    async def statistics(self, limit: int) -> Statistics | CheckFailure:
        """The refused jobs of the last hour, read in a thread, so that no check waits."""
        if self.service.statistics is None:
            return CheckFailure(self.clock(), FailureKind.MISSING, "The service has no statistics of jobs")
        try:
            params = {"bot": self.service.statistics, "limit": str(limit)}
            answer = await self.client.get(statistics.PATH, params, times_limit=_STATISTICS_TIMES_LIMIT)
            return await asyncio.to_thread(self._statistics, answer)
        except SourceError as error:
            return self._failure(error)

    def _statistics(self, answer: Answer) -> Statistics:
        if len(answer.body) > _LARGE:
            with suppress(ValueError, RecursionError):  # the whole page then says what is wrong with it
                return statistics.statistics_of(self.client.entries(answer, "data"), self.clock())
        return statistics.parse_statistics(self.client.decoded(answer), self.clock())

    async def slots(self) -> Mapping[str, Slots] | CheckFailure:
        """The jobs that run through the API now."""
        if self.service.slots_path is None:
            return {}
        try:
            return statistics.parse_slots(await self.client.at(self.service.version).get_json(self.service.slots_path))
        except SourceError as error:
            return self._failure(error)

    def _ask(self, email: str) -> Awaitable[Answer]:
        return self.client.at(self.service.version).get(self.service.account_path, {self.service.parameter: email})

    async def _list(self) -> object:
        """The decoded list; nothing of it is kept but allowances, where the list alone has them."""
        page = await self.client.at(self.service.version).get_json(
            self.service.list_path, times_limit=_LIST_TIMES_LIMIT
        )
        if self.service.read_allowances:
            self._limits.by_key, self._limits.read_at = dict(self.service.read_allowances(page)), self.clock()
        return page

    async def _reading(self, email: str, answer: Answer) -> Reading:
        page = self.client.decoded(answer)
        reading = replace(self.service.read_account(page, self.clock()), fingerprint=fingerprint_of(answer.body))
        if self.service.read_allowances is None or reading.credits.monthly_allowance is not None:
            return reading
        allowance = await self._allowance(email)
        return replace(reading, credits=replace(reading.credits, monthly_allowance=allowance))

    async def _allowance(self, email: str) -> Number | None:
        """An account's allowance by the list, which is asked at most once an hour for it; None if unknown."""
        known, now = self._limits, self.clock()
        if email.lower() not in known.by_key and not (known.read_at and timedelta(0) <= now - known.read_at < _HOUR):
            known.read_at = now
            with suppress(SourceError):
                await self._list()
        return known.by_key.get(email.lower())

    def _failure(self, error: SourceError) -> CheckFailure:
        return CheckFailure(self.clock(), error.kind, error.said, error.retry_after, error.status)


def fingerprint_of(page: bytes) -> str:
    """The same bytes have the same fingerprint in every process and version."""
    return blake2b(page, digest_size=16).hexdigest()
