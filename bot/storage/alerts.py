"""Alerts, what each chat got of them, and silences."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import SESSION_BROKEN
from bot.domain.alerts import QUIET, Alert, AlertRule, Notified, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.rules import RENEWS
from bot.storage import chats, past_alerts
from bot.storage.connection import Connection
from bot.storage.schema import alerts, notified, silences

Memory = Mapping[str, Mapping[AlertRule, Mapping[Chat, Notified]]]
"""The last notification in each chat, by subject and rule."""

PART = 200
"""Alerts read in one go; other tasks run in between."""


# Made once: these are used the most.
OF_THESE = alerts.c.subject.in_(sa.bindparam("subjects", expanding=True))
LOAD = sa.select(alerts).where(OF_THESE)
OF_ALERT = sa.and_(notified.c.subject == alerts.c.subject, notified.c.measure == alerts.c.measure)
NOTIFIED = sa.select(notified).where(notified.c.subject.in_(sa.bindparam("subjects", expanding=True)))
IS_ACK = silences.c.kind == SilenceKind.ACK.value
SILENCES = sa.select(silences).where(sa.or_(IS_ACK, silences.c.until.is_(None), silences.c.until > sa.bindparam("now")))
ABOUT = sa.and_(
    alerts.c.subject == silences.c.subject,
    alerts.c.measure == silences.c.measure,
    alerts.c.episode == silences.c.episode,
    alerts.c.level > 0,
)
BROKEN = sa.and_(alerts.c.measure == AlertRule.FAILURES.value, alerts.c.level >= SESSION_BROKEN)
REMINDS = sa.or_(alerts.c.severity == int(Severity.CRITICAL), BROKEN)
LAPSED = sa.and_(IS_ACK, sa.exists().where(ABOUT, REMINDS))
ANY_OVER = sa.select(sa.exists().where(silences.c.until <= sa.bindparam("now"), sa.or_(~IS_ACK, LAPSED)))
PLAN_RENEWS = sa.and_(alerts.c.measure == AlertRule.PLAN.value, alerts.c.level == RENEWS, notified.c.level > RENEWS)
HAS_EASED = sa.or_(PLAN_RENEWS, sa.and_(notified.c.out, sa.not_(alerts.c.out)))
"""The same as ``alert_state.has_eased``."""


def alert_of(row: sa.Row[Any]) -> Alert:
    return Alert(
        subject=row.subject,
        measure=AlertRule(row.measure),
        level=row.level,
        episode=row.episode,
        sequence=row.sequence,
        since=row.since,
        reminded_at=row.reminded_at,
        worst=row.worst,
        severity=Severity(row.severity) if row.severity else None,
        period=row.period,
        out=row.out,
        peak=Severity(row.peak) if row.peak else None,
        subscription=row.subscription,
        unattended_since=row.unattended_since,
        escalated=row.escalated,
    )


def row_of(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in Alert.__slots__} | {
        "measure": alert.measure.value,
        "severity": int(alert.severity) if alert.severity else None,
        "peak": int(alert.peak) if alert.peak else None,
    }


def fires_as(rows: sa.Table) -> sa.ColumnElement[bool]:
    """True if the alert of a table's row fires, in that episode."""
    same = (alerts.c[name] == rows.c[name] for name in ("subject", "measure", "episode"))
    return sa.exists().where(*same, alerts.c.level > 0)


async def load(connection: Connection, subjects: Iterable[str]) -> Mapping[str, dict[AlertRule, Alert]]:
    """The alerts of each subject; empty for a subject without any."""
    found: dict[str, dict[AlertRule, Alert]] = defaultdict(dict)
    for row in await connection.execute(LOAD, {"subjects": list(subjects)}):
        found[row.subject][AlertRule(row.measure)] = alert_of(row)
    return found


async def save(connection: Connection, changed: Iterable[Alert]) -> None:
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
    return [alert_of(row) async for rows in connection.parts(query, PART) for row in rows]


async def load_notified(connection: Connection, subjects: Iterable[str]) -> Memory:
    """The last notification in each chat, for the alerts of these subjects."""
    found: dict[str, dict[AlertRule, dict[Chat, Notified]]] = defaultdict(lambda: defaultdict(dict))
    for row in await connection.execute(NOTIFIED, {"subjects": list(subjects)}):
        chat = Chat(row.chat_id, row.thread_id or None)
        found[row.subject][AlertRule(row.measure)][chat] = Notified(row.episode, row.level, row.out)
    return found


