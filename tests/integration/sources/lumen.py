"""A made-up service of useapi.net, as another one would be added: one file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.accounts import Credits, FailureKind, Listed, Reading
from bot.sources.base import Service
from bot.support.errors import SourceError


def read_account(page: object, taken_at: datetime) -> Reading:
    """Its page tells lumens."""
    if not isinstance(page, dict) or not isinstance(page.get("lumens"), int):
        raise SourceError(FailureKind.GARBLED, "The answer tells no lumens")
    return Reading(
        taken_at, Credits(page["lumens"], 0, 0, monthly_allowance=page["of"]), details={"lamps": page["lamps"]}
    )


def read_list(page: object) -> tuple[Listed, ...]:
    """Its list is a list."""
    return tuple(Listed(email) for email in page) if isinstance(page, list) else ()


def details(known: Mapping[str, Any]) -> list[list[str]]:
    """How many lamps burn at once."""
    return [[f"{known['lamps']} lamps at once"]] if "lamps" in known else []


LUMEN = Service("lumen", "Lumen", "/lumen/account", "/lumen/all", read_account, read_list, details, "Lumen API")
