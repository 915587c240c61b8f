"""Looks at accounts, when due or asked for, so many at once; all that end together are saved together."""

import asyncio
import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.checks.processor import CheckProcessor, FinishedCheck, Saved
from bot.checks.rounds import Round, Rounds
from bot.checks.spread import next_look
from bot.checks.sweeps import Sweeps
from bot.domain.accounts import CheckFailure, CheckResult, FailureKind, NotModified
from bot.domain.pauses import PausedAccounts
from bot.evaluation.sweep import Scope, widest
from bot.sources.base import Source
from bot.storage import accounts, chats, history, pauses
from bot.storage.accounts import KnownAccount
from bot.support.errors import DatabaseBusyError

log = logging.getLogger(__name__)

IN_FLIGHT = 64
"""Looks at once. A hanging account holds one place, and only until its request times out."""

CLAIMED = 4 * IN_FLIGHT
"""So many are claimed in one transaction, the rest waiting for a place; a crash makes them due again."""

FLUSH_INTERVAL_S = 0.25
"""Seconds that looks which saw nothing new may wait for others, to be saved with them."""

STEP = 0.02
"""Seconds between two helpings of looks, where what is due is spread out."""

SPREAD = timedelta(seconds=2)
"""Over so long at most, and never over more than an eighth of the interval: half of what lies between two ticks."""

FEW = 16
"""So many looks always begin together: a few accounts that fall at once are told in one message."""

DOWNTIME_INTERVALS = 3


