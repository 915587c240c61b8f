"""Runs checks, due or requested, so many at once; results that arrive together are saved together."""

import asyncio
import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.checks.catch_up import CatchUp
from bot.checks.context import Context
from bot.checks.processor import CheckProcessor
from bot.checks.results import FinishedCheck, Saved
from bot.checks.rounds import Round, Rounds
from bot.checks.spread import next_look
from bot.checks.sweeps import Sweeps
from bot.domain.accounts import CheckFailure, CheckResult, FailureKind, KnownAccount, NotModified
from bot.domain.alerts import AlertRule
from bot.domain.pauses import PausedAccounts
from bot.evaluation.sweep import Scope, widest
from bot.sources.base import IN_FLIGHT, Source
from bot.storage import accounts, chats, pauses
from bot.support.errors import DatabaseBusyError

log = logging.getLogger(__name__)

CLAIMED = 4 * IN_FLIGHT
"""Accounts claimed in one transaction; those without a place wait. A crash makes them due again."""

FLUSH_INTERVAL_S = 0.25
"""Seconds that unchanged results wait for others, to be saved with them."""

STEP = 0.02
"""Seconds between two groups of checks, when due checks are spread out."""

SPREAD = timedelta(seconds=2)
"""The longest spread, which is also at most an eighth of the interval: half of the time between two ticks."""

FEW = 16
"""Checks that always begin together, so that a few accounts that fail at once are one message."""

DOWNTIME_INTERVALS = 3


