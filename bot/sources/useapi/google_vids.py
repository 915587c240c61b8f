"""Google Vids at useapi.net: seconds of video for a month, which the members of a family share.

Sources: useapi.net's documentation of ``GET /v1/google-vids/accounts`` and ``…/accounts/<email>`` (7 October 2026), and
its published instructions: the month begins on the 1st, 00:00 Pacific time. Of the account's page only ``video.left``
is documented; the month's limits stand in the list.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.accounts import Balance, Credits, Number, Reading, Unit
from bot.sources.base import Service
from bot.sources.useapi.fields import allowance, number
from bot.sources.useapi.pages import AccountPage, read_list, readable

_PACIFIC = ZoneInfo("America/Los_Angeles")
_OTHERS = {"image": "images", "images": "images", "music": "music"}
"""Other balances by their names on the page."""


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page."""
    known = AccountPage(page)
    return Reading(
        taken_at=taken_at,
        credits=Credits.of(
            known.needed("video", "left"),
            known.maybe(allowance, "limits", "video"),
            next_month(taken_at),
            Unit.SECONDS,
        ),
        parts=tuple(
            Balance(name, left, "", known.maybe(allowance, "limits", field), next_month(taken_at))
            for field, name in _OTHERS.items()
            if (left := known.maybe(number, field, "left")) is not None
        ),
    )


def next_month(now: datetime) -> datetime:
    """The next 1st of a month, 00:00 Pacific time, as UTC."""
    here = now.astimezone(_PACIFIC)
    first = datetime(here.year + here.month // 12, here.month % 12 + 1, 1, tzinfo=_PACIFIC)
    return first.astimezone(UTC)


def read_allowances(page: object) -> dict[str, Number]:
    """The month's seconds by account, of the decoded list."""
    entries = page.items() if isinstance(page, dict) else ()
    found = {}
    for key, entry in entries:
        limits = entry.get("limits") if isinstance(entry, dict) else None
        seconds = readable(allowance, limits.get("video")) if isinstance(limits, dict) else None
        if seconds is not None:
            found[key.strip().lower()] = seconds
    return found


def details(_known: Mapping[str, Any]) -> list[list[str]]:
    """The limits of the number."""
    return [["a family's accounts share these seconds"]]


GOOGLE_VIDS = Service(
    name="google-vids",
    title="Google Vids",
    account_path="/google-vids/accounts/{email}",
    list_path="/google-vids/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Google Vids API",
    version="v1",
    read_allowances=read_allowances,
)
