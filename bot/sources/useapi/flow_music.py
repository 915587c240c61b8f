"""Flow Music, once Riffusion, at useapi.net: credits and tokens.

Source: useapi.net's documentation of ``GET /v1/flowmusic/accounts/<email>`` (3 June 2026). The use of tokens is
not documented; allowance, refill and the plan's end are not on the page.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Balance, Credits, Plan, Reading
from bot.sources.base import Service
from bot.sources.useapi.fields import number, text
from bot.sources.useapi.pages import AccountPage, read_list


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    credits, tokens = Credits.of(known.needed("credits_remaining")), known.maybe(number, "tokens_remaining")
    tier, plan = known.maybe(text, "tier"), known.maybe(text, "subscription_plan")
    free = None if tier in (None, "unknown") else tier == "free"
    return Reading(
        taken_at=taken_at,
        credits=credits,
        plan=Plan(name=plan or (None if tier == "unknown" else tier), free=free),
        parts=() if tokens is None else (Balance("tokens", tokens, ""),),
    )


def details(_known: Mapping[str, Any]) -> list[list[str]]:
    """No details."""
    return []


FLOW_MUSIC = Service(
    name="flow-music",
    title="Flow Music",
    account_path="/flowmusic/accounts/{email}",
    list_path="/flowmusic/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Flow Music API",
    version="v1",
)
