"""Pauses: accounts without checks, and until when. A pause holds until its row is deleted here."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import Pause
from bot.domain.pauses import EVERYONE, PausedAccounts
from bot.storage.connection import Connection
from bot.storage.schema import accounts, pauses

OWN = sa.exists().where(pauses.c.subject == accounts.c.key, ~pauses.c.resumed)
RESUMED = sa.exists().where(pauses.c.subject == accounts.c.key, pauses.c.resumed)
OF_EVERYONE = sa.exists().where(pauses.c.subject == EVERYONE)
IS_PAUSED = sa.or_(OWN, sa.and_(OF_EVERYONE, ~RESUMED))
"""True if an account is paused, for queries of accounts."""


ALL = sa.select(pauses)  # made once: it is asked at each check


async def current(connection: Connection) -> PausedAccounts:
    rows = (await connection.execute(ALL)).all()
    held = {row.subject: pause_of(row) for row in rows if not row.resumed}
    everyone = held.pop(EVERYONE, None)
    return PausedAccounts(held, everyone, frozenset(row.subject for row in rows if row.resumed))


def pause_of(row: sa.Row[Any]) -> Pause:
    return Pause(row.subject, row.since, row.until, row.by, row.made_at)


async def begin(connection: Connection, pause: Pause) -> None:
    """Begins a pause, or extends it. One of everyone covers resumed accounts again."""
    if pause.subject == EVERYONE:
        await connection.execute(sa.delete(pauses).where(pauses.c.resumed))
    same = sa.and_(pauses.c.subject == pause.subject, ~pauses.c.resumed)
    since = await connection.scalar(sa.select(pauses.c.since).where(same))
    await put(connection, replace(pause, since=since or pause.since), resumed=False)


async def put(connection: Connection, pause: Pause, *, resumed: bool) -> None:
    """Writes a row, in place of the same one. ``resumed``: the pause of everyone does not cover the account."""
    values = {
        "subject": pause.subject,
        "since": pause.since,
        "until": pause.until,
        "by": pause.by,
        "made_at": pause.made_at or pause.since,
        "resumed": resumed,
    }
    statement = insert(pauses).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["subject", "resumed"], set_=values))


async def end(connection: Connection, subjects: Iterable[str]) -> None:
    """Ends the pauses of these accounts, or (EVERYONE) that of everyone that it still covers."""
    ended = list(subjects)
    await connection.execute(sa.delete(pauses).where(pauses.c.subject.in_(ended), ~pauses.c.resumed))
    if EVERYONE in ended:
        await connection.execute(sa.delete(pauses).where(pauses.c.resumed))


async def resume(connection: Connection, keys: Iterable[str]) -> None:
    """Resumes these accounts, also out of a pause of everyone, which goes on for the others."""
    wanted = list(keys)
    await end(connection, wanted)
    everyone = (await current(connection)).everyone
    if everyone:
        for key in wanted:
            await put(connection, replace(everyone, subject=key), resumed=True)
