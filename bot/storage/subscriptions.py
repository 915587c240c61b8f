"""The subscription behind each source, and the accounts that are known as broken."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import FailureKind
from bot.domain.subscription import KnownBroken, Subscription, SubscriptionPage
from bot.storage import pauses
from bot.storage.connection import Connection
from bot.storage.schema import accounts, sources
from bot.storage.values import dump_subscription, load_subscription

BROKEN_KINDS = [FailureKind.BROKEN.value, FailureKind.UNREFRESHED.value]


def subscription_of(row: sa.Row[Any]) -> Subscription | None:
    """The subscription of a source's row; None if it was never asked for."""
    if row.subscription_asked_at is None:
        return None
    page = load_subscription(row.subscription) if row.subscription else None
    return Subscription(
        row.subscription_asked_at, row.subscription_active, row.subscription_answered_at, page or SubscriptionPage()
    )


async def save(connection: Connection, source: str, known: Subscription) -> None:
    values = {
        "key": source,
        "subscription_asked_at": known.asked_at,
        "subscription_active": known.active,
        "subscription_answered_at": known.answered_at,
        "subscription": dump_subscription(known.page),
    }
    await connection.execute(insert(sources).values(values).on_conflict_do_update(index_elements=["key"], set_=values))


async def known_broken(connection: Connection, watched_by: Iterable[str]) -> KnownBroken:
    """How many accounts of these sources the bot itself knows as broken, by list or by check.

    A paused account is checked by nobody, so it can be broken.
    """
    broken = sa.or_(accounts.c.outage_kind.in_(BROKEN_KINDS), accounts.c.listed_error.is_not(None))
    query = sa.select(
        sa.func.count().filter(broken).label("broken"),
        sa.func.count().filter(pauses.IS_PAUSED, ~broken).label("paused"),
        sa.func.min(accounts.c.looked_at).filter(~pauses.IS_PAUSED).label("oldest"),
        sa.func.count().filter(~pauses.IS_PAUSED, accounts.c.looked_at.is_(None)).label("unchecked"),
    ).where(accounts.c.watched, accounts.c.source.in_(list(watched_by)))
    row = (await connection.execute(query)).one()
    return KnownBroken(row.broken, row.paused, row.oldest, row.unchecked)
