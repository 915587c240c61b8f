"""The interfaces of a source and of a service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.domain.accounts import CheckFailure, CheckResult, Listed, Listing, NotModified, Number, Reading
from bot.domain.jobs import Slots, Statistics
from bot.domain.subscription import SubscriptionPage

Clock = Callable[[], datetime]
"""Returns the present moment as aware UTC."""


IN_FLIGHT = 64
"""Checks at once. A hanging one holds its place until its request times out."""


class Source(Protocol):
    """One subscription and one service. A failed check never raises: it is a ``CheckFailure``."""

    async def check(self, email: str, known: str | None) -> CheckResult | NotModified:
        """Checks one account; ``taken_at`` is the moment after the whole answer has come.

        ``known`` is the fingerprint of the stored reading's page.
        """

    async def read(self, email: str) -> CheckResult:
        """Checks one account without a known page."""

    async def list_accounts(self) -> Listing | CheckFailure:
        """Lists the accounts; an empty listing is valid."""

    async def subscription(self) -> SubscriptionPage | CheckFailure:
        """The subscription of the source's token, which other sources can share."""

    async def statistics(self, limit: int) -> Statistics | CheckFailure:
        """The refused jobs of the last hour, from the last ``limit`` requests of all accounts of the service."""

    async def slots(self) -> Mapping[str, Slots] | CheckFailure:
        """The jobs that run through the API, by account in lower case; empty for a service that does not say."""


@dataclass(frozen=True, slots=True)
class Service:
    """The part of a source that is special to one service of useapi.net: its pages, their meaning, and its texts. Pure.

    ``name`` begins the keys of its sources and accounts, ``title`` is for people. The key of an account goes as
    ``parameter`` to ``account_path``: into the path, where that has its name in braces, else behind it. The pages are
    those of a ``version``. ``by_email``: the list's keys are emails. ``acts``: a check changes something there, so that
    only a setting that names the service starts it. ``read_allowances`` is set where the list alone has them: it
    returns each account's, by the key in lower case.
    ``read_account`` and ``read_list`` take decoded JSON and can raise ``SourceError``. ``details`` turns a reading's
    ``details``, which only the service knows, into lines of a few words each, not cleaned yet. ``account_name`` is its
    name on the page of the subscription. ``website`` is where credits can be bought, ``linking`` useapi.net's page on
    how an account is linked; empty where none is known. ``statistics`` is its name in the statistics of jobs, None if
    there are none; ``slots_path`` has the running jobs, None if no page has.
    """

    name: str
    title: str
    account_path: str
    list_path: str
    read_account: Callable[[object, datetime], Reading]
    read_list: Callable[[object], tuple[Listed, ...]]
    details: Callable[[Mapping[str, Any]], Sequence[Sequence[str]]]
    account_name: str
    website: str = ""
    linking: str = ""
    parameter: str = "email"
    version: str = "v2"
    by_email: bool = True
    acts: bool = False
    read_allowances: Callable[[object], Mapping[str, Number]] | None = None
    statistics: str | None = None
    slots_path: str | None = None
