"""The results of finished checks: before and after, and the changes of a batch of them."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.accounts import Account, CheckResult, FailureKind, NotModified, Plan, Reading
from bot.domain.credit_changes import is_moved
from bot.evaluation.evaluate import credit_change, is_changed
from bot.evaluation.forecast.foresee import is_overtaken
from bot.evaluation.left_out import newly_unreadable
from bot.evaluation.sweep import Scope

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FinishedCheck:
    """A finished check: the account's key, and the result.

    ``clock_moved``: the processor's when the check ended.
    """

    key: str
    sample: CheckResult | NotModified
    clock_moved: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Change:
    """An account before and after a check."""

    before: Account
    after: Account

    @property
    def tells_new(self) -> bool:
        """True if there is a reading that differs from the last one in more than its moment."""
        reading = self.after.reading
        return self.after.outage is None and reading is not None and is_changed(self.before.reading, reading)

    @property
    def overtakes_forecast(self) -> bool:
        """True if the forecast is outdated: credits were added, far more were spent, or the plan ends otherwise."""
        reading, foretold, before = self.after.reading, self.after.foretold, self.before.reading
        if not self.tells_new or reading is None:
            return False
        if before and ends_otherwise(before.plan, reading.plan):
            return True
        grown = credit_change(before, reading) is not None
        return grown or (foretold is not None and is_overtaken(foretold, reading.credits.total, reading.taken_at))


@dataclass(frozen=True, slots=True)
class Saved:
    """The result of a batch: accounts that changed or were evaluated, and those with nothing new.

    ``calls`` are the sources with a notification that can concern their other accounts, with its scope.
    """

    changes: Sequence[Change]
    unchanged: Sequence[str]
    calls: Mapping[str, Scope] = field(default_factory=dict)

    @property
    def results(self) -> Iterator[tuple[str, FailureKind | None]]:
        """Each account's key, and the kind of its failure; None if it was read."""
        for change in self.changes:
            yield change.after.key, change.after.outage.kind if change.after.outage else None
        for key in self.unchanged:
            yield key, None


def seen(sample: CheckResult | NotModified, stored: Reading | None) -> CheckResult | None:
    """The result of a check; for an unchanged page the stored reading, as of now.

    None if that came from another page.
    """
    if not isinstance(sample, NotModified):
        return sample
    if stored is None or stored.fingerprint != sample.fingerprint:
        return None
    return replace(stored, taken_at=sample.taken_at)


def ends_otherwise(before: Plan, after: Plan) -> bool:
    """True if a plan's end moved, or became certain or uncertain."""
    return is_moved(before.ends_at, after.ends_at) or before.surely_ends is not after.surely_ends


def log_unreadable(changes: Iterable[Change]) -> None:
    """Logs each unreadable value once; the stored last reading keeps that over a restart."""
    for change in changes:
        after = change.after.reading
        for said in (
            newly_unreadable(change.before.reading, after) if after and after is not change.before.reading else ()
        ):
            log.warning("%s: %s, which cannot be understood: the last known value stays", change.after.key, said)
