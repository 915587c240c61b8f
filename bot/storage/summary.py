"""The data of the daily summary: the last day's readings of every account, and what a chat got."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.domain.chats import Chat
from bot.domain.credit_changes import Point
from bot.domain.notifications import Notification, NotificationKind
from bot.storage.chats import is_chat
from bot.storage.connection import Connection
from bot.storage.outbox import delivery_of
from bot.storage.schema import accounts, outbox, readings

MARK = "digest"
"""The mark with the last day whose summary was sent."""

AT_ONCE, TOGETHER = 1000, 10
"""Rows fetched at a time, and accounts queried together."""

COLUMNS = tuple(readings.c[name] for name in Point._fields)


async def points(connection: Connection, since: datetime) -> AsyncIterator[tuple[str, Point]]:
    """Each watched account's readings since a moment, in order, after the one that held then.

    A few accounts at a time: all together would be sorted before the first row comes.
    """
    names = sa.select(accounts.c.key).where(accounts.c.watched).order_by(accounts.c.key)
    keys = [key for (key,) in await connection.execute(names)]
    for start in range(0, len(keys), TOGETHER):
        async for point in points_of(connection, keys[start : start + TOGETHER], since):
            yield point


async def points_of(connection: Connection, keys: Sequence[str], since: datetime) -> AsyncIterator[tuple[str, Point]]:
    """The same for some accounts."""
    earlier = readings.alias()
    held = (
        sa.select(sa.func.max(earlier.c.taken_at))
        .where(earlier.c.account == accounts.c.key, earlier.c.taken_at <= since)
        .scalar_subquery()
    )
    first = sa.func.coalesce(held, sa.bindparam("since", since, readings.c.taken_at.type))
    of_account = sa.and_(readings.c.account == accounts.c.key, readings.c.taken_at >= first)
    query = (
        sa.select(accounts.c.key, *COLUMNS)
        .join_from(accounts, readings, of_account)
        .where(accounts.c.key.in_(keys))
        .order_by(accounts.c.key, readings.c.taken_at)
    )
    async for rows in connection.parts(query, AT_ONCE):
        for key, *columns in rows:
            yield key, Point(*columns)


async def told(connection: Connection, chat: Chat, since: datetime) -> list[Notification]:
    """The notifications of alerts for a chat since a moment, oldest first."""
    this = sa.and_(is_chat(outbox, chat), outbox.c.topic == NotificationKind.ALERT.value, outbox.c.created_at >= since)
    query = sa.select(outbox).where(this).order_by(outbox.c.created_at, outbox.c.id)  # in the order of the index
    return [delivery_of(row).notification for row in await connection.execute(query)]
