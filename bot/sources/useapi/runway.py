"""Runway at useapi.net: the credits of a plan.

Source: useapi.net's documentation of ``GET /v1/runwayml/features`` (8 August 2024). The rest is what the plan
permits less what was used, and never less than nothing; credits that were bought beside it, the day of the refill and
the plan's end are not on the page.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Credits, FailureKind, Reading
from bot.sources.base import Service
from bot.sources.useapi.pages import AccountPage, read_list
from bot.support.errors import SourceError


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    permitted, used = known.needed("permitted", "numPlanCredits"), known.needed("used", "numPlanCredits")
    if permitted < 0 or used < 0:
        raise SourceError(FailureKind.GARBLED, "numPlanCredits is below zero")
    return Reading(taken_at, Credits.of(max(permitted - used, 0), permitted))


def details(_known: Mapping[str, Any]) -> list[list[str]]:
    """The limits of the number."""
    return [["credits of the plan alone: bought ones are not reported"]]


RUNWAY = Service(
    name="runway",
    title="Runway",
    account_path="/runwayml/features/",
    list_path="/runwayml/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Runway API",
    statistics="runwayml",
    version="v1",
)
