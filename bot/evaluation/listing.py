"""Accounts that a source's list lacks, and when that is believed: only when the next check repeats it.

Until then they stay watched, with their alerts and acks; a check that fails confirms nothing. An empty list removes all
accounts. A proxy's page is no list: however often it comes, only "perhaps no account" is reported.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, CheckFailure, FailureKind, Listing, SourceState

PERHAPS_AFTER = timedelta(hours=1)
"""A list that answers 404 for this long, without useapi.net's own words, perhaps has no account."""


@dataclass(frozen=True, slots=True)
class TakenAway:
    """Watched accounts that a list lacks, for the first time or again; and those that it names again."""

    doubted: tuple[Account, ...] = ()
    gone: tuple[Account, ...] = ()
    back: tuple[Account, ...] = ()


def taken_away(listing: Listing, watched: Iterable[Account]) -> TakenAway:
    """How one list changes the accounts watched so far."""
    listed = {one.email.lower() for one in listing.accounts}
    accounts = list(watched)
    missing = [one for one in accounts if one.email.lower() not in listed]
    return TakenAway(
        doubted=tuple(one for one in missing if one.unlisted_at is None),
        gone=tuple(one for one in missing if one.unlisted_at is not None),
        back=tuple(one for one in accounts if one.unlisted_at is not None and one.email.lower() in listed),
    )


def listing_noted(source: SourceState, listing: Listing | CheckFailure, doubted: int = 0) -> SourceState:
    """The source after a check of its list; a failed check keeps the last list.

    ``doubted`` are the accounts that the list lacks and that are still watched.
    """
    if isinstance(listing, Listing):
        return SourceState(source.key, listed_at=listing.taken_at, listed=len(listing.accounts) or doubted)
    absent = listing.status == 404 and listing.kind is FailureKind.UNAVAILABLE
    return replace(
        source,
        outage=listing,
        failures=source.failures + 1,
        failing_since=source.failing_since or listing.taken_at,
        absent_since=(source.absent_since or listing.taken_at) if absent else None,
    )


def perhaps_none(source: SourceState, read_at: datetime | None, now: datetime) -> bool:
    """True if a list that keeps answering 404 is perhaps empty: not if an account was read meanwhile."""
    since = source.absent_since
    return since is not None and now - since >= PERHAPS_AFTER and (read_at is None or read_at < since)
