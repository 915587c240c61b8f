"""A blackout: no account can be read. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.accounts import Account, CheckFailure, FailureKind


@dataclass(frozen=True, slots=True)
class Blackout:
    """No account can be read: how many, since when, and why, by kind, the most frequent first.

    ``said`` is the text of the newest failure of that kind.
    """

    accounts: int
    since: datetime | None
    kinds: tuple[tuple[FailureKind, int], ...]
    said: str = ""


def blackout(accounts: Iterable[Account]) -> Blackout | None:
    """The blackout, if the last check of every account failed; None if one succeeded, or one was not checked yet.

    Paused accounts do not count.
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
    return outage.taken_at