class CheckRunner:
    """Runs every check, whoever asks: the clock, a chat, a command."""

    def __init__(self, context: Context, processor: CheckProcessor, catch_up: CatchUp) -> None:
        """``on_sweep`` is called with a source and the last outbox id when a sweep of its accounts begins.

        ``on_swept`` is called with the source when it is over.
        """
        self.on_sweep: Callable[[str, int], None] = lambda _, __: None
        self.on_swept: Callable[[str], None] = lambda _: None
        self._sweeps = Sweeps(context)
        self._sweeping: dict[str, asyncio.Task[None]] = {}
        self.rounds = Rounds(context.every)
        self._context = context
        self._store = context.store
        self._processor = processor
        self._catch_up = catch_up
        self.every = context.every
        self._clock = context.clock
        self._metrics = context.metrics
        self._in_flight: dict[str, asyncio.Future[None]] = {}
        self._out_of_turn: set[str] = set()
        self._calls: Mapping[str, Scope] = {}
        self._line: deque[tuple[KnownAccount, Source]] = deque()
        self._later: deque[tuple[KnownAccount, Source]] = deque()
        self._helping = 0
        self._feeding: asyncio.TimerHandle | None = None
        self._workers: set[asyncio.Task[None]] = set()
        self._ended: list[FinishedCheck] = []
        self._saving: list[FinishedCheck] = []
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._more_due = False
        self._asked = 0
        self._draining = False
        self._ticked_at: datetime | None = None
        self._unchecked: set[str] = set()
        self._idle_at: datetime | None = None
        self.paused = PausedAccounts()

    @property
    def busy(self) -> bool:
        """True if a check is running or not saved yet."""
        return bool(self._in_flight)

    async def resume(self) -> None:
        """Continues after a start: every account is due at once."""
        async with self._store.write() as connection:
            now = self._clock()
            told = await chats.marked(connection, chats.DOWNTIME)
            more_often = await chats.marked(connection, chats.MORE_OFTEN)
            moments = (await accounts.last_look(connection), told, more_often)
            self._ticked_at = max((moment for moment in moments if moment), default=None)
            self.pause(await pauses.current(connection))
            await accounts.all_due(connection, now)
        self._unchecked = set(self.rounds.watched)
        if self.rounds.all_paused:
            self.nobody_checked_until(min([now, *(pause.until for pause in self.paused.over(now))]))

    def pause(self, paused: PausedAccounts) -> None:
        """Sets the paused accounts: no check of them begins, whoever asks. Who is resumed is unchecked."""
        before = {key for key in self.rounds.watched if self.paused.of(key)}
        held = {key for key in self.rounds.watched if paused.of(key)}
        self.paused = paused
        self.rounds.pause(held)
        self._unchecked |= before - held

    def nobody_checked_until(self, moment: datetime) -> None:
        """Everyone was paused until then: the period without checks is no downtime."""
        if self._ticked_at:
            self._ticked_at = max(self._ticked_at, moment)

    async def looks_to_end(self, keys: Iterable[str], seconds: float) -> None:
        """Waits until no check of these accounts runs, ``seconds`` at most."""
        waits = [self._in_flight[key] for key in keys if key in self._in_flight]
        if waits:
            self._rush()
            self._hurry.set()
            await asyncio.wait(waits, timeout=seconds)

    async def tick(self) -> None:
        """Reports a downtime, sends what ended silences withheld, and starts due checks."""
        await self._note_downtime()
        await self._catch_up.look()
        await self.start_due()
        await self._catch_up.escalate_if_due(self._is_uncertain)
        self._note_idle_round()

    def _is_uncertain(self, subject: str, measure: AlertRule) -> bool:
        """True if a check is about to say whether an alert still holds, or if a person works with a paused account.

        After a start and after a pause each account is checked first, of a source everyone. The plan of a paused one is
        known.
        """
        if self.paused.of(subject):
            return measure is not AlertRule.PLAN
        if subject in self.rounds.watched:
            return subject in self._in_flight or subject in self._unchecked
        return any(not self.paused.of(key) for key in self._unchecked & self.rounds.watched.keys())

    async def start_due(self) -> None:
        """Claims due accounts, as many as there is room for, and starts their checks."""
        async with self._claiming:  # two claims at once would check twice
            await self._start_due()

    async def _start_due(self) -> None:
        """The same, one at a time."""
        room = CLAIMED - len(self._in_flight)
        async with self._store.read() as connection:
            due = await accounts.due(connection, self._clock(), CLAIMED)
        self._more_due = len(due) == CLAIMED or len(due) > room
        ended = {check.key for check in (*self._ended, *self._saving)}  # these stay due until they are saved
        overrun = [account for account in due if account.key in self._in_flight and account.key not in ended]
        ready = [account for account in due if account.key not in self._in_flight][: max(room, 0)]
        if overrun or ready:
            await self._claim([*overrun, *ready])
        for account in overrun:
            if account.key in self._out_of_turn:  # a person asked for that check: it stands for the one that is due
                continue
            self._metrics.overruns.inc()
            log.warning("%s is due again, and the check before still runs", account.key)
        for account in ready:
            self._begin(account, later=True, in_turn=True)
        self._spread()

    def _spread(self) -> None:
        """Queues the remaining checks in groups."""
        self._helping = self._helping_of(len(self._later))
        if self._feeding is None:
            self._feed()

    def _helping_of(self, count: int) -> int:
        """How many checks begin together: a few, so that no message waits behind a crowd; all, while more is due."""
        steps = min(SPREAD, (self.rounds.shortest or self.every) / 8) / timedelta(seconds=STEP)
        return count if self._more_due else max(FEW, math.ceil(count / max(steps, 1.0)))

    def _feed(self) -> None:
        """Queues the next group, and so on until none is left."""
        for _ in range(min(self._helping, len(self._later))):
            self._line_up(*self._later.popleft())
        self._feeding = asyncio.get_running_loop().call_later(STEP, self._feed) if self._later else None

    def _rush(self) -> None:
        """Queues everything at once, because somebody waits for it."""
        while self._later:
            self._line_up(*self._later.popleft())

    async def _claim(self, due: Sequence[KnownAccount]) -> None:
        """Moves accounts to their next due moment, which claims the present one.

        After a power cut that takes this back every account is due at the start anyway.
        """
        async with self._store.write(synced=False) as connection:
            now = self._clock()  # inside, the clock and stored moments agree, also after the clock was set
            plan = {one.key: next_look(one.key, self._context.every_of(one.source, one.email), now) for one in due}
            await accounts.plan_looks(connection, plan)
        self.rounds.due(plan)

    async def look_now(self, keys: Iterable[str]) -> None:
        """Checks these accounts now, and returns when the results are saved. Joins running checks."""
        async with self._store.read() as connection:
            wanted = await accounts.whom(connection, keys)
        for account in wanted:
            self._begin(account)
        self._rush()
        waits = [self._in_flight[account.key] for account in wanted if account.key in self._in_flight]
        if waits:
            self._asked += 1
            self._hurry.set()
            try:
                await asyncio.wait(waits)
            finally:
                self._asked -= 1

    def _begin(self, account: KnownAccount, *, later: bool = False, in_turn: bool = False) -> None:
        """Queues an account, unless its source has just gone or its check runs already.

        ``in_turn``: its interval asks for it, not a person or a sweep.
        """
        source = self._context.active_targets.sources.get(account.source)
        if account.key in self._in_flight or source is None:
            return
        self._in_flight[account.key] = asyncio.get_running_loop().create_future()
        if not in_turn:
            self._out_of_turn.add(account.key)
        if later:
            self._later.append((account, source))
        else:
            self._line_up(account, source)

    def _line_up(self, account: KnownAccount, source: Source) -> None:
        """The next free worker checks it."""
        loop = asyncio.get_running_loop()
        self._line.append((account, source))
        if len(self._workers) < IN_FLIGHT:
            self._workers.add(loop.create_task(self._work(), name="look"))

    async def _work(self) -> None:
        """Checks one account after another, until the queue is empty; then it no longer counts as a worker."""
        try:
            while self._line:
                account, source = self._line.popleft()
                if self.paused.of(account.key):
                    self._release([account.key])
                    continue
                sample = await self._look(account, source)
                self._ended.append(FinishedCheck(account.key, sample, self._processor.clock_moved))
                self._wake.set()
                if self._is_urgent(sample):
                    self._hurry.set()
        finally:
            self._workers -= {asyncio.current_task()}

    def _is_urgent(self, sample: CheckResult | NotModified) -> bool:
        """True if results are saved at once, rather than with those that arrive soon."""
        somebody_waits = self._asked > 0 or self._draining
        line_runs_out = self._more_due and len(self._line) < IN_FLIGHT
        all_ended = len(self._ended) == len(self._in_flight)
        return not isinstance(sample, NotModified) or somebody_waits or line_runs_out or all_ended

    async def _look(self, account: KnownAccount, source: Source) -> CheckResult | NotModified:
        """The source's result. Any exception inside it is a failure like any other."""
        timer = asyncio.get_running_loop().time
        began = timer()
        try:
            return await source.check(account.email, account.known_page)
        except Exception:  # a defect of ours in one source must not stop the checks of others
            log.exception("%s: unexpected error during a check", account.key)
            return CheckFailure(self._clock(), FailureKind.UNAVAILABLE, "credit-bot could not read the answer")
        finally:
            self._metrics.look_seconds.observe(timer() - began)

    async def run(self) -> None:
        """Saves results, all that wait in one transaction, until cancelled."""
        while True:
            await self._wake.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_INTERVAL_S):
                    await self._hurry.wait()
            self._wake.clear()
            self._hurry.clear()
            while self._ended:
                self._saving, self._ended = self._ended, []
                await self._save(self._saving)
                self._release(check.key for check in self._saving)
                self._saving = []
                if self._more_due and not self._draining:
                    await self._start_more()
            calls, self._calls = self._calls, {}
            for source, scope in calls.items():  # only now: results up to here are sent with the first
                await self._sweep(source, scope)

    async def _start_more(self) -> None:
        """Uses free room; if the database cannot be used, the next tick does."""
        try:
            await self.start_due()
        except DatabaseBusyError as error:
            log.debug("No further checks: %s", error)  # it is logged already

    async def drain(self) -> None:
        """Starts no more checks, and returns when every running one is saved."""
        self._draining = True
        self._rush()
        self._hurry.set()
        while self._in_flight:
            await asyncio.wait(list(self._in_flight.values()))

    async def cancel(self) -> None:
        self._later.clear()
        self._line.clear()
        ending = [*self._workers, *self._sweeping.values()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def _release(self, keys: Iterable[str]) -> None:
        """Wakes those who wait for these checks."""
        for key in keys:
            self._out_of_turn.discard(key)
            waiting = self._in_flight.pop(key, None)
            if waiting and not waiting.done():
                waiting.set_result(None)

    async def _save(self, batch: Sequence[FinishedCheck]) -> None:
        """Saves a batch. If a defect of ours stops one account, the others are still saved."""
        try:
            ends_round = self.rounds.end_with(look.key for look in batch)
            saved = await self._processor.save(batch, ends_round=ends_round)
            self._calls = widest(self._calls, saved.calls)
            self._count(saved)
        except Exception:
            if len(batch) == 1:
                log.exception("%s: a check could not be saved", batch[0].key)
                return
            for look in batch:
                await self._save([look])

    async def _sweep(self, source: str, scope: Scope) -> None:
        """Checks the other accounts of a source after a notification of one: often they changed together.

        Nothing is saved meanwhile, so all results have later outbox ids. A rush needs no sweep.
        """
        if self._draining or self._more_due or source in self._sweeping or not self._sweeps.may_sweep(source, scope):
            return
        try:
            room = CLAIMED - len(self._in_flight)
            planned = await self._sweeps.plan(source, scope, set(self._in_flight), self.paused, room)
            if planned and planned.due:  # otherwise the next tick would check them once more
                await self._claim(planned.due)
        except DatabaseBusyError as error:
            log.debug("%s: the other accounts are checked in their turns only: %s", source, error)  # it is logged
            return
        except Exception:  # a defect of ours here must not stop the saving
            log.exception("%s: the other accounts are checked in their turns only", source)
            return
        if planned is None:
            return
        for account in planned.check:
            self._begin(account, later=True)
        self._spread()
        waits = [self._in_flight[key] for key in planned.wait_for if key in self._in_flight]
        if waits:
            log.info("%s: news of one account, so %d others are checked as well", source, len(planned.check))
            self.on_sweep(source, planned.after)
            self._sweeping[source] = asyncio.create_task(wait_for_all(waits), name=f"sweep {source}")
            self._sweeping[source].add_done_callback(lambda _: self._swept(source))

    def _swept(self, source: str) -> None:
        """The checks of a sweep are over, or cancelled."""
        del self._sweeping[source]
        self.on_swept(source)

    def _count(self, saved: Saved) -> None:
        """Counts checks, for the metrics and the round."""
        for key, kind in saved.results:
            self._unchecked.discard(key)
            self.rounds.looked(key, ok=kind is None)
        for kind, times in Counter(kind for _, kind in saved.results).items():
            self._metrics.looks.labels(kind.value if kind else "ok").inc(times)
        ended = self.rounds.ended()
        if ended:
            self._context.on_round(ended)

    def _note_idle_round(self) -> None:
        """While everyone is paused, ends an empty round each interval: the bot works."""
        now, before = self._clock(), self._idle_at
        if self.rounds.all_paused and (before is None or not timedelta(0) <= now - before < self.every):
            self._idle_at = now
            self._context.on_round(Round(whole=True, any_read=False))

    async def _note_downtime(self) -> None:
        """After more than three intervals without checks, reports the downtime.

        If the database cannot be written, the next tick tries again.
        """
        now, before = self._clock(), self._ticked_at
        longest = DOWNTIME_INTERVALS * (self.rounds.shortest or self.every)
        if before and now - before > longest and not self.rounds.all_paused:
            await self._processor.say_downtime(before, now)
        self._ticked_at = self._clock()  # only now: a locked database must not lose the downtime

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set by ``by``: no tick was missed for that."""
        self._processor.clock_stepped(by)
        self._sweeps.clock_stepped(by)
        if self._ticked_at:
            self._ticked_at += by


async def wait_for_all(checks: Iterable[asyncio.Future[None]]) -> None:
    await asyncio.wait(checks)
