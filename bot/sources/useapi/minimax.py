"""MiniMax (Hailuo) at useapi.net: credits, some of which lapse.

Source: useapi.net's documentation of ``GET /v1/minimax/features`` (14 October 2024 to 31 May 2025).
``creditExpireText`` tells which credits lapse when; ``expireText`` contradicts it and is not read. ``expireTime`` is 0
for a free account; else its unit is unknown, so that the plan has no end here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Balance, Credits, Plan, Reading
from bot.sources.base import Service
from bot.sources.useapi.fields import moment, number, text
from bot.sources.useapi.pages import AccountPage, read_list, readable, still_ahead


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    credits = Credits.of(known.needed("totalCredits"))
    expires = known.maybe(number, "expireTime")
    free = None if expires is None else expires == 0
    name = known.maybe(text, "memberName") or (known.maybe(text, "memberText") if free is False else None)
    return Reading(taken_at, credits, Plan(name=name, free=free), parts=_lapsing(known, taken_at))


def _lapsing(known: AccountPage, now: datetime) -> tuple[Balance, ...]:
    """The part of the credits that lapses, by its moments."""
    found = []
    for lot in known.objects("creditExpireText"):
        amount, end = readable(number, lot.get("credit")), still_ahead(readable(moment, lot.get("endTime")), now)
        if amount and amount > 0 and end:
            found.append(Balance("lot", amount, lapses_at=end))
    return tuple(sorted(found, key=lambda one: one.lapses_at or now))


def details(_known: Mapping[str, Any]) -> list[list[str]]:
    """No details."""
    return []


MINIMAX = Service(
    name="minimax",
    title="MiniMax",
    account_path="/minimax/features/",
    list_path="/minimax/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="MiniMax API",
    statistics="minimax",
    parameter="account",
    version="v1",
    by_email=False,
)
