"""Mureka at useapi.net: gold credits, and the end of the plan.

Source: useapi.net's documentation of ``GET /v1/mureka/profile`` (13 February 2026). Songs cost gold credits;
silver ones stand apart. Nothing says whether the plan renews at ``vip_end``. In one documented sample the two forms of
that end differ, and the text is the likely one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Balance, Credits, Plan, Reading
from bot.sources.base import Service
from bot.sources.useapi.fields import flag, moment, number, text
from bot.sources.useapi.pages import AccountPage, read_list


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    credits = Credits.of(known.needed("credits"))
    paid = known.take("free", flag, "user", "is_vip")
    end = "vip_end_UTC" if known.at("user", "vip_end_UTC") else "vip_end"
    ends_at = None if paid is False else known.take("ends_at", moment, "user", end)
    silver = known.maybe(number, "credits_silver")
    return Reading(
        taken_at=taken_at,
        credits=credits,
        plan=Plan(
            name=known.maybe(text, "user", "vip_name"),
            free=None if paid is None else not paid,
            ends_at=ends_at,
            renewal_unknown=True,
        ),
        left_out=known.left_out,
        parts=() if silver is None else (Balance("silver", silver),),
    )


def details(_known: Mapping[str, Any]) -> list[list[str]]:
    """No details."""
    return []


MUREKA = Service(
    name="mureka",
    title="Mureka",
    account_path="/mureka/profile/",
    list_path="/mureka/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Mureka API",
    statistics="mureka",
    parameter="account",
    version="v1",
    by_email=False,
)
