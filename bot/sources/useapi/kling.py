"""Kling at useapi.net: lots of credits, each with its own end.

Sources: useapi.net's documentation of ``GET /v1/kling/accounts/<email>`` (23 June 2025). Points are hundredths of a
credit, as public clients of klingai.com have it. The page does not say whether a plan renews, and the
meaning of ``nextApplyTime`` and ``tickets`` is unknown: none of them is read.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.accounts import Balance, Credits, FailureKind, Number, Reading
from bot.sources.base import Service
from bot.sources.useapi.fields import allowance, moment, number, text
from bot.sources.useapi.pages import AccountPage, read_list, readable, still_ahead
from bot.support.errors import SourceError

_POINTS = 100
"""Points of one credit."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def read_account(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page. The allowance is that of the newest lot of a plan."""
    known = AccountPage(page)
    total = known.needed("balance", "total")
    lots = known.objects("balance", "points")
    if differs_in_unit(total, lots):
        raise SourceError(FailureKind.GARBLED, "balance.total counts in another unit than its points")
    known.take("monthly_allowance", lambda _: None, "balance", "points")
    plans = [lot for lot in lots if readable(text, lot.get("type")) == "plan"]
    newest = max(plans, key=lambda lot: readable(moment, lot.get("startTime")) or _LONG_AGO, default={})
    return Reading(
        taken_at=taken_at,
        credits=Credits.of(_credits(total), _or_none(readable(allowance, newest.get("amount")))),
        left_out=known.left_out,
        parts=_parts(lots, taken_at),
    )


def differs_in_unit(total: Number, lots: list[dict[str, Any]]) -> bool:
    """True if the total is a hundred times the sum of the lots, or a hundredth: one of them counts whole credits."""
    amounts = [readable(number, lot.get("balance")) for lot in lots]
    known = [amount for amount in amounts if amount is not None]
    return total != 0 and len(known) == len(lots) and sum(known) in (total * _POINTS, total / _POINTS)


def _parts(lots: list[dict[str, Any]], now: datetime) -> tuple[Balance, ...]:
    """The lots with anything left, the first to lapse first."""
    found = [
        Balance(
            name=readable(text, lot.get("type")) or "lot",
            amount=_or_none(readable(number, lot.get("balance"))),
            allowance=_or_none(readable(allowance, lot.get("amount"))),
            lapses_at=still_ahead(readable(moment, lot.get("endTime")), now),
        )
        for lot in lots
    ]
    some = [one for one in found if one.amount is None or one.amount > 0]
    return tuple(sorted(some, key=lambda one: (one.lapses_at is None, one.lapses_at or now)))


def _credits(points: Number) -> Number:
    """Credits of so many points."""
    return points // _POINTS if points % _POINTS == 0 else points / _POINTS


def _or_none(points: Number | None) -> Number | None:
    return None if points is None else _credits(points)


def details(_known: Mapping[str, Any]) -> list[list[str]]:
    """No details."""
    return []


KLING = Service(
    name="kling",
    title="Kling",
    account_path="/kling/accounts/{email}",
    list_path="/kling/accounts",
    read_account=read_account,
    read_list=read_list,
    details=details,
    account_name="Kling API",
    statistics="kling",
    version="v1",
)
