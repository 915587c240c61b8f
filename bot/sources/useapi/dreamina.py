"""Dreamina at useapi.net: credits of three kinds. A check claims the day's free credits.

Source: useapi.net's documentation of ``GET /v1/dreamina/accounts/<account>`` (2 March 2026), with keys such as
``US:alice@example.com``. Where Dreamina itself fails, the page comes without ``credits``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Balance, Credits, FailureKind, Reading
from bot.sources.base import Service
from bot.sources.useapi.fields import flag, number
from bot.sources.useapi.pages import AccountPage, read_list
from bot.support.errors import SourceError

_KINDS = ("vip", "gift", "purchase")


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    if known.at("credits") is None:
        raise SourceError(FailureKind.UNAVAILABLE, "The answer has no credits, as while Dreamina cannot be reached")
    credits = Credits.of(known.needed("credits", "total"))
    kinds = ((kind, known.maybe(number, "credits", kind)) for kind in _KINDS)
    claimed = known.maybe(flag, "credits", "dailyClaimed")
    return Reading(
        taken_at=taken_at,
        credits=credits,
        details={} if claimed is None else {"claimed": claimed},
        parts=tuple(Balance(kind, amount) for kind, amount in kinds if amount is not None),
    )


def details(known: Mapping[str, Any]) -> list[list[str]]:
    """The state of today's free credits."""
    claimed = known.get("claimed")
    return [] if claimed is None else [[f"today's free credits are {'' if claimed else 'not '}claimed"]]


DREAMINA = Service(
    name="dreamina",
    title="Dreamina",
    account_path="/dreamina/accounts/{account}",
    list_path="/dreamina/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Dreamina API",
    statistics="dreamina",
    parameter="account",
    version="v1",
    by_email=False,
    acts=True,
)
