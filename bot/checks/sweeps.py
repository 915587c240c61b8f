"""Which other accounts of a source are checked after a notification of one, and when that happened last."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.domain.accounts import KnownAccount
from bot.domain.pauses import PausedAccounts
from bot.evaluation.sweep import LATELY, MOST, Other, Scope, is_allowed, sweep_of
from bot.storage import accounts, outbox


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned sweep: the accounts to check, those to wait for, and the last outbox id before it.

    ``due`` are those to check that are due anyway.
    """

    check: Sequence[KnownAccount]
    due: Sequence[KnownAccount]
    wait_for: Sequence[str]
    after: int


class Sweeps:
    """Remembers the last sweep of each source. A restart forgets it, and checks everyone anyway."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._active_targets = context.active_targets
        self._every = context.every
        self._clock = context.clock
        self._last: dict[tuple[str, Scope], datetime] = {}

    def may_sweep(self, source: str, scope: Scope) -> bool:
        """True if a source can be swept now; never one whose accounts all have their own interval."""
        watched = self._active_targets.targets.sources.get(source)
        has_own = watched is None or watched.check_every is not None
        return not has_own and is_allowed(self._last.get((source, scope)), self._every, self._clock())

    async def plan(
        self, source: str, scope: Scope, under_way: Collection[str], paused: PausedAccounts, room: int
    ) -> Planned | None:
        """The sweep of now; None if it has no account. A source whose server asks for a pause is never swept."""
        own, watched = self._active_targets.targets.own_check_every, self._active_targets.targets.sources.get(source)
        spared = sum(1 for one in watched.accounts.values() if one.check_every) if watched else 0
        async with self._store.read() as connection:
            now = self._clock()
            if await accounts.any_throttled(connection, source):
                return None
            most = MOST + len(under_way) + spared
            critical = scope is Scope.CRITICAL
            stale = await accounts.unchecked_since(connection, source, now - LATELY, most, only_critical=critical)
            after = await outbox.last_id(connection)
        others = [
            Other(one.key, at, spared=paused.of(one.key) is not None or own(one.source, one.email) is not None)
            for one, at, _ in stale
        ]
        sweep = sweep_of(others, under_way, room, now)
        if not sweep.wait_for:
            return None
        if sweep.check:
            self._last[source, scope] = now
        check = [one for one, _, _ in stale if one.key in sweep.check]
        due = [one for one, _, at in stale if one.key in sweep.check and at <= now]
        return Planned(check, due, sweep.wait_for, after)

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set by ``by``: the last sweeps move along."""
        self._last = {swept: at + by for swept, at in self._last.items()}
