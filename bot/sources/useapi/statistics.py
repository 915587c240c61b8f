"""The statistics of jobs (``GET /v2/account/stats``) and the running jobs of an account. Pure.

Source: useapi.net's documentation of that page (January and May 2026). Each row of ``data`` is one request. The order
of the rows is not documented, and ``status`` is not always an HTTP phrase: the rows' own times and codes count. Rows
are 5 to 15 minutes late.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.domain.accounts import FailureKind
from bot.domain.jobs import WITHIN, RefusedJobs, Slots, Statistics
from bot.sources.useapi.fields import moment_or_none
from bot.support.errors import SourceError

PATH = "/account/stats"
MOST = 50_000
"""The most rows that one answer can have."""

NO_CREDITS, BUSY, BROKEN = 412, 429, 596
REFUSALS = (NO_CREDITS, BUSY, BROKEN)
AHEAD = timedelta(minutes=5)
"""A row that is further ahead of this machine's clock than this is not believed."""

_MOST_KEPT = 500
"""Refusals of one account whose moments are kept."""

_READS = frozenset(["features", "accounts", "account", "scheduler", "available", "profile"])
"""Last words of endpoints that only read, as the bot does itself: no jobs."""


class Row(NamedTuple):
    """One request."""

    at: datetime
    account: str
    endpoint: str
    code: int


def parse_statistics(page: object, now: datetime) -> Statistics:
    """The refused jobs of each account within the hour before ``now``. Raises ``SourceError`` if the page is none.

    Rows without a time, an account or a code say nothing, and are skipped.
    """
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, list):
        raise SourceError(FailureKind.GARBLED, "The statistics have no rows")
    return statistics_of(data, now)


def statistics_of(entries: Iterable[object], now: datetime) -> Statistics:
    """The same from the entries of ``data``, of which only the last hour's are kept."""
    count, oldest, newest, lately = 0, None, None, list[Row]()
    for entry in entries:
        count += 1
        row = _row(entry)
        if row is None or row.at > now + AHEAD:
            continue
        oldest, newest = min(oldest or row.at, row.at), max(newest or row.at, row.at)
        if row.at > now - WITHIN:
            lately.append(row)
    refusals: dict[str, list[Row]] = defaultdict(list)
    for row in lately:
        if row.code in REFUSALS and is_job(row):
            refusals[row.account].append(row)
    accepted = _last_accepted(lately, refusals)
    found = Statistics(count, oldest, newest, {})
    as_of = found.as_of(now)
    return replace(found, jobs={account: _refused(some, accepted, as_of) for account, some in refusals.items()})


def is_job(row: Row) -> bool:
    """True if a refused request was a job; only a job needs credits."""
    words = row.endpoint.replace("/", "-").split("-")
    return row.code == NO_CREDITS or not (words[0] == "get" or words[-1] in _READS)


def _row(entry: object) -> Row | None:
    if not isinstance(entry, dict):
        return None
    account, code, at = entry.get("config"), _code(entry.get("code")), _moment(entry.get("timestamp"))
    if code is None or at is None or not isinstance(account, str) or not account.strip():
        return None
    endpoint = entry.get("endpoint")
    return Row(at, account.strip().lower(), endpoint.lower() if isinstance(endpoint, str) else "", code)


def _code(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        try:  # the documented form, many times faster than one that bears anything
            found = datetime.fromisoformat(value)
        except ValueError:
            return moment_or_none(value)
        if found.tzinfo is not None and found.year > 1:
            return found
    return moment_or_none(value)


def _last_accepted(rows: Iterable[Row], refusals: Mapping[str, object]) -> dict[tuple[str, str], datetime]:
    """When the last request to each endpoint was accepted, of the accounts with refusals."""
    found: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row.account in refusals and 200 <= row.code < 300:
            key = row.account, row.endpoint
            found[key] = max(row.at, found.get(key, row.at))
    return found


def _refused(rows: list[Row], accepted: Mapping[tuple[str, str], datetime], as_of: datetime) -> RefusedJobs:
    """The refused jobs of one account."""
    refused = sorted(row for row in rows if row.code == NO_CREDITS)
    still_open = [row.at for row in refused if accepted.get((row.account, row.endpoint), row.at) <= row.at]
    last = refused[-1] if refused else None
    again = accepted.get((last.account, last.endpoint)) if last else None
    return RefusedJobs(
        as_of=as_of,
        refused_at=tuple(row.at for row in refused[-_MOST_KEPT:]),
        open_at=max(still_open, default=None),
        accepted_at=again if last and again and again > last.at else None,
        busy=sum(row.code == BUSY for row in rows),
        broken=sum(row.code == BROKEN for row in rows),
    )


def parse_slots(page: object) -> dict[str, Slots]:
    """The running jobs by account, in lower case. Raises ``SourceError`` if the page is none."""
    entries = page.get("available") if isinstance(page, dict) else None
    if not isinstance(entries, list):
        raise SourceError(FailureKind.GARBLED, "The answer about running jobs has another shape")
    return dict(_slots(entries))


def _slots(entries: Iterable[Any]) -> Iterator[tuple[str, Slots]]:
    for entry in entries:
        email = entry.get("email") if isinstance(entry, dict) else None
        if isinstance(email, str) and email.strip():
            yield email.strip().lower(), Slots(_count(entry.get("executing")), _count(entry.get("maxJobs")))


def _count(value: object) -> int | None:
    found = _code(value)
    return found if found is not None and 0 <= found <= 10**6 else None
