"""Alerts, and the silences that withhold their messages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import Alert, Measure, Severity, Silence, SilenceKind
from bot.store.connection import Connection
from bot.store.schema import alerts, silences

QUIET: dict[str, Any] = {"level": 0, "told_level": 0, "severity": None, "period": None}
"""An alert is never deleted: its count of episodes is what keeps a notification from being taken for an old one."""


# Made once, for they are used the most.
OF_THESE = alerts.c.subject.in_(sa.bindparam("subjects", expanding=True))
LOAD = sa.select(alerts).where(OF_THESE)
STIRRED = sa.select(alerts.c.subject).where(OF_THESE, sa.or_(alerts.c.level > 0, alerts.c.told_level > 0))
SILENCES = sa.select(silences).where(sa.or_(silences.c.until.is_(None), silences.c.until > sa.bindparam("now")))


def alert_of(row: sa.Row[Any]) -> Alert:
    """An alert from its row."""
    return Alert(
        subject=row.subject,
        measure=Measure(row.measure),
        level=row.level,
        episode=row.episode,
        sequence=row.sequence,
        since=row.since,
        told_level=row.told_level,
        reminded_at=row.reminded_at,
        worst=row.worst,
        severity=Severity(row.severity) if row.severity else None,
        period=row.period,
    )


def row_of(alert: Alert) -> dict[str, Any]:
    """An alert's row."""
    return {name: getattr(alert, name) for name in Alert.__slots__} | {
        "measure": alert.measure.value,
        "severity": int(alert.severity) if alert.severity else None,
    }


async def load(connection: Connection, subjects: Iterable[str]) -> Mapping[str, dict[Measure, Alert]]:
    """The remembered alerts of each subject; a subject that never had one has none."""
    found: dict[str, dict[Measure, Alert]] = defaultdict(dict)
    for row in await connection.execute(LOAD, {"subjects": list(subjects)}):
        found[row.subject][Measure(row.measure)] = alert_of(row)
    return found


async def save(connection: Connection, changed: Iterable[Alert]) -> None:
    """Remembers alerts."""
    rows = [row_of(alert) for alert in changed]
    if rows:
        statement = insert(alerts)
        fresh = {name: statement.excluded[name] for name in rows[0]}
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["subject", "measure"], set_=fresh), rows
        )


async def firing(connection: Connection) -> list[Alert]:
    """Every alert that fires, the worst first, then the oldest."""
    query = sa.select(alerts).where(alerts.c.level > 0).order_by(alerts.c.severity.desc(), alerts.c.since)
    return [alert_of(row) for row in await connection.execute(query)]


async def stirred(connection: Connection, subjects: Iterable[str]) -> set[str]:
    """Which of these subjects have an alert that fires, or whose end is not told yet."""
    return {row.subject for row in await connection.execute(STIRRED, {"subjects": list(subjects)})}


async def untold(connection: Connection) -> list[Alert]:
    """Every alert of which something was withheld by a silence."""
    recovered = sa.and_(alerts.c.level == 0, alerts.c.told_level > 0)
    never_told = sa.and_(alerts.c.level > 0, alerts.c.sequence == 0)
    lags = sa.or_(alerts.c.level > alerts.c.told_level, recovered, never_told)
    return [alert_of(row) for row in await connection.execute(sa.select(alerts).where(lags))]


async def quiet_rule(connection: Connection, measure: Measure, subjects: Iterable[str] | None = None) -> None:
    """Ends the alerts of a rule that was switched off, for everyone or for these subjects, without a word."""
    statement = sa.update(alerts).where(alerts.c.measure == measure.value)
    if subjects is not None:
        statement = statement.where(alerts.c.subject.in_(list(subjects)))
    await connection.execute(statement.values(QUIET))


async def close(connection: Connection, subjects: Iterable[str]) -> None:
    """Ends the alerts of accounts that are no longer watched, without a word: their going is said by itself."""
    await connection.execute(sa.update(alerts).where(alerts.c.subject.in_(list(subjects))).values(QUIET))


async def active_silences(connection: Connection, now: datetime) -> list[Silence]:
    """The silences that have not run out; of acks, those whose alert has not moved on is for the core to judge."""
    return [
        Silence(
            kind=SilenceKind(row.kind),
            subject=row.subject,
            measure=Measure(row.measure) if row.measure else None,
            until=row.until,
            episode=row.episode,
            level=row.level,
            by=row.by,
        )
        for row in await connection.execute(SILENCES, {"now": now})
    ]


async def add_silence(connection: Connection, silence: Silence) -> None:
    """Adds a silence in place of the one of its kind on the same thing."""
    await remove_silences(connection, silence.kind, silence.subject, silence.measure)
    values = {
        "kind": silence.kind.value,
        "subject": silence.subject,
        "measure": silence.measure.value if silence.measure else None,
        "until": silence.until,
        "episode": silence.episode,
        "level": silence.level,
        "by": silence.by,
    }
    await connection.execute(sa.insert(silences).values(values))


async def remove_silences(
    connection: Connection,
    kind: SilenceKind | None = None,
    subject: str | None = None,
    measure: Measure | None = None,
) -> int:
    """Ends the silences that match everything given, and says how many there were."""
    statement = sa.delete(silences)
    for column, wanted in ((silences.c.kind, kind), (silences.c.subject, subject), (silences.c.measure, measure)):
        if wanted is not None:
            statement = statement.where(column == str(wanted))
    return (await connection.execute(statement)).rowcount


async def end_silences(connection: Connection, now: datetime) -> int:
    """Ends the mutes and snoozes whose time is over, and the acks of episodes that are over; says how many."""
    acked = sa.exists().where(
        alerts.c.subject == silences.c.subject,
        alerts.c.measure == silences.c.measure,
        alerts.c.episode == silences.c.episode,
        alerts.c.level > 0,
    )
    over = sa.or_(silences.c.until <= now, sa.and_(silences.c.kind == SilenceKind.ACK.value, ~acked))
    return (await connection.execute(sa.delete(silences).where(over))).rowcount


async def silences_are_over(connection: Connection, now: datetime) -> bool:
    """Whether any mute or snooze has run out and not been ended yet."""
    query = sa.select(sa.exists().where(silences.c.until <= now))
    return bool((await connection.execute(query)).scalar())
