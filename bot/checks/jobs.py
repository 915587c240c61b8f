"""Asks each source for refused jobs: at the start and every quarter of an hour, one call for all accounts.

Statistics that cannot be read say nothing, and are never a failed check.
"""

import asyncio
import logging
import math
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.checks.processor import CheckProcessor
from bot.config.targets import TargetSource
from bot.domain.accounts import CheckFailure
from bot.domain.jobs import WITHIN, Statistics
from bot.sources.base import Source
from bot.sources.registry import SERVICES
from bot.sources.useapi.statistics import MOST

log = logging.getLogger(__name__)

ASK_EVERY = timedelta(minutes=15)
AT_ONCE = 4
FIRST, SPARE = 500, 1.25
"""Rows that are asked for at first, and how many more than the last hour had."""


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
        if service is None or service.statistics is None or not counts_jobs(source):
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


async def read_statistics(source: Source, now: datetime, limit: int) -> Statistics | CheckFailure:
    """The statistics of the last hour; asks for more rows until they reach back that far."""
    while True:
        found = await source.statistics(limit)
        if isinstance(found, CheckFailure) or is_whole(found, limit, now) or limit >= MOST:
            return found
        limit = min(MOST, max(2 * limit, next_limit(found, now)))


def is_whole(found: Statistics, limit: int, now: datetime) -> bool:
    """True if nothing of the last hour is missing: there are no more rows, or the oldest is older."""
    return found.requests < limit or found.oldest is None or found.oldest <= now - WITHIN


def next_limit(found: Statistics, now: datetime) -> int:
    """The rows to ask for next: somewhat more than an hour has at the pace of these."""
    if found.oldest is None or found.newest is None:
        return FIRST
    span = max((now - found.oldest).total_seconds(), 1.0)
    return min(MOST, max(FIRST, math.ceil(SPARE * found.requests * WITHIN.total_seconds() / span)))


def counts_jobs(source: TargetSource) -> bool:
    """True if the rule is on for any account of a source."""
    own = (one.rules for one in source.accounts.values() if one.rules)
    return any(rules.refused_jobs for rules in (source.rules, *own))
