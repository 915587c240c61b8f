"""The page of the subscription (``GET /v2/account``). Pure.

Source: useapi.net's documentation of that page (7 April 2025). ``sub`` is the day it was renewed, as YYMMDD; no field
says when it ends. Everything else on the page belongs to the owner and is not read.
"""

import re
from collections.abc import Mapping
from datetime import date

from bot.domain.accounts import FailureKind
from bot.domain.subscription import ListedService, SubscriptionPage
from bot.sources.useapi.fields import UnreadableFieldError, whole
from bot.support.errors import SourceError

PATH = "/account"

_DAY = re.compile(r"\d{6}")
_LONGEST_NAME = 40
_MOST_SERVICES = 50


def parse_subscription(page: object) -> SubscriptionPage:
    """Its verdict, day and counts; a missing or unreadable field is unknown. Raises ``SourceError`` if it is none."""
    if not isinstance(page, dict) or page.get("error"):
        raise SourceError(FailureKind.GARBLED, "The answer about the subscription has another shape")
    active = page.get("subscriptionIsActive")
    return SubscriptionPage(
        active=active if isinstance(active, bool) else None,
        renewed_on=_renewed_on(page.get("sub")),
        services=_services(page.get("accounts")),
    )


def _renewed_on(value: object) -> date | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _DAY.fullmatch(text.strip()):
        return None
    try:
        return date.fromisoformat(f"20{text.strip()}")
    except ValueError:
        return None


def _services(value: object) -> tuple[ListedService, ...] | None:
    if not isinstance(value, dict):
        return None
    entries = ((str(name)[:_LONGEST_NAME], entry) for name, entry in value.items() if isinstance(entry, dict))
    return tuple(ListedService(name, _count(entry, "total"), _count(entry, "error") or 0) for name, entry in entries)[
        :_MOST_SERVICES
    ]


def _count(entry: Mapping[str, object], name: str) -> int | None:
    try:
        found = whole(entry.get(name))
    except UnreadableFieldError:
        return None
    return None if found is None or found < 0 else found
