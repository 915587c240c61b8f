"""Which accounts exist: the configured ones, or all that a source lists, read again every hour."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.checks.catch_up import CatchUp
from bot.checks.context import Context
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.rounds import Rounds
from bot.checks.spread import next_look
from bot.config.targets import Targets
from bot.domain.accounts import Account, CheckFailure, KnownAccount, Listed, Listing, SourceState
from bot.domain.chats import Chat
from bot.domain.health import window_of
from bot.domain.notifications import Facts
from bot.evaluation.evaluate import gone_notification, newly_listed
from bot.evaluation.listing import TakenAway, listing_noted, taken_away
from bot.storage import accounts, alerts, chats, pauses
from bot.storage.connection import Connection
from bot.support.aside import aside
from bot.targets.account_keys import AccountKeys
from bot.targets.reconcile import Reconciled, reconcile

log = logging.getLogger(__name__)

LIST_EVERY = timedelta(hours=1)
AT_ONCE = 8
"""Sources whose lists are read at once."""


class AccountDiscovery:
    """Keeps the list of watched accounts."""

    def __init__(
        self, context: Context, writer: AlertWriter, catch_up: CatchUp, processor: CheckProcessor, rounds: Rounds
    ) -> None:
        """The lists of sources whose accounts are all configured are never read."""
        self._store = context.store
        self._active_targets = context.active_targets
        self._recipients = context.recipients
        self._every = context.every
        self._every_of = context.every_of
        self._clock = context.clock
        self._on_notifications = context.on_notifications
        self._writer = writer
        self._catch_up = catch_up
        self._processor = processor
        self._rounds = rounds
        self._asking: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def resume(self) -> Reconciled:
        """Restores the known accounts: the configured ones, or those of the last list."""
        return await self.take(self._active_targets.targets)

    async def take(self, targets: Targets) -> Reconciled:
        """Applies a configuration: checks added accounts now, stops watching removed ones."""
        async with self._store.write() as connection:
            now, firing = self._clock(), await alerts.firing(connection)
            enrolled = await reconcile(connection, targets, now)
            await self._writer.tell_closed(connection, firing, now)
        if targets is not self._active_targets.targets:
            self._active_targets.replace(targets)
        async with self._store.write() as connection:
            now = self._clock()
            await self._watched_changed(connection, now)
            await self._catch_up.run_in(connection, now)  # for chats that get more accounts than before
        self._on_notifications()
        return enrolled

    async def tick(self) -> bool:
        """Reads each list that is due: every hour, and each interval while it fails, is empty or is in doubt.

        Returns whether any was read.
        """
        idle = [key for key in self._listing_sources() if not self._asking[key].locked()]
        async with self._store.read() as connection:
            states = [await accounts.source(connection, key) for key in idle]
            due = [one.key for one in states if self._is_due(one)]
            perhaps = [one.key for one in states if one.key not in due and self._is_due(one, doubted=True)]
            if perhaps:  # the query reads every account
                doubted = await accounts.doubted(connection)
                due += [key for key in perhaps if key in doubted]
        await self._ask_each(due)
        return bool(due)

    def _listing_sources(self) -> list[str]:
        """Sources without configured accounts."""
        return [key for key, source in self._active_targets.targets.sources.items() if source.everyone]

    def _is_due(self, state: SourceState, *, doubted: bool = False) -> bool:
        asked = state.outage.taken_at if state.outage else state.listed_at
        fresh = LIST_EVERY if state.outage is None and state.listed and not doubted else self._every
        age = self._clock() - asked if asked else None
        return age is None or age >= fresh or age < timedelta(0)

    async def ask_all(self) -> None:
        """Reads the list of every source without configured accounts now."""
        await self._ask_each(self._listing_sources())

    async def _ask_each(self, keys: Iterable[str]) -> None:
        """Reads lists concurrently, so that one that hangs delays no other."""
        await asyncio.gather(*(self.ask(key) for key in keys))

    async def ask(self, key: str) -> None:
        """Reads the list of one source, and watches its accounts."""
        async with self._asking[key], self._room:
            if key not in self._active_targets.sources:
                return
            listing = await self._active_targets.sources[key].list_accounts()
            clock_moved = self._processor.clock_moved
            async with self._store.write() as connection:
                moved = self._processor.clock_moved - clock_moved  # while this waited for the database
                listing = replace(listing, taken_at=listing.taken_at + moved)
                if key in self._listing_sources():  # the configuration can have changed meanwhile
                    await self._note(connection, key, listing, self._clock())
            self._on_notifications()

    async def _note(self, connection: Connection, key: str, listing: Listing | CheckFailure, now: datetime) -> None:
        """Stores a list or a failure, and evaluates the source's alerts."""
        state, doubted = await accounts.source(connection, key), 0
        if isinstance(listing, Listing):
            doubted = await self._take_over(connection, key, listing, now)
        else:
            self._log_outage(key, listing)
        await accounts.save_source(connection, listing_noted(state, listing, doubted))
        await self._processor.decide_source(connection, key, now)
        await self._watched_changed(connection, now)

    def _log_outage(self, key: str, outage: CheckFailure) -> None:
        log.warning("%s: the list of accounts cannot be read: %s: %s", key, outage.kind.value, outage.said)

    async def _take_over(self, connection: Connection, key: str, listing: Listing, now: datetime) -> int:
        """Watches newly listed accounts, reports removed ones, and stores the listing's errors.

        Returns how many watched accounts the list lacks for the first time.
        """
        known = [account for account in await accounts.watched(connection) if account.source == key]
        by_email = {account.email.lower(): account for account in known}
        fresh = await aside(len(listing.accounts), newly_listed, listing, by_email)
        if fresh:
            log.info("%s: accounts listed: %d, new: %d", key, len(listing.accounts), len(fresh))
            new = await self._newcomers(connection, key, fresh)
            await accounts.watch(connection, [(account, now) for account in new])
        errors = await aside(len(listing.accounts), other_errors, listing, by_email)
        await accounts.note_listed(connection, errors)
        taken = await aside(len(known), taken_away, listing, known)
        await self._note_doubt(connection, key, taken, listing.taken_at)
        await self._part_with(connection, taken.gone, now)
        return len(taken.doubted)

    async def _note_doubt(self, connection: Connection, key: str, taken: TakenAway, since: datetime) -> None:
        """Stores which accounts the list lacks, until the next check confirms it or not."""
        if taken.doubted:
            log.warning(
                "%s: accounts no longer listed: %d; the next answer of the list decides", key, len(taken.doubted)
            )
            await accounts.note_unlisted(connection, [one.key for one in taken.doubted], since)
        if taken.back:
            await accounts.note_unlisted(connection, [one.key for one in taken.back], None)

    async def _newcomers(self, connection: Connection, key: str, fresh: Sequence[Listed]) -> list[Account]:
        """The newly listed accounts of a source, each with its key and its configured label."""
        targets, register = self._active_targets.targets, AccountKeys(await accounts.known(connection))
        source = targets.sources[key]
        return [
            Account(
                register.key_of(source, one.email),
                key,
                one.email,
                targets.label_for(key, one.email),
                listed_error=one.error,
            )
            for one in fresh
        ]

    async def _part_with(self, connection: Connection, gone: Sequence[Account], now: datetime) -> None:
        """Stops watching accounts, and notifies once."""
        if not gone:
            return
        keys, firing = [account.key for account in gone], await alerts.firing(connection)
        await accounts.unwatch(connection, keys)
        await alerts.close(connection, keys, now)
        await self._writer.tell_closed(connection, firing, now)
        await self._writer.put(
            connection, [gone_notification(self._active_targets.named(account), now) for account in gone], now
        )

    async def _watched_changed(self, connection: Connection, now: datetime) -> None:
        """Passes the watched accounts to the rounds, and greets new chats once they have an account."""
        watched = [one for one in await accounts.known(connection) if one.watched]
        self._active_targets.know(watched)
        await self._check_more_often(connection, watched, now)
        own, paused = self._active_targets.targets.own_check_every, await pauses.current(connection)

        def with_pauses() -> tuple[dict[str, timedelta | None], set[str]]:
            intervals = {one.key: own(one.source, one.email) for one in watched}
            return intervals, {key for key in intervals if paused.of(key)}

        self._rounds.watch(*await aside(len(watched), with_pauses))
        await self._recipients.refresh(connection)
        await self._greet(connection, watched, now)

    async def _check_more_often(self, connection: Connection, watched: Sequence[KnownAccount], now: datetime) -> None:
        """Moves the next check of accounts whose interval became shorter."""
        before, every_of = self._rounds.watched, self._every_of

        def with_shorter() -> dict[str, timedelta]:
            intervals = {one.key: every_of(one.source, one.email) for one in watched if one.key in before}
            return {key: every for key, every in intervals.items() if every < (before[key] or self._every)}

        shorter = await aside(len(watched), with_shorter)
        plan = {key: next_look(key, every, now) for key, every in shorter.items()}
        await accounts.due_by(connection, plan)
        if shorter:
            await chats.mark_more_often(connection, now, now + window_of(max(shorter.values())))

    async def _greet(self, connection: Connection, watched: Sequence[KnownAccount], now: datetime) -> None:
        """Greets each new chat that has an account."""
        new = await chats.not_greeted(connection, self._recipients.present)
        intervals = await aside(len(watched), self._intervals, watched) if new else {}
        for chat in new:
            if chat in intervals:
                await self._catch_up.greet(connection, chat, greeting(intervals[chat]), now)

    async def welcome(self, chat: Chat, by: str) -> None:
        """Greets a chat that a link just let in, with or without accounts."""
        async with self._store.write() as connection:
            now = self._clock()
            await self._recipients.refresh(connection)
            if await chats.not_greeted(connection, [chat]):
                known = await accounts.known(connection)
                intervals = (await aside(len(known), self._intervals, known)).get(chat, [])
                await self._catch_up.greet(connection, chat, replace(greeting(intervals), by=by), now)
        self._on_notifications()

    def _intervals(self, known: Iterable[KnownAccount]) -> dict[Chat, list[timedelta]]:
        found: dict[Chat, list[timedelta]] = {}
        for one in known:
            for chat in self._recipients.told_of(one.source, one.email) if one.watched else ():
                found.setdefault(chat, []).append(self._every_of(one.source, one.email))
        return found


def other_errors(listing: Listing, known: Mapping[str, Account]) -> dict[str, str | None]:
    """The accounts of which a list names another error than before, by key; ``known`` are by email."""
    listed = {one.email.lower(): one.error for one in listing.accounts}
    return {
        account.key: listed[email]
        for email, account in known.items()
        if email in listed and listed[email] != account.listed_error
    }


def greeting(intervals: Sequence[timedelta]) -> Facts:
    """The facts of a greeting, by the intervals of its accounts."""
    return Facts(total=len(intervals), check_every=min(intervals, default=None))
