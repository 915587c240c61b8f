"""A made-up service of useapi.net, as another one would be added: one file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Credits, FailureKind, Reading
from bot.sources.base import Service
from bot.sources.useapi.pages import read_list
from bot.support.errors import SourceError


def read_account(page: object, taken_at: datetime) -> Reading:
    """Its page tells lumens."""
    if not isinstance(page, dict) or not isinstance(page.get("lumens"), int):
        raise SourceError(FailureKind.GARBLED, "The answer tells no lumens")
    return Reading(
        taken_at, Credits(page["lumens"], 0, 0, monthly_allowance=page["of"]), details={"lamps": page["lamps"]}
    )


def details(known: Mapping[str, Any]) -> list[list[str]]:
    """How many lamps burn at once."""
    return [[f"{known['lamps']} lamps at once"]] if "lamps" in known else []


LUMEN = Service(
    name="lumen",
    title="Lumen",
    account_path="/lumen/account",
    list_path="/lumen/all",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Lumen API",
    version="v1",
)