async def save_notified(
    connection: Connection, changes: Iterable[tuple[Alert, Mapping[Chat, Notified], Mapping[Chat, Notified]]]
) -> None:
    """Stores what each chat got of alerts, from the values before and after."""
    fresh: list[dict[str, Any]] = []
    over: list[dict[str, Any]] = []
    for alert, before, after in changes:
        fresh += [row_of_notified(alert, chat, known) for chat, known in after.items() if before.get(chat) != known]
        over += [key_of_notified(alert, chat, "old_") for chat in before.keys() - after.keys()]
    if fresh:
        statement = insert(notified)
        values = {name: statement.excluded[name] for name in ("episode", "level", "out")}
        keys = [column.name for column in notified.primary_key]
        await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), fresh)
    if over:
        this = [column == sa.bindparam(f"old_{column.name}") for column in notified.primary_key]
        await connection.execute(sa.delete(notified).where(*this), over)


def key_of_notified(alert: Alert, chat: Chat, prefix: str = "") -> dict[str, Any]:
    """The key of the row with what a chat got of an alert."""
    return {
        f"{prefix}subject": alert.subject,
        f"{prefix}measure": alert.measure.value,
        f"{prefix}chat_id": chat.chat_id,
        f"{prefix}thread_id": chat.thread_id or 0,
    }


def row_of_notified(alert: Alert, chat: Chat, known: Notified) -> dict[str, Any]:
    return key_of_notified(alert, chat) | {"episode": known.episode, "level": known.level, "out": known.out}


async def unfinished(connection: Connection) -> list[tuple[str, AlertRule]]:
    """Every alert that fires, or whose end a chat has yet to get."""
    query = sa.select(alerts.c.subject, alerts.c.measure).where(sa.or_(alerts.c.level > 0, sa.exists().where(OF_ALERT)))
    return [(subject, AlertRule(measure)) for subject, measure in await connection.execute(query)]


async def perhaps_untold(connection: Connection, chats: Collection[Chat]) -> list[tuple[str, AlertRule]]:
    """Every alert of which one of these chats perhaps has something to get; evaluation decides."""
    here = sa.tuple_(notified.c.chat_id, notified.c.thread_id).in_([(one.chat_id, one.thread_id or 0) for one in chats])
    same = sa.and_(notified.c.episode == alerts.c.episode, notified.c.level >= alerts.c.level)
    told = sa.and_(OF_ALERT, here, same, sa.not_(HAS_EASED))
    knowing = sa.select(sa.func.count()).where(told).scalar_subquery()
    fires = sa.and_(alerts.c.level > 0, knowing < len(chats))
    recovered = sa.and_(alerts.c.level == 0, sa.exists().where(OF_ALERT))
    query = sa.select(alerts.c.subject, alerts.c.measure).where(sa.or_(fires, recovered))
    return [(subject, AlertRule(measure)) for subject, measure in await connection.execute(query)]


async def quiet_rule(connection: Connection, measure: AlertRule, subjects: Iterable[str], now: datetime) -> None:
    """Ends the alerts of a rule that was switched off for these subjects, without a message."""
    await quiet(connection, list(subjects), [measure.value], now)


async def close(connection: Connection, subjects: Iterable[str], now: datetime) -> None:
    """Ends the alerts of accounts that are no longer watched, without a message: their removal has its own."""
    await quiet(connection, list(subjects), [measure.value for measure in AlertRule], now)


async def quiet(connection: Connection, subjects: Sequence[str], measures: Sequence[str], now: datetime) -> None:
    """Ends alerts, drops what chats got of them, and ends their acks and snoozes, but no mutes."""
    for table in (notified, silences):
        these = sa.and_(table.c.subject.in_(subjects), table.c.measure.in_(measures))
        await connection.execute(sa.delete(table).where(these))
    these = sa.and_(alerts.c.subject.in_(subjects), alerts.c.measure.in_(measures))
    await connection.execute(sa.update(alerts).where(these).values(QUIET))
    await past_alerts.close(connection, subjects, measures, now)


