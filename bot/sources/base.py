"""What a source can do, and what a service brings for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.domain.accounts import CheckFailure, CheckResult, Listed, Listing, NotModified, Reading

Clock = Callable[[], datetime]
"""Returns the present moment as aware UTC."""


IN_FLIGHT = 64
"""Checks at once. A hanging one holds its place until its request times out."""


class Source(Protocol):
    """One subscription and one service. A failed check never raises: it is a ``CheckFailure``."""

    async def check(self, email: str, known: str | None) -> CheckResult | NotModified:
        """Check one account; ``taken_at`` is the moment after the whole answer has come.

        ``known`` is the fingerprint of the page that the stored reading came from.
        """

    async def read(self, email: str) -> CheckResult:
        """Check one account of which no page is known."""

    async def list_accounts(self) -> Listing | CheckFailure:
        """List the accounts; no account at all is an empty listing."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is special about one service of useapi.net: its pages, what they mean, and its words. Pure.

    ``name`` begins the keys of its sources and accounts, ``title`` is for people. ``account_path`` is asked with an
    ``email``. ``read_account`` and ``read_list`` take decoded JSON and may raise ``SourceError``. ``details`` words
    what a reading keeps in its ``details``, which only the service knows: lines of a few words each, not cleaned yet.
    """

    name: str
    title: str
    account_path: str
    list_path: str
    read_account: Callable[[object, datetime], Reading]
    read_list: Callable[[object], tuple[Listed, ...]]
    details: Callable[[Mapping[str, Any]], Sequence[Sequence[str]]]
