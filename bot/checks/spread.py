"""When an account is checked next: each has its own place inside the interval, so that requests spread out."""

from datetime import UTC, datetime, timedelta
from zlib import crc32

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_look(key: str, every: timedelta, now: datetime, retry_after: timedelta | None = None) -> datetime:
    """The account's next place after ``now``, and not before ``retry_after``."""
    offset = every * (crc32(key.encode()) / 2**32)
    since = (now - EPOCH - offset) % every
    planned = now - since + every
    return max(planned, now + retry_after) if retry_after else planned
