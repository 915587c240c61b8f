"""Muse at useapi.net: a percentage of a quota, and when that is whole again.

Source: useapi.net's documentation of ``GET /v1/muse/accounts/<email>`` (12 October 2026). No amount is known, nor a
plan's end; the unit of ``topupBalance`` is not documented.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Credits, FailureKind, Plan, Reading, Unit
from bot.sources.base import Service
from bot.sources.useapi.fields import moment, number, text
from bot.sources.useapi.pages import AccountPage, read_list
from bot.support.errors import SourceError

_WHOLE = 100


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page. More than all of the quota leaves nothing."""
    known = AccountPage(page)
    used = known.needed("quota", "percentUsed")
    if used < 0:
        raise SourceError(FailureKind.GARBLED, "quota.percentUsed is below zero")
    resets_at = known.take("refresh_at", moment, "quota", "resetsAt")
    topped_up = known.maybe(number, "quota", "topupBalance")
    return Reading(
        taken_at=taken_at,
        credits=Credits.of(max(_WHOLE - used, 0), None, resets_at, Unit.PERCENT),
        plan=Plan(name=known.maybe(text, "quota", "tier"), free=None),
        details={} if topped_up is None else {"topped_up": topped_up},
        left_out=known.left_out,
    )


def details(known: Mapping[str, Any]) -> list[list[str]]:
    """The balance beside the quota."""
    return [[f"top-up balance {known['topped_up']:,}"]] if known.get("topped_up") is not None else []


MUSE = Service(
    name="muse",
    title="Muse",
    account_path="/muse/accounts/{email}",
    list_path="/muse/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Muse API",
    version="v1",
)
