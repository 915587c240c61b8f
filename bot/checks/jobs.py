"""Asks each source for refused jobs: at the start and every quarter of an hour, one call for all accounts.

Statistics that cannot be read say nothing, and are never a failed check.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.checks.processor import CheckProcessor
from bot.config.targets import TargetSource
from bot.domain.accounts import CheckFailure
from bot.domain.jobs import Statistics
from bot.sources.recent_jobs import FIRST, next_limit, read_statistics
from bot.sources.registry import SERVICES

log = logging.getLogger(__name__)

ASK_EVERY = timedelta(minutes=15)
AT_ONCE = 4


class JobsWatch:
    """Keeps the refused jobs of each account current."""

    def __init__(self, context: Context, processor: CheckProcessor) -> None:
        self._context = context
        self._processor = processor
        self._asked: dict[str, datetime] = {}
        self._limits: dict[str, int] = {}
        self._unread: set[str] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._ticking = asyncio.Lock()

    async def tick(self) -> None:
        """Asks the sources that are due."""
        if self._ticking.locked():
            return
        async with self._ticking:
            sources = self._context.active_targets.targets.sources
            await asyncio.gather(*(self._ask(key) for key, one in sources.items() if self._is_due(key, one)))

    def _is_due(self, key: str, source: TargetSource) -> bool:
        service = SERVICES.get(source.service)
        if service is None or service.statistics is None or not source.counts_jobs:
            return False
        before, now = self._asked.get(key), self._context.clock()
        return before is None or not timedelta(0) <= now - before < ASK_EVERY

    async def _ask(self, key: str) -> None:
        async with self._room:
            source = self._context.active_targets.sources.get(key)
            if source is None:
                return
            found = await read_statistics(source, self._context.clock(), self._limits.get(key, FIRST))
        self._asked[key] = self._context.clock()
        self._log(key, found)
        if isinstance(found, Statistics):
            self._limits[key] = next_limit(found, self._asked[key])
        await self._processor.save_jobs(key, found if isinstance(found, Statistics) else None)

    def _log(self, key: str, found: Statistics | CheckFailure) -> None:
        """Logs once that the statistics cannot be read, and once that they can again."""
        if isinstance(found, Statistics):
            if key in self._unread:
                log.info("%s: the statistics of jobs can be read again", key)
            self._unread.discard(key)
        elif key not in self._unread:
            self._unread.add(key)
            log.info("%s: the statistics of jobs cannot be read: %s", key, found.said or found.kind.value)
