"""A source whose unchanged pages are cheap: the bytes of a known page are compared, and not parsed again."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from hashlib import blake2b

from bot.domain.accounts import CheckFailure, CheckResult, FailureKind, Listing, NotModified, Reading
from bot.domain.subscription import SubscriptionPage
from bot.sources.base import Clock, Service
from bot.sources.useapi import subscription
from bot.sources.useapi.client import Client
from bot.sources.useapi.failures import Answer
from bot.support.errors import SourceError

_LIST_TIMES_LIMIT = 8
"""An account takes some 250 bytes of the list, so 30,000 fit; eight megabytes at once an hour are borne."""


@dataclass(frozen=True, slots=True)
class ConditionalSource:
    """One subscription and one service, with failures as values. Implements ``Source``.

    The fingerprint of a page is stored beside its reading, and only there: two checkers that share a database see the
    same one.
    """

    service: Service
    client: Client
    clock: Clock

    async def check(self, email: str, known: str | None) -> CheckResult | NotModified:
        """Checks one account. A page with the ``known`` fingerprint is ``NotModified``."""
        try:
            answer = await self._ask(email)
            if known == fingerprint_of(answer.body) and answer.status == 200:
                return NotModified(self.clock(), known)
            return self._reading(answer)
        except SourceError as error:
            return self._failure(error)

    async def read(self, email: str) -> CheckResult:
        """Checks one account without a known page."""
        try:
            return self._reading(await self._ask(email))
        except SourceError as error:
            return self._failure(error)

    async def list_accounts(self) -> Listing | CheckFailure:
        """The accounts stored at useapi.net; none is an empty listing, which useapi.net reports by a 404 of its own."""
        try:
            page = await self.client.get_json(self.service.list_path, times_limit=_LIST_TIMES_LIMIT)
            return Listing(self.clock(), self.service.read_list(page))
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

    def _ask(self, email: str) -> Awaitable[Answer]:
        return self.client.get(self.service.account_path, {"email": email})

    def _reading(self, answer: Answer) -> Reading:
        page = self.client.decoded(answer)
        return replace(self.service.read_account(page, self.clock()), fingerprint=fingerprint_of(answer.body))

    def _failure(self, error: SourceError) -> CheckFailure:
        return CheckFailure(self.clock(), error.kind, error.said, error.retry_after, error.status)


def fingerprint_of(page: bytes) -> str:
    """The same bytes have the same fingerprint in every process and version."""
    return blake2b(page, digest_size=16).hexdigest()
