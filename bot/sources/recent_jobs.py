"""Reads the jobs of the last hour, however many requests that has."""

import math
from datetime import datetime

from bot.domain.accounts import CheckFailure
from bot.domain.jobs import WITHIN, Statistics
from bot.sources.base import Source
from bot.sources.useapi.statistics import MOST

FIRST, SPARE = 500, 1.25
"""Rows that are asked for at first, and how many more than the last hour had."""


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
