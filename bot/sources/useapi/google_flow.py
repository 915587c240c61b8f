"""Google Flow at useapi.net: credits, and what a video costs.

Source: useapi.net's documentation of ``GET /v1/google-flow/accounts/<email>`` (15 June 2026). Credits and models stand
on the page while ``health`` is "OK". The session's end, an hour ahead, and the next refresh are no news.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Credits, Number, Reading
from bot.sources.base import Service
from bot.sources.useapi.fields import number, text
from bot.sources.useapi.pages import AccountPage, read_list, readable

_MOST_MODELS = 6


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    credits = Credits.of(known.needed("credits", "credits"))
    costs = dict[str, Number]()
    for model in known.objects("models", "videoModels"):
        name, cost = readable(text, model.get("displayName")), readable(number, model.get("creditCost"))
        if name and cost is not None and cost >= 0 and len(costs) < _MOST_MODELS:
            costs[name] = cost
    return Reading(taken_at, credits, details={"costs": costs} if costs else {})


def details(known: Mapping[str, Any]) -> list[list[str]]:
    """The cost of a video, by model."""
    return [[f"{name}: {cost:,} a video"] for name, cost in known.get("costs", {}).items()]


GOOGLE_FLOW = Service(
    name="google-flow",
    title="Google Flow",
    account_path="/google-flow/accounts/{email}",
    list_path="/google-flow/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Google Flow API",
    statistics="google-flow",
    version="v1",
)
