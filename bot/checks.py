"""Looks at accounts, when due or asked for, so many at once; all that end together are saved together."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.context import Context
from bot.core.model import Account, Outage, OutageKind, Sample
from bot.core.spread import next_look
from bot.errors import DatabaseTrouble
from bot.rounds import Rounds
from bot.sources import Source
from bot.store import accounts, history
from bot.verdicts import Change, Look, Verdicts

log = logging.getLogger(__name__)

IN_FLIGHT = 64
"""Looks at once. A hanging account holds one place, and only until its request times out."""

PAUSE_INTERVALS = 3


class Checks:
    """Every look goes through here, whoever wants it: the clock, a question in the chat, a command."""

    def __init__(self, context: Context, verdicts: Verdicts) -> None:
        """Begins with nothing under way."""
        self.rounds = Rounds()
        self._context = context
        self._store = context.store
        self._verdicts = verdicts
        self.every = context.every
        self._clock = context.clock
        self._metrics = context.metrics
        self._in_flight: dict[str, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: list[Look] = []
        self._wake = asyncio.Event()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._claiming = asyncio.Lock()
        self._more_due = False
        self._draining = False
        self._ticked_at: datetime | None = None

    @property
    def busy(self) -> bool:
        """Whether a look is under way, or not saved yet."""
        return bool(self._in_flight)

    async def resume(self) -> None:
        """Takes up where the last run left off: everyone is due at once."""
        async with self._store.write() as connection:
            told = await history.last_pause_end(connection, self._clock())
            moments = (await accounts.last_look(connection), told)
            self._ticked_at = max((moment for moment in moments if moment), default=None)
            await accounts.all_due(connection, self._clock())

    async def tick(self) -> None:
        """Notices a pause, says what a silence that is over withheld, and starts the looks that are due."""
        await self._note_pause()
        await self._verdicts.catch_up_if_due()
        await self.start_due()

    async def start_due(self) -> None:
        """Claims the accounts that are due, as many as there is room for, and begins to look at them."""
        async with self._claiming:  # or two who claim at once would both look
            await self._start_due()

    async def _start_due(self) -> None:
        """The same, one at a time."""
        now, room = self._clock(), IN_FLIGHT - len(self._in_flight)
        async with self._store.read() as connection:
            due = await accounts.due(connection, now, IN_FLIGHT)
        self._more_due = len(due) == IN_FLIGHT or len(due) > room
        overrun = [account for account in due if account.key in self._in_flight]
        ready = [account for account in due if account.key not in self._in_flight][: max(room, 0)]
        if overrun or ready:
            await self._claim([*overrun, *ready], now)
        for account in overrun:
            self._metrics.overruns.inc()
            log.warning("%s is due again, and the look before has not ended yet", account.key)
        for account in ready:
            self._start(account)

    async def _claim(self, due: Sequence[Account], now: datetime) -> None:
        """Moves accounts on to their next place, which claims the present one."""
        plan = {account.key: next_look(account.key, self.every, now) for account in due}
        async with self._store.write() as connection:
            await accounts.plan_looks(connection, plan)

    async def look_now(self, keys: Iterable[str]) -> None:
        """Looks at these accounts now, and returns once what was seen is saved. A look under way is joined."""
        async with self._store.read() as connection:
            wanted = await accounts.load(connection, keys)
        for account in wanted.values():
            self._start(account)
        waits = [self._in_flight[key] for key in wanted if key in self._in_flight]
        if waits:
            await asyncio.wait(waits)

    def _start(self, account: Account) -> None:
        """Begins a look, but at an account whose source has just gone, or that a question in the chat began with."""
        if account.key in self._in_flight or account.source not in self._context.roster.sources:
            return
        loop = asyncio.get_running_loop()
        self._in_flight[account.key] = loop.create_future()
        source = self._context.roster.sources[account.source]
        task = loop.create_task(self._look(account, source), name=f"look {account.key}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, account: Account, source: Source) -> None:
        """One look. Whatever goes wrong inside a source is an outage like any other.

        Its turn is waited for here: the time that the request waits for a connection would count as the server's.
        """
        async with self._room:
            sample = await self._read(account, source)
        self._ended.append(Look(account, sample))
        self._wake.set()

    async def _read(self, account: Account, source: Source) -> Sample:
        """What the source sees."""
        with self._metrics.look_seconds.time():
            try:
                return await source.read(account.email)
            except Exception:  # a defect of ours in one source must not end the watch over the others
                log.exception("%s: the look failed in a way nobody foresaw", account.key)
                return Outage(self._clock(), OutageKind.UNAVAILABLE, "credit-bot could not read the answer")

    async def run(self) -> None:
        """Saves what has ended, all of it in one transaction, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ended:
                batch, self._ended = self._ended, []
                await self._save(batch)
                self._release(batch)
                if self._more_due and not self._draining:
                    await self._start_more()

    async def _start_more(self) -> None:
        """Uses the room that has become free; if the database cannot be used, the next tick does."""
        try:
            await self.start_due()
        except DatabaseTrouble as error:
            log.error("%s", error)

    async def drain(self) -> None:
        """Begins nothing more, and returns once every look under way has ended and is saved."""
        self._draining = True
        while self._in_flight:
            await asyncio.wait(list(self._in_flight.values()))

    async def cancel(self) -> None:
        """Gives up the looks that are still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _release(self, batch: Iterable[Look]) -> None:
        """Tells those who wait for a look that it is over."""
        for look in batch:
            waiting = self._in_flight.pop(look.account.key, None)
            if waiting and not waiting.done():
                waiting.set_result(None)

    async def _save(self, batch: Sequence[Look]) -> None:
        """Saves a batch. If a defect of ours stops one account, it takes no other with it."""
        try:
            ends_round = self.rounds.end_with(look.account.key for look in batch)
            self._count(await self._verdicts.save(batch, ends_round=ends_round))
        except Exception:
            if len(batch) == 1:
                log.exception("%s: the look could not be saved", batch[0].account.key)
                return
            for look in batch:
                await self._save([look])

    def _count(self, changes: Iterable[Change]) -> None:
        """Counts looks, for the metrics and towards the round."""
        for change in changes:
            outage = change.after.outage
            self._metrics.looks.labels(outage.kind.value if outage else "ok").inc()
            self.rounds.looked(change.after.key, ok=outage is None)
        ended = self.rounds.ended()
        if ended:
            self._context.on_round(ended)

    async def _note_pause(self) -> None:
        """After more than three intervals without checks, says from when to when nobody was watching.

        Where the database cannot be written, the next tick tries again.
        """
        now, before = self._clock(), self._ticked_at
        if before and now - before > PAUSE_INTERVALS * self.every:
            await self._verdicts.say_pause(before, now)
        elif before and now < before:
            log.warning("The clock was set back by %s", before - now)
            async with self._store.write() as connection:
                await accounts.none_due_after(connection, now + self.every)
        self._ticked_at = now  # only now: a database that was locked just then must not make this forgotten
