"""The episodes of alerts: kept after their end for as long as readings, for people who ask what happened."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.alerts import Alert, AlertRule, Severity, Silence
from bot.domain.past_alerts import PastAlert
from bot.storage.connection import Connection
from bot.storage.schema import past_alerts

MOST = 2_000
"""Episodes that one question reads at most, the newest."""

KEY = ("subject", "measure", "episode")
OF_KEY = sa.and_(*(past_alerts.c[name] == sa.bindparam(f"of_{name}") for name in KEY))
ENDS = (
    sa.update(past_alerts)
    .where(OF_KEY, past_alerts.c.until.is_(None))
    .values(until=sa.bindparam("at"), severity=sa.bindparam("peak"), worst=sa.bindparam("lowest"))
)


async def note(connection: Connection, changed: Iterable[Alert], now: datetime) -> None:
    """Stores episodes that began, got worse or ended, from alerts after a change."""
    fires, over = list[dict[str, Any]](), list[dict[str, Any]]()
    for alert in changed:
        severity = int(alert.peak or alert.severity or Severity.INFO)
        if alert.level:
            key = {"subject": alert.subject, "measure": alert.measure.value, "episode": alert.episode}
            fires.append(key | {"since": alert.since or now, "severity": severity, "worst": alert.worst})
        elif alert.episode:
            over.append(key_of(alert) | {"at": now, "peak": severity, "lowest": alert.worst})
    if fires:
        statement = insert(past_alerts)
        fresh = {name: statement.excluded[name] for name in ("severity", "worst")}
        await connection.execute(statement.on_conflict_do_update(index_elements=KEY, set_=fresh), fires)
    if over:
        await connection.execute(ENDS, over)


def key_of(one: Alert | Silence) -> dict[str, Any]:
    """The parameters that name the episode of an alert or of an ack."""
    return {
        "of_subject": one.subject,
        "of_measure": one.measure.value if one.measure else None,
        "of_episode": one.episode,
    }


async def close(connection: Connection, subjects: Sequence[str], measures: Sequence[str], now: datetime) -> None:
    """Ends the open episodes of these rules."""
    these = sa.and_(past_alerts.c.subject.in_(subjects), past_alerts.c.measure.in_(measures))
    await connection.execute(sa.update(past_alerts).where(these, past_alerts.c.until.is_(None)).values(until=now))


async def acknowledged(connection: Connection, ack: Silence) -> None:
    """Notes who acknowledged the episode of an ack."""
    row = (await connection.execute(sa.select(past_alerts.c.acked_by).where(OF_KEY), key_of(ack))).one_or_none()
    if row is not None and ack.by not in (names := names_of(row.acked_by)):
        told = json.dumps([*names, ack.by], ensure_ascii=False)
        await connection.execute(sa.update(past_alerts).where(OF_KEY).values(acked_by=told), key_of(ack))


def names_of(stored: str | None) -> tuple[str, ...]:
    return tuple(json.loads(stored)) if stored else ()


async def since(connection: Connection, moment: datetime, subjects: Sequence[str] | None = None) -> list[PastAlert]:
    """The episodes that fired at or after a moment, or still do; the newest first. ``subjects`` None: of everything."""
    lasts = sa.or_(past_alerts.c.until.is_(None), past_alerts.c.until >= moment)
    query = sa.select(past_alerts).where(lasts).order_by(past_alerts.c.since.desc(), *(past_alerts.c[n] for n in KEY))
    if subjects is not None:
        query = query.where(past_alerts.c.subject.in_(subjects))
    return [
        PastAlert(
            row.subject,
            AlertRule(row.measure),
            row.episode,
            row.since,
            row.until,
            Severity(row.severity),
            row.worst,
            names_of(row.acked_by),
        )
        for row in await connection.execute(query.limit(MOST))
    ]
