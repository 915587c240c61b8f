"""The subscription at useapi.net, as it reports it itself. Nothing of its owner is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ListedService:
    """The accounts of one service at useapi.net: how many there are, and how many of them it calls broken.

    ``total`` None is unknown.
    """

    name: str
    total: int | None
    broken: int = 0


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """One answer. ``services`` None is unknown; ``active`` None is no verdict.

    ``renewed_on`` is a past day. When the subscription ends is not in the API.
    """

    active: bool | None = None
    renewed_on: date | None = None
    services: tuple[ListedService, ...] | None = None

    def of_another(self) -> "SubscriptionPage":
        """The page for another source of the token, whose verdict fires one alert, at the first source."""
        return self if self.active else replace(self, active=None)


@dataclass(frozen=True, slots=True)
class Subscription:
    """The last attempt to ask, with its verdict, and the last answer that could be read.

    ``active`` None: the last attempt gave no verdict.
    """

    asked_at: datetime
    active: bool | None = None
    answered_at: datetime | None = None
    page: SubscriptionPage = SubscriptionPage()

    @property
    def tells_services(self) -> bool:
        """True if the last attempt said which services there are."""
        return self.answered_at == self.asked_at and self.page.services is not None


@dataclass(frozen=True, slots=True)
class KnownBroken:
    """The accounts of a service that the bot itself knows as broken, and those that nobody checks.

    ``oldest`` is the oldest last check of the others, None if there are none; ``unchecked`` of them were never checked.
    """

    broken: int = 0
    paused: int = 0
    oldest: datetime | None = None
    unchecked: int = 0

    def all_checked_since(self, moment: datetime) -> bool:
        return not self.unchecked and (self.oldest is None or self.oldest > moment)


def asked(page: SubscriptionPage | None, now: datetime, before: Subscription | None = None) -> Subscription:
    """The subscription after an attempt to ask."""
    if page is None:
        known = before or Subscription(now)
        return Subscription(now, None, known.answered_at, known.page)
    return Subscription(now, page.active, now, page)


def service_key(name: str) -> str:
    """A service's name without case, blanks and a trailing "API" or "AP": useapi.net spells it in several ways."""
    plain = "".join(name.lower().split())
    plain = plain.removesuffix("api") if plain.endswith("api") else plain.removesuffix("ap")
    return RENAMED.get(plain, plain)


RENAMED: Mapping[str, str] = {"riffusion": "flowmusic"}
"""Services that useapi.net can still report under an old name."""


def counted(known: Subscription | None, name: str) -> int | None:
    """How many accounts of a service useapi.net calls broken; None where it does not say."""
    if known is None or known.page.services is None:
        return None
    key = service_key(name)
    return sum(one.broken for one in known.page.services if service_key(one.name) == key)
