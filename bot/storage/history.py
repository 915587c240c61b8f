"""The past for charts: stored readings, and the periods in which nothing could be read."""

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import Account
from bot.domain.credit_changes import Point
from bot.domain.history import PAUSED, Gap
from bot.storage.connection import Connection
from bot.storage.schema import outages, readings

EVERYONE = ""
"""Stands for every account: the bot was not running."""

NOT_RUNNING = "not running"
AT_ONCE = 1000
"""Rows fetched at a time: enough to be fast, few enough to need no memory and to delay nobody."""

COLUMNS = tuple(readings.c[name] for name in Point._fields)


async def points(connection: Connection, key: str, since: datetime) -> AsyncIterator[Point]:
    """The readings of one account since a moment, in order, after the one that held then; of any number."""
    held = sa.select(sa.func.max(readings.c.taken_at)).where(readings.c.account == key, readings.c.taken_at <= since)
    first = await connection.scalar(held) or since
    query = sa.select(*COLUMNS).where(readings.c.account == key, readings.c.taken_at >= first)
    async for rows in connection.parts(query.order_by(readings.c.taken_at), AT_ONCE):
        for row in rows:
            yield Point(*row)


async def gaps(connection: Connection, keys: Collection[str], since: datetime) -> dict[str, list[Gap]]:
    """When each of these accounts could not be read, since a moment; one that lasts has no end."""
    query = sa.select(outages.c.account, outages.c.since, outages.c.until, outages.c.kind).where(
        outages.c.account.in_([*keys, EVERYONE]), sa.or_(outages.c.until.is_(None), outages.c.until > since)
    )
    found: dict[str, list[Gap]] = {key: [] for key in keys}
    for row in await connection.execute(query.order_by(outages.c.since)):
        gap = Gap(row.since.timestamp(), row.until.timestamp() if row.until else None, row.kind)
        for key in keys if row.account == EVERYONE else (row.account,):
            found[key].append(gap)
    return found


async def note_outages(connection: Connection, looks: Iterable[tuple[Account, Account]]) -> None:
    """Stores outages that began or ended, from each account before and after a check."""
    pairs = list(looks)
    begun = [after for before, after in pairs if after.outage and not before.outage]
    ended = [after for before, after in pairs if before.outage and not after.outage]
    if begun:
        await connection.execute(insert(outages).on_conflict_do_nothing(), [outage_row(account) for account in begun])
    if ended:
        open_one = sa.and_(outages.c.account == sa.bindparam("key"), outages.c.until.is_(None))
        statement = sa.update(outages).where(open_one).values(until=sa.bindparam("at"))
        await connection.execute(statement, [{"key": account.key, "at": account.looked_at} for account in ended])


def outage_row(account: Account) -> dict[str, object]:
    """The row of an outage that began; its kind is that of the first failed check."""
    kind = account.outage.kind.value if account.outage else ""
    return {"account": account.key, "since": account.failing_since or account.looked_at, "until": None, "kind": kind}


async def note_downtime(connection: Connection, since: datetime, until: datetime) -> None:
    """Stores a period without checks."""
    row = {"account": EVERYONE, "since": since, "until": until, "kind": NOT_RUNNING}
    await connection.execute(insert(outages).on_conflict_do_nothing(), row)


async def note_paused(connection: Connection, paused: Iterable[tuple[str, datetime, datetime]]) -> None:
    """Stores pauses that ended: each key, since when and until when."""
    rows = [{"account": key, "since": since, "until": until, "kind": PAUSED} for key, since, until in paused]
    if rows:
        await connection.execute(insert(outages).on_conflict_do_nothing(), rows)
