"""Stored moments that move with a clock that is set: those from which a span counts, or at which one ends."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.storage import chats
from bot.storage.connection import Connection
from bot.storage.outbox import DELIVERED
from bot.storage.schema import (
    MICROSECOND,
    accounts,
    alerts,
    boards,
    events,
    guesses,
    invitations,
    marks,
    outages,
    outbox,
    past_alerts,
    pauses,
    silences,
    sources,
)
from bot.storage.schema import chats as chat_table

SHIFTED: Mapping[sa.Table, tuple[str, ...]] = {
    accounts: ("next_check_at", "looked_at", "read_at", "failing_since", "unlisted_at"),
    sources: (
        "listed_at",
        "failing_since",
        "outage_at",
        "absent_since",
        "subscription_asked_at",
        "subscription_answered_at",
        "statistics_at",
    ),
    outages: ("since",),
    alerts: ("since", "reminded_at", "unattended_since"),
    past_alerts: ("since",),
    silences: ("until", "made_at"),
    pauses: ("since", "until"),
    chat_table: ("not_before", "refused_since"),
    outbox: ("created_at", "first_failed_at", "done_at"),
    events: ("created_at", "since"),
    marks: ("at",),
    invitations: ("made_at",),
    guesses: ("last_at",),
    boards: ("edited_at", "troubled_since"),
}
"""The columns that move, by table."""

ONLY: Mapping[sa.Table, sa.ColumnElement[bool]] = {
    outages: outages.c.until.is_(None),
    past_alerts: past_alerts.c.until.is_(None),
    outbox: outbox.c.state != DELIVERED,
    marks: marks.c.name.in_((chats.ROUND, chats.DOWNTIME, chats.MORE_OFTEN, chats.READ_BY)),
}
"""The rows of a table that move, if not all do: the others record the past by the clock of that time."""

KEPT = {
    "accounts.foreseen_at": "forgotten: each forecast is made anew",
    "accounts.steady_until": "forgotten: each account is evaluated at its next check",
    "accounts.jobs_settled_at": "compared with the service's own moments",
    "readings.taken_at": "the past, by the clock of that time",
    "readings.refresh_at": "the service's own moment",
    "readings.daily_refresh_at": "the service's own moment",
    "readings.plan_ends_at": "the service's own moment",
    "outages.until": "the past, by the clock of that time",
    "past_alerts.until": "the past, by the clock of that time",
    "alerts.period": "the end of a plan: the service's own moment",
    "chats.greeted_at": "only whether there is one counts",
    "paired_chats.paired_at": "the past, by the clock of that time",
    "pauses.made_at": "names what a button ends",
    "outbox.over_at": "the past, by the clock of that time",
    "fallbacks.sent_at": "the past, by the clock of that time",
    "retention.began_at": "up to it readings were thinned, which stay, too",
    "retention.previous_at": "up to it readings were thinned, which stay, too",
}
"""The columns that stay, each with the reason. A test checks that every moment of the schema is in one of the two."""

ORIGIN = "clock "
"""Begins the mark of the moment at which the machine's timer was 0; the name of the machine's run follows."""


async def shift(connection: Connection, by: timedelta) -> None:
    """Moves the moments along with a clock that was set by ``by``. Every forecast and evaluation is due soon."""
    for table, names in SHIFTED.items():
        values: dict[str, object] = {name: moved(table.c[name], by) for name in names}
        if table is accounts:
            values |= {"foreseen_at": None, "steady_until": None}
        statement = sa.update(table).values(values)
        if table is outages:  # its key holds the moment: a row that comes to lie on another replaces it
            statement = statement.prefix_with("OR REPLACE", dialect="sqlite")
        only = ONLY.get(table)
        await connection.execute(statement if only is None else statement.where(only))
        await asyncio.sleep(0)  # with many accounts this takes a while


def moved(column: sa.Column[datetime], by: timedelta) -> sa.ColumnElement[int]:
    """A moment moved; an unknown one stays unknown."""
    return sa.type_coerce(column, sa.BigInteger) + by // MICROSECOND


async def newest(connection: Connection) -> datetime | None:
    """The latest moment at which the bot is known to have run."""
    looked = await connection.scalar(sa.select(sa.func.max(accounts.c.looked_at)))
    marked = [await chats.marked(connection, name) for name in (chats.ROUND, chats.DOWNTIME)]
    return max((at for at in (looked, *marked) if at), default=None)


async def origin(connection: Connection, boot: str) -> datetime | None:
    """The stored moment at which the timer of this run of the machine was 0."""
    return await chats.marked(connection, ORIGIN + boot)


async def store_origin(connection: Connection, boot: str, at: datetime) -> None:
    """Stores it, in place of that of any earlier run."""
    await connection.execute(sa.delete(marks).where(marks.c.name.startswith(ORIGIN), marks.c.name != ORIGIN + boot))
    await chats.mark(connection, ORIGIN + boot, at)