async def active_silences(connection: Connection, now: datetime) -> list[Silence]:
    """Mutes and snoozes that have not run out, and acks, which evaluation judges."""
    return [silence_of(row) for row in await connection.execute(SILENCES, {"now": now})]


async def every_silence(connection: Connection) -> list[Silence]:
    """All silences, also those that are over and not ended yet."""
    return [silence_of(row) for row in await connection.execute(sa.select(silences))]


def silence_of(row: sa.Row[Any]) -> Silence:
    return Silence(
        kind=SilenceKind(row.kind),
        subject=row.subject,
        measure=AlertRule(row.measure) if row.measure else None,
        until=row.until,
        episode=row.episode,
        level=row.level,
        by=row.by,
        chat=None if row.chat_id is None else Chat(row.chat_id, row.thread_id or None),
        made_at=row.made_at,
        id=row.id,
    )


async def add_silence(connection: Connection, silence: Silence) -> Silence:
    """Adds a silence in place of the one of its kind, subject and chat; returns it with its id."""
    if silence.chat:
        silence = replace(silence, chat=await chats.at_present(connection, silence.chat))
    place = silences.c.chat_id.is_(None) if silence.chat is None else is_in(silence.chat)
    measure = silence.measure.value if silence.measure else None
    same = sa.and_(
        silences.c.kind == silence.kind.value, silences.c.subject == silence.subject, silences.c.measure.is_(measure)
    )
    await connection.execute(sa.delete(silences).where(same, place))
    values = {
        "kind": silence.kind.value,
        "subject": silence.subject,
        "measure": measure,
        "until": silence.until,
        "episode": silence.episode,
        "level": silence.level,
        "by": silence.by,
        "chat_id": silence.chat.chat_id if silence.chat else None,
        "thread_id": (silence.chat.thread_id or 0) if silence.chat else 0,
        "made_at": silence.made_at,
    }
    added = (await connection.execute(sa.insert(silences).values(values))).inserted_primary_key
    return replace(silence, id=added[0] if added else 0)


def is_in(chat: Chat) -> sa.ColumnElement[bool]:
    return sa.and_(silences.c.chat_id == chat.chat_id, silences.c.thread_id == (chat.thread_id or 0))


async def end_silences(connection: Connection, ids: Iterable[int], now: datetime) -> None:
    """Ends silences. Critical alerts that an ack, or a mute of every chat, covered wait for somebody from now on."""
    these = silences.c.id.in_(list(ids))
    of_alert = sa.and_(IS_ACK, ABOUT)
    of_account = sa.and_(silences.c.kind == SilenceKind.ACCOUNT.value, silences.c.subject == alerts.c.subject)
    of_all = sa.or_(of_alert, of_account, silences.c.kind == SilenceKind.ALL.value)
    covered = sa.exists().where(these, silences.c.chat_id.is_(None), of_all).correlate(alerts)
    waits = sa.update(alerts).where(alerts.c.unattended_since.is_not(None), covered)
    await connection.execute(waits.values(unattended_since=now))
    await connection.execute(sa.delete(silences).where(these))


async def unattended(connection: Connection, since: datetime) -> list[tuple[str, AlertRule]]:
    """The critical alerts that have waited for somebody since a moment or longer, and that nobody acknowledged."""
    acked = sa.exists().where(IS_ACK, ABOUT, silences.c.level >= alerts.c.level).correlate(alerts)
    query = sa.select(alerts.c.subject, alerts.c.measure).where(alerts.c.unattended_since <= since, ~acked)
    return [
        (subject, AlertRule(measure))
        for subject, measure in await connection.execute(query.order_by(alerts.c.unattended_since))
    ]


async def date_ack(connection: Connection, number: int, until: datetime | None) -> None:
    """Sets when an ack ends; None, never."""
    await connection.execute(sa.update(silences).where(silences.c.id == number, IS_ACK).values(until=until))


async def silences_are_over(connection: Connection, now: datetime) -> bool:
    """True if any silence has run out and is not ended yet: a mute, a snooze, an ack of an alert that still reminds."""
    return bool((await connection.execute(ANY_OVER, {"now": now})).scalar())
