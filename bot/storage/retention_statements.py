"""Statements of the retention. Each reads a bounded number of rows by an index, and can be repeated."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.alerts import SilenceKind
from bot.domain.retention import Pass, Window
from bot.storage.alerts import fires_as
from bot.storage.connection import Connection
from bot.storage.outbox import OVER
from bot.storage.schema import (
    MICROSECOND,
    Moment,
    fallbacks,
    outages,
    outbox,
    past_alerts,
    readings,
    retention,
    silences,
    to_microseconds,
)

ONLY = 1
"""The id of the only row that stores a pass."""


def moment(name: str) -> sa.BindParameter[datetime]:
    return sa.bindparam(name, type_=Moment)


def number(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


def thinning() -> sa.ColumnElement[bool]:
    """True if a later reading of the same slot, and of the window, replaces this one.

    Its bound is one expression: with two, SQLite would seek by one and read on until the other holds.
    """
    later = readings.alias("later")
    taken_at, next_at = (sa.type_coerce(one.c.taken_at, sa.BigInteger) for one in (readings, later))
    ends, before = taken_at - taken_at % number("slot") + number("slot"), number("before")
    bound = sa.case((ends < before, ends), else_=before)
    return sa.exists().where(later.c.account == readings.c.account, next_at > taken_at, next_at < bound)


# Made once: a pass needs them for every account.
NEXT_ACCOUNT = (
    sa.select(readings.c.account)
    .where(readings.c.account > sa.bindparam("after"))
    .order_by(readings.c.account)
    .limit(1)
)
OF_ACCOUNT = sa.and_(readings.c.account == sa.bindparam("of"), readings.c.taken_at >= moment("since"))
END_OF_STEP = (
    sa.select(readings.c.taken_at)
    .where(OF_ACCOUNT, readings.c.taken_at < moment("until"))
    .order_by(readings.c.taken_at)
    .limit(1)
    .offset(sa.bindparam("rows"))
)
DROP = sa.delete(readings).where(OF_ACCOUNT, readings.c.taken_at < moment("until"))
THIN = DROP.where(thinning())


async def last_pass(connection: Connection) -> Pass | None:
    """The last pass that began; None before the first."""
    row = (await connection.execute(sa.select(retention))).one_or_none()
    return Pass(row.began_at, row.previous_at, row.reached) if row else None


async def save(connection: Connection, work: Pass) -> None:
    """Stores the progress of a pass."""
    values = {"began_at": work.began_at, "previous_at": work.previous, "reached": work.reached}
    statement = insert(retention).values(id=ONLY, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


async def next_account(connection: Connection, after: str) -> str | None:
    """The first account after this one that has readings."""
    return (await connection.execute(NEXT_ACCOUNT, {"after": after})).scalar()


async def thin(connection: Connection, account: str, window: Window, rows: int) -> Window | None:
    """Thins the first ``rows`` readings of a window; returns the rest of it, or None at its end."""
    given = {"of": account, "since": window.since, "until": window.before}
    end: datetime | None = (await connection.execute(END_OF_STEP, given | {"rows": rows})).scalar()
    if end:
        given["until"] = end
    if window.slot is None:
        await connection.execute(DROP, given)
    else:
        bounds = {"before": to_microseconds(window.before), "slot": window.slot // MICROSECOND}
        await connection.execute(THIN, given | bounds)
    return replace(window, since=end) if end else None


async def trim(connection: Connection, table: sa.Table, old: sa.ColumnElement[bool], rows: int) -> bool:
    """Deletes at most ``rows`` old rows; True once none is left. An index leads to them."""
    key = sa.tuple_(*table.primary_key.columns)
    some = sa.select(*table.primary_key.columns).where(old).limit(rows)
    return (await connection.execute(sa.delete(table).where(key.in_(some)))).rowcount < rows


async def trim_outages(connection: Connection, rows: int, before: datetime) -> bool:
    """Deletes outages that ended before a moment."""
    return await trim(connection, outages, outages.c.until < before, rows)


async def trim_outbox(connection: Connection, rows: int, before: datetime) -> bool:
    """Deletes what was sent or dropped before a moment, except messages of alerts that still fire."""
    done = sa.and_(outbox.c.state.in_(OVER), outbox.c.done_at < before, ~sa.and_(outbox.c.awaits_end, fires_as(outbox)))
    return await trim(connection, outbox, done, rows)


async def trim_past_alerts(connection: Connection, rows: int, before: datetime) -> bool:
    """Deletes episodes of alerts that ended before a moment."""
    return await trim(connection, past_alerts, past_alerts.c.until < before, rows)


async def trim_fallbacks(connection: Connection, rows: int, before: datetime) -> bool:
    """Deletes what the second channel sent before a moment."""
    return await trim(connection, fallbacks, fallbacks.c.sent_at < before, rows)


async def trim_acks(connection: Connection, after: int, rows: int) -> int | None:
    """Ends acks of episodes that are over among the next ``rows`` silences; returns the last id, None at the end.

    Mutes and snoozes end where the chat gets what they withheld.
    """
    ids = sa.select(silences.c.id).where(silences.c.id > after).order_by(silences.c.id).limit(rows)
    last = await connection.scalar(sa.select(sa.func.max(ids.subquery().c.id)))
    if last is not None:
        these = sa.and_(silences.c.id > after, silences.c.id <= last, silences.c.kind == SilenceKind.ACK.value)
        await connection.execute(sa.delete(silences).where(these, ~fires_as(silences)))
    return last
