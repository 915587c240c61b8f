"""Asks each token for its subscription: at the start, every hour, after a 402, and each round while that alert fires.

An answer that cannot be read says nothing, and is never a failed check.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.checks.processor import CheckProcessor
from bot.domain.accounts import CheckFailure
from bot.domain.alerts import AlertRule
from bot.domain.chats import Chat
from bot.domain.subscription import KnownBroken, ListedService, SubscriptionPage, asked, counted
from bot.sources.registry import service_of
from bot.storage import accounts, alerts, subscriptions
from bot.storage.connection import Connection

log = logging.getLogger(__name__)

ASK_EVERY = timedelta(hours=1)
AT_ONCE = 8
"""Tokens that are asked at once."""


class SubscriptionWatch:
    """Keeps each token's verdict, and compares the broken accounts that useapi.net counts with those that are known."""

    def __init__(self, context: Context, processor: CheckProcessor) -> None:
        self._context = context
        self._processor = processor
        self._asked: dict[str, datetime] = {}
        self._due: set[str] = set()
        self._firing: set[str] = set()
        self._uncompared: dict[str, datetime] = {}
        self._counts: dict[str, tuple[ListedService, ...] | None] = {}
        self._doubted: set[str] = set()
        self._unread: set[str] = set()
        self._no_services: set[str] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self.eager = False
        """True if an answer that does not say which services there are is asked for again each round."""
        self._ticking = asyncio.Lock()

    def refused(self, source: str) -> None:
        """A check was refused for want of a subscription: asks for it, unless its alert fires already."""
        key = self._context.active_targets.targets.token_of(source)
        if key not in self._firing:
            self._due.add(key)

    async def tick(self) -> None:
        """Asks the tokens that are due, and compares what they counted once every account was checked since."""
        if self._ticking.locked():
            return
        async with self._ticking:
            await self._tick()

    async def _tick(self) -> None:
        """The same, one at a time."""
        sources = self._context.active_targets.targets.sources
        keys = {self._context.active_targets.targets.token_of(key) for key in sources}
        await asyncio.gather(*(self._ask(key) for key in keys if self._is_due(key)))
        await self._compare()

    def _is_due(self, key: str) -> bool:
        before, now = self._asked.get(key), self._context.clock()
        soon = key in self._firing or (self.eager and key in self._no_services)
        every = min(ASK_EVERY, self._context.every) if soon else ASK_EVERY
        return before is None or key in self._due or not timedelta(0) <= now - before < every

    async def _ask(self, key: str) -> None:
        """Asks one token, through any source that has it, and stores the answer for all of them."""
        async with self._room:
            source = self._context.active_targets.sources.get(key)
            if source is None:
                return
            self._due.discard(key)
            answer = await source.subscription()
        self._log(key, answer)
        page = None if isinstance(answer, CheckFailure) else answer
        says = page is not None and page.services is not None
        self._no_services = self._no_services - {key} if says else self._no_services | {key}
        at = await self._context.store.write_patiently(lambda connection: self._note(connection, key, page))
        self._asked[key] = at
        if page is not None:
            self._note_counts(key, page, at)
        self._context.on_notifications()

    def _note_counts(self, key: str, page: SubscriptionPage, at: datetime) -> None:
        """Notes counts to compare. The same ones go on waiting for the accounts.

        Accounts can be checked more rarely than this asks: each answer would then be newer than some account's check.
        """
        waits_since, before = self._uncompared.get(key), self._counts.get(key)
        if waits_since is None or waits_since > at or page.services != before:
            self._uncompared[key] = at
        self._counts[key] = page.services

    async def _note(self, connection: Connection, key: str, page: SubscriptionPage | None) -> datetime:
        """Stores an answer, and evaluates the sources of the token."""
        now, targets = self._context.clock(), self._context.active_targets.targets
        reached = set[Chat]()
        for one in targets.sharing(key):
            known = (await accounts.source(connection, one)).subscription
            # a chat gets one alert for the token: sources for chats that have it take nothing but good news from it
            chats = set(targets.chats_for(one))
            told = page if page is None or one == key or not chats <= reached else page.of_another()
            reached |= chats
            await subscriptions.save(connection, one, asked(told, now, known))
            await self._processor.decide_source(connection, one, now)
        if page is not None and page.active:
            await self._processor.check_refused(connection, key, now)
        await self._note_firing(connection, key)
        return now

    async def _note_firing(self, connection: Connection, key: str) -> None:
        found = (await alerts.load(connection, [key]))[key]
        fires = any(found[rule].level for rule in (AlertRule.FAILURES, AlertRule.BROKEN) if rule in found)
        self._firing = self._firing | {key} if fires else self._firing - {key}

    async def _compare(self) -> None:
        """Compares counts, each once every account was checked since the answer that has it."""
        for key, answered_at in list(self._uncompared.items()):
            by_service: dict[str, list[str]] = {}
            for one in self._context.active_targets.targets.sharing(key):
                by_service.setdefault(self._service(one), []).append(one)
            ripe = [await self._compare_service(some, answered_at) for some in by_service.values()]
            if all(ripe):
                self._uncompared.pop(key, None)

    async def _compare_service(self, sources: list[str], answered_at: datetime) -> bool:
        """Compares one service; False if that is too early.

        A count that exceeds what the bot knows is believed at the second answer: the account can have been mended
        between that answer and its check.
        """
        first = sources[0]
        async with self._context.store.read() as connection:
            state = await accounts.source(connection, first)
            count = counted(state.subscription, service_name(first))
            firing = (await alerts.load(connection, [first]))[first].get(AlertRule.BROKEN)
            if not count and not (firing and firing.level):
                return True
            known = await subscriptions.known_broken(connection, sources)
        if not known.all_checked_since(answered_at):
            return False
        if is_surplus(count, known) and not (firing and firing.level) and first not in self._doubted:
            self._doubted.add(first)
            self._due.add(self._context.active_targets.targets.token_of(first))
            return True
        self._doubted.discard(first)
        async with self._context.store.write() as connection:
            await self._processor.decide_broken(connection, first, self._context.clock())
            await self._note_firing(connection, self._context.active_targets.targets.token_of(first))
        self._context.on_notifications()
        return True

    def _service(self, source: str) -> str:
        return self._context.active_targets.targets.sources[source].service

    def _log(self, key: str, answer: object) -> None:
        """Logs once that the subscription cannot be read, and once that it can again."""
        if not isinstance(answer, CheckFailure):
            if key in self._unread:
                log.info("%s: the subscription at useapi.net can be read again", key)
            self._unread.discard(key)
        elif key not in self._unread:
            self._unread.add(key)
            log.info("%s: the subscription at useapi.net cannot be read: %s", key, answer.said or answer.kind.value)


def is_surplus(count: int | None, known: KnownBroken) -> bool:
    return count is not None and count > known.broken + known.paused


def service_name(source: str) -> str:
    """The name of a source's service on the page of the subscription."""
    service = service_of(source)
    return service.account_name if service else ""
