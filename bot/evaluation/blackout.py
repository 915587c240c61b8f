"""Whether nothing at all can be read, and why. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.accounts import Account, CheckFailure, FailureKind


@dataclass(frozen=True, slots=True)
class Blackout:
    """No account can be read: how many there are, since when, and why, by kind with the most frequent first.

    ``said`` are the words of the newest outage of that kind.
    """

    accounts: int
    since: datetime | None
    kinds: tuple[tuple[FailureKind, int], ...]
    said: str = ""


def blackout(accounts: Iterable[Account]) -> Blackout | None:
    """Whether the last look at every account failed; None as soon as one can be read, or was not looked at yet.

    Who is paused counts nowhere: nobody looks there.
    """
    checked = [one for one in accounts if one.pause is None]
    outages = [one.outage for one in checked if one.outage]
    if not checked or len(outages) < len(checked):
        return None
    kinds = Counter(outage.kind for outage in outages).most_common()
    newest = max((one for one in outages if one.kind is kinds[0][0]), key=moment_of)
    since = min((one.failing_since for one in checked if one.failing_since), default=None)
    return Blackout(len(checked), since, tuple(kinds), newest.said)


def moment_of(outage: CheckFailure) -> datetime:
    """When a look failed."""
    return outage.taken_at
