"""Jobs, as useapi.net reports them: those that were refused, and those that run through the API now.

Its statistics are five to fifteen minutes late, so every figure has the moment up to which it is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

WITHIN = timedelta(hours=1)
"""Refusals count for this long."""


@dataclass(frozen=True, slots=True)
class RefusedJobs:
    """The refused jobs of one account by the last statistics, within the hour before ``as_of``.

    ``refused_at`` are the refusals for want of credits (412), the oldest first. ``open_at`` is the last one after which
    no request to the same endpoint was accepted; None if there is none. ``accepted_at`` is when a request to the
    endpoint of the last refusal was accepted after it. ``busy`` counts refusals because of too many jobs (429),
    ``broken`` those because of a broken session (596).
    """

    as_of: datetime
    refused_at: tuple[datetime, ...] = ()
    open_at: datetime | None = None
    accepted_at: datetime | None = None
    busy: int = 0
    broken: int = 0

    def refused(self, now: datetime, since: datetime | None = None) -> int:
        """How many were refused for want of credits within the last hour, and after ``since``."""
        start = now - WITHIN if since is None else max(since, now - WITHIN)
        return sum(at > start for at in self.refused_at)

    def is_open(self, now: datetime, since: datetime | None = None) -> bool:
        """True if jobs were refused within the last hour, and after ``since``, and none was accepted after that."""
        start = now - WITHIN if since is None else max(since, now - WITHIN)
        return self.open_at is not None and self.open_at > start


@dataclass(frozen=True, slots=True)
class Statistics:
    """One answer about the jobs of a service: its number of requests, the moments it reaches over, refusals by account.

    ``oldest`` and ``newest`` are None without any request. ``jobs`` has the accounts with a refused job, by their name
    there in lower case.
    """

    requests: int
    oldest: datetime | None
    newest: datetime | None
    jobs: Mapping[str, RefusedJobs]

    def as_of(self, now: datetime) -> datetime:
        """Up to when the figures are known: the newest request of all."""
        return min(self.newest, now) if self.newest else now


@dataclass(frozen=True, slots=True)
class JobsFacts:
    """The refused jobs of a message: how many within an hour, the last one, and up to when that is known."""

    count: int
    last_at: datetime
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Slots:
    """The jobs of one account that run through the API, and how many can run at once. None is unknown."""

    running: int | None
    at_once: int | None


def facts_of(jobs: RefusedJobs | None) -> JobsFacts | None:
    """The refused jobs of an account for a message; None without any."""
    if jobs is None or not jobs.refused_at:
        return None
    return JobsFacts(jobs.refused(jobs.as_of) or len(jobs.refused_at), jobs.refused_at[-1], jobs.as_of)
