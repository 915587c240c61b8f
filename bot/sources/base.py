"""What every source can do."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.domain.accounts import CheckFailure, CheckResult, Listing, NotModified

Clock = Callable[[], datetime]
"""Tells the present moment as an aware UTC ``datetime``."""


class Source(Protocol):
    """One subscription and one service. No failed look is ever raised: it comes back as an ``CheckFailure``."""

    @property
    def name(self) -> str:
        """What the source is called in account keys and messages."""

    async def read(self, email: str) -> CheckResult:
        """Look at one account; ``taken_at`` is the moment after the whole answer has come."""

    async def read_again(self, email: str, page: int) -> CheckResult | NotModified:
        """The same, where the last reading's page is known: that it is still the very same costs less to say."""

    async def list_accounts(self) -> Listing | CheckFailure:
        """Ask which accounts there are; none at all is an empty listing, and no outage."""
