"""What a source's list takes away, and when that is believed: only at the second look that says the same.

Accounts that a list no longer names stay watched, with their alerts and acks, until the next look at the list; a look
that fails says nothing. An empty list takes away everybody, and so does a page of something in between, which is no
list: of this, however often it comes, only "perhaps no account" is said.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, CheckFailure, FailureKind, Listing, SourceState

PERHAPS_AFTER = timedelta(hours=1)
"""A list that answers 404 for so long, without a word of useapi.net's own, perhaps has no account."""


@dataclass(frozen=True, slots=True)
class TakenAway:
    """Watched accounts that a list does not name: for the first time, or again; and those that it names once more."""

    doubted: tuple[Account, ...] = ()
    gone: tuple[Account, ...] = ()
    back: tuple[Account, ...] = ()


def taken_away(listing: Listing, watched: Iterable[Account]) -> TakenAway:
    """What one look at a list does to the accounts watched so far."""
    listed = {one.email.lower() for one in listing.accounts}
    accounts = list(watched)
    missing = [one for one in accounts if one.email.lower() not in listed]
    return TakenAway(
        doubted=tuple(one for one in missing if one.unlisted_at is None),
        gone=tuple(one for one in missing if one.unlisted_at is not None),
        back=tuple(one for one in accounts if one.unlisted_at is not None and one.email.lower() in listed),
    )


def listing_noted(source: SourceState, listing: Listing | CheckFailure, doubted: int = 0) -> SourceState:
    """The source once a look at its list is noted on it; a failed one leaves what was listed as it was.

    ``doubted`` are the accounts that the list does not name and that are watched all the same.
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
    """Whether a list that keeps answering 404 perhaps has no account: not where one could be read meanwhile."""
    since = source.absent_since
    return since is not None and now - since >= PERHAPS_AFTER and (read_at is None or read_at < since)
