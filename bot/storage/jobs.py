"""The refused jobs of each account, and when the statistics of a source were read last."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.jobs import RefusedJobs
from bot.storage.connection import Connection
from bot.storage.schema import accounts, sources
from bot.storage.values import dump_jobs

HAS_JOBS = accounts.c.jobs.is_not(None)


async def with_jobs(connection: Connection, source: str) -> list[str]:
    """The keys of the accounts of a source that had refused jobs in the last statistics."""
    query = sa.select(accounts.c.key).where(accounts.c.watched, accounts.c.source == source, HAS_JOBS)
    return [row.key for row in await connection.execute(query)]


async def save(connection: Connection, source: str, found: Mapping[str, RefusedJobs], now: datetime) -> set[str]:
    """Stores the refused jobs of a source's accounts, by email in lower case; returns the accounts that they change."""
    before = set(await with_jobs(connection, source))
    query = sa.select(accounts.c.key, accounts.c.email).where(accounts.c.watched, accounts.c.source == source)
    known = {row.email.lower(): row.key for row in await connection.execute(query)} if found else {}
    fresh = {known[email]: jobs for email, jobs in found.items() if email in known}
    rows = [{"k": key, "j": dump_jobs(jobs)} for key, jobs in fresh.items()]
    rows += [{"k": key, "j": None} for key in before - fresh.keys()]
    if rows:
        statement = sa.update(accounts).where(accounts.c.key == sa.bindparam("k")).values(jobs=sa.bindparam("j"))
        await connection.execute(statement, rows)
    values = {"key": source, "statistics_at": now}
    await connection.execute(insert(sources).values(values).on_conflict_do_update(index_elements=["key"], set_=values))
    return before | fresh.keys()


async def settle(connection: Connection, keys: Iterable[str], now: datetime) -> None:
    """Stores that credits are no longer critical: refused jobs up to now belong to that alert."""
    query = sa.update(accounts).where(accounts.c.key.in_(list(keys)))
    await connection.execute(query.values(jobs_settled_at=now))


async def statistics_at(connection: Connection) -> dict[str, datetime]:
    """When the statistics of each source were read last."""
    query = sa.select(sources.c.key, sources.c.statistics_at).where(sources.c.statistics_at.is_not(None))
    return {row.key: row.statistics_at for row in await connection.execute(query)}