class CheckRunner:
    """Every look goes through here, whoever wants it: the clock, a question in the chat, a command."""

    def __init__(self, context: Context, processor: CheckProcessor) -> None:
        """Begins with nothing under way.

        ``on_sweep`` is called when the others of a source begin to be checked because the change of one is told, with
        the source and the last notification before that; ``on_swept`` with the source once they were.
        """
        self.on_sweep: Callable[[str, int], None] = lambda _, __: None
        self.on_swept: Callable[[str], None] = lambda _: None
        self._sweeps = Sweeps(context)
        self._sweeping: dict[str, asyncio.Task[None]] = {}
        self.rounds = Rounds(context.every)
        self._context = context
        self._store = context.store
        self._processor = processor
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
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._more_due = False
        self._asked = 0
        self._draining = False
        self._ticked_at: datetime | None = None
        self._idle_at: datetime | None = None
        self.paused = PausedAccounts()

    @property
    def busy(self) -> bool:
        """Whether a look is under way, or not saved yet."""
        return bool(self._in_flight)

    async def resume(self) -> None:
        """Takes up where the last run left off: everyone is due at once."""
        async with self._store.write() as connection:
            now = self._clock()
            told = await history.last_downtime_end(connection, now)
            more_often = await chats.marked(connection, chats.MORE_OFTEN)
            moments = (await accounts.last_look(connection), told, more_often)
            self._ticked_at = max((moment for moment in moments if moment), default=None)
            self.pause(await pauses.current(connection))
            await accounts.all_due(connection, now)
        if self.rounds.all_paused:
            self.nobody_checked_until(min([now, *(pause.until for pause in self.paused.over(now))]))

    def pause(self, paused: PausedAccounts) -> None:
        """Who is paused from now on: no look at them begins, whoever wished for it."""
        self.paused = paused
        self.rounds.pause({key for key in self.rounds.watched if paused.of(key)})

    def nobody_checked_until(self, moment: datetime) -> None:
        """Everyone was paused until then: that nobody was watching meanwhile is as it should be."""
        if self._ticked_at:
            self._ticked_at = max(self._ticked_at, moment)

    async def looks_to_end(self, keys: Iterable[str], seconds: float) -> None:
        """Waits, not for longer than that, until no look at these accounts is under way."""
        waits = [self._in_flight[key] for key in keys if key in self._in_flight]
        if waits:
            self._rush()
            self._hurry.set()
            await asyncio.wait(waits, timeout=seconds)

    async def tick(self) -> None:
        """Notices a downtime, says what a silence that is over withheld, and starts the looks that are due."""
        await self._note_downtime()
        await self._processor.catch_up_if_due()
        await self.start_due()
        self._note_idle_round()

    async def start_due(self) -> None:
        """Claims the accounts that are due, as many as there is room for, and begins to look at them."""
        async with self._claiming:  # or two who claim at once would both look
            await self._start_due()

    async def _start_due(self) -> None:
        """The same, one at a time."""
        room = CLAIMED - len(self._in_flight)
        async with self._store.read() as connection:
            due = await accounts.due(connection, self._clock(), CLAIMED)
        self._more_due = len(due) == CLAIMED or len(due) > room
        overrun = [account for account in due if account.key in self._in_flight]
        ready = [account for account in due if account.key not in self._in_flight][: max(room, 0)]
        if overrun or ready:
            await self._claim([*overrun, *ready])
        for account in overrun:
            if account.key in self._out_of_turn:  # somebody wished for that look: it now stands for the one that is due
                continue
            self._metrics.overruns.inc()
            log.warning("%s is due again, and the check before still runs", account.key)
        for account in ready:
            self._begin(account, later=True, in_turn=True)
        self._spread()

    def _spread(self) -> None:
        """Puts what is not yet in line there, a helping at a time."""
        self._helping = self._helping_of(len(self._later))
        if self._feeding is None:
            self._feed()

    def _helping_of(self, count: int) -> int:
        """So many looks begin together: a few, so that a message never waits behind a crowd; all, while more is due."""
        steps = min(SPREAD, (self.rounds.shortest or self.every) / 8) / timedelta(seconds=STEP)
        return count if self._more_due else max(FEW, math.ceil(count / max(steps, 1.0)))

    def _feed(self) -> None:
        """Puts the next helping in line, and so on until none waits for its turn."""
        for _ in range(min(self._helping, len(self._later))):
            self._line_up(*self._later.popleft())
        self._feeding = asyncio.get_running_loop().call_later(STEP, self._feed) if self._later else None

    def _rush(self) -> None:
        """Puts everything in line at once: somebody waits for it."""
        while self._later:
            self._line_up(*self._later.popleft())

    async def _claim(self, due: Sequence[KnownAccount]) -> None:
        """Moves accounts on to their next place, which claims the present one."""
        async with self._store.write() as connection:
            now = self._clock()  # in here the clock and what is stored are of one time, also where the clock was set
            plan = {one.key: next_look(one.key, self._context.every_of(one.source, one.email), now) for one in due}
            await accounts.plan_looks(connection, plan)
        self.rounds.due(plan)

    async def look_now(self, keys: Iterable[str]) -> None:
        """Looks at these accounts now, and returns once what was seen is saved. A look under way is joined."""
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
        """Puts an account in line, but one whose source has just gone, or that a question in the chat began with.

        ``in_turn``: the interval wishes for it, and not a person or a sweep.
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
        """The next worker that is free looks at it."""
        loop = asyncio.get_running_loop()
        self._line.append((account, source))
        if len(self._workers) < IN_FLIGHT:
            self._workers.add(loop.create_task(self._work(), name="look"))

    async def _work(self) -> None:
        """Looks at one account after another, until none is in line; from then on it counts as no worker."""
        try:
            while self._line:
                account, source = self._line.popleft()
                if self.paused.of(account.key):
                    self._release([account.key])
                    continue
                sample = await self._look(account, source)
                self._ended.append(FinishedCheck(account.key, sample))
                self._wake.set()
                if self._is_urgent(sample):
                    self._hurry.set()
        finally:
            self._workers -= {asyncio.current_task()}

    def _is_urgent(self, sample: CheckResult | NotModified) -> bool:
        """Whether what has ended is to be saved at once, rather than with what ends soon."""
        somebody_waits = self._asked > 0 or self._draining
        line_runs_out = self._more_due and len(self._line) < IN_FLIGHT
        all_ended = len(self._ended) == len(self._in_flight)
        return not isinstance(sample, NotModified) or somebody_waits or line_runs_out or all_ended

    async def _look(self, account: KnownAccount, source: Source) -> CheckResult | NotModified:
        """What the source sees. Whatever goes wrong inside it is an outage like any other."""
        timer = asyncio.get_running_loop().time
        began = timer()
        try:
            return await source.check(account.email, account.known_page)
        except Exception:  # a defect of ours in one source must not end the watch over the others
            log.exception("%s: the look failed in a way nobody foresaw", account.key)
            return CheckFailure(self._clock(), FailureKind.UNAVAILABLE, "credit-bot could not read the answer")
        finally:
            self._metrics.look_seconds.observe(timer() - began)

    async def run(self) -> None:
        """Saves what has ended, all of it in one transaction, until cancelled."""
        while True:
            await self._wake.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_INTERVAL_S):
                    await self._hurry.wait()
            self._wake.clear()
            self._hurry.clear()
            while self._ended:
                batch, self._ended = self._ended, []
                await self._save(batch)
                self._release(look.key for look in batch)
                if self._more_due and not self._draining:
                    await self._start_more()
            calls, self._calls = self._calls, {}
            for source, scope in calls.items():  # only now: what has ended by then is told with the first
                await self._sweep(source, scope)

    async def _start_more(self) -> None:
        """Uses the room that has become free; if the database cannot be used, the next tick does."""
        try:
            await self.start_due()
        except DatabaseBusyError as error:
            log.debug("No further checks: %s", error)  # the log has it already

    async def drain(self) -> None:
        """Begins nothing more, and returns once every look under way has ended and is saved."""
        self._draining = True
        self._rush()
        self._hurry.set()
        while self._in_flight:
            await asyncio.wait(list(self._in_flight.values()))

    async def cancel(self) -> None:
        """Gives up the looks that are still under way."""
        self._later.clear()
        self._line.clear()
        ending = [*self._workers, *self._sweeping.values()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def _release(self, keys: Iterable[str]) -> None:
        """Tells those who wait for a look that it is over."""
        for key in keys:
            self._out_of_turn.discard(key)
            waiting = self._in_flight.pop(key, None)
            if waiting and not waiting.done():
                waiting.set_result(None)

    async def _save(self, batch: Sequence[FinishedCheck]) -> None:
        """Saves a batch. If a defect of ours stops one account, it takes no other with it."""
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
        """Checks the others of a source, for something is told of one: perhaps they changed together.

        Nothing is saved meanwhile, so all that they bring comes after that. A rush takes its turns without this.
        """
        if self._draining or self._more_due or source in self._sweeping or not self._sweeps.may_sweep(source, scope):
            return
        try:
            room = CLAIMED - len(self._in_flight)
            planned = await self._sweeps.plan(source, scope, set(self._in_flight), self.paused, room)
            if planned and planned.due:  # or the next tick would have them checked once more
                await self._claim(planned.due)
        except DatabaseBusyError as error:
            log.debug("%s: the other accounts are checked in their turns only: %s", source, error)  # the log has it
            return
        except Exception:  # a defect of ours here must not end the saving
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
        """The checks of a sweep are over, or given up."""
        del self._sweeping[source]
        self.on_swept(source)

    def _count(self, saved: Saved) -> None:
        """Counts looks, for the metrics and towards the round."""
        for key, kind in saved.results:
            self.rounds.looked(key, ok=kind is None)
        for kind, times in Counter(kind for _, kind in saved.results).items():
            self._metrics.looks.labels(kind.value if kind else "ok").inc(times)
        ended = self.rounds.ended()
        if ended:
            self._context.on_round(ended)

    def _note_idle_round(self) -> None:
        """While everyone is paused, lets a round of nobody end each interval: the bot does its work."""
        now, before = self._clock(), self._idle_at
        if self.rounds.all_paused and (before is None or not timedelta(0) <= now - before < self.every):
            self._idle_at = now
            self._context.on_round(Round(whole=True, any_read=False))

    async def _note_downtime(self) -> None:
        """After more than three intervals without checks, says from when to when nobody was watching.

        Where the database cannot be written, the next tick tries again.
        """
        now, before = self._clock(), self._ticked_at
        longest = DOWNTIME_INTERVALS * (self.rounds.shortest or self.every)
        if before and now - before > longest and not self.rounds.all_paused:
            await self._processor.say_downtime(before, now)
        self._ticked_at = self._clock()  # only now: a database that was locked just then must not make this forgotten

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set by so much: no tick was missed for that."""
        self._sweeps.clock_stepped(by)
        if self._ticked_at:
            self._ticked_at += by


async def wait_for_all(checks: Iterable[asyncio.Future[None]]) -> None:
    """Returns once all are over."""
    await asyncio.wait(checks)
