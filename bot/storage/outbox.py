"""The outbox: deliveries that wait, were sent, or are obsolete."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.alerts import GOOD_NEWS, AlertRule, NotifyReason, Severity
from bot.domain.chats import SECOND_CHANNEL, Chat
from bot.domain.health import UndeliveredAlert
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.domain.pending import FIRST, NEWS, Backlog, Waiting
from bot.storage.connection import Connection
from bot.storage.schema import Moment, alerts, chats, fallbacks, outbox
from bot.storage.values import dump_facts, load_facts

AT_ONCE = 2_000

PENDING, SENDING, DELIVERED, FAILED = "pending", "sending", "delivered", "failed"
ELSEWHERE = "elsewhere"
"""Waits for the second channel. Telegram plays no part in it; a row goes once it was sent."""

OVER = (DELIVERED, FAILED)
"""Final states; their rows stay for a while."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The state of the outbox: waiting deliveries, the oldest failed one, dropped ones, and the last sent one.

    Deliveries for a chat that refuses wait too, and do not count as failed. ``refused_since`` is the oldest delivery
    that still waits from a chat's refusal, although the chat takes messages again.
    """

    waiting: int = 0
    tried_since: datetime | None = None
    failed: int = 0
    delivered_at: datetime | None = None
    refused_since: datetime | None = None


def delivery_of(row: sa.Row[Any]) -> Delivery:
    chat = Chat(row.chat_id, row.thread_id or None)
    return Delivery(
        row.id,
        chat,
        stored(row, row.key),
        row.created_at,
        row.attempts,
        row.first_failed_at,
        perhaps_sent=row.perhaps_sent,
    )


def stored(row: sa.Row[Any], key: str) -> Notification:
    """The notification in a row of the outbox, or of the events, which have the same columns for it."""
    return Notification(
        key=key,
        topic=NotificationKind(row.topic),
        severity=Severity(row.severity),
        reason=NotifyReason(row.reason),
        subject=row.subject,
        measure=AlertRule(row.measure) if row.measure else None,
        episode=row.episode,
        facts=load_facts(row.facts) or facts_of(row.subject),
    )


def facts_of(subject: str) -> Facts:
    """The facts of an alert whose stored facts are unreadable: only its subject."""
    email = subject.partition(":")[2] or None
    return Facts(name=email or subject, email=email)


async def put(
    connection: Connection, notifications: Sequence[Notification], chats: Iterable[Chat], now: datetime
) -> None:
    """Adds a delivery for each notification and chat. A key that is already there is skipped."""
    rows = [row_of(notification, chat, now) for notification in notifications for chat in chats]
    if rows:
        await connection.execute(insert(outbox).on_conflict_do_nothing(), rows)


def row_of(notification: Notification, chat: Chat, now: datetime) -> dict[str, Any]:
    return {
        **columns_of(notification),
        "chat_id": chat.chat_id,
        "thread_id": chat.thread_id or 0,
        "key": notification.key,
        "state": ELSEWHERE if chat == SECOND_CHANNEL else PENDING,
        "created_at": now,
        "attempts": 0,
    }


def columns_of(notification: Notification) -> dict[str, Any]:
    """A notification as columns: the inverse of ``stored``."""
    return {
        "topic": notification.topic.value,
        "subject": notification.subject,
        "measure": notification.measure.value if notification.measure else None,
        "episode": notification.episode,
        "reason": notification.reason.value,
        "severity": int(notification.severity),
        "facts": dump_facts(notification.facts),
    }


async def elsewhere(connection: Connection) -> list[Delivery]:
    """The deliveries that wait for the second channel, oldest first."""
    query = sa.select(outbox).where(outbox.c.state == ELSEWHERE).order_by(outbox.c.id).limit(AT_ONCE)
    return [delivery_of(row) for row in await connection.execute(query)]


async def drop_elsewhere(connection: Connection, ids: Sequence[int]) -> None:
    """Deletes deliveries for the second channel: it has them, or nobody needs them any longer."""
    await connection.execute(sa.delete(outbox).where(outbox.c.id.in_(ids), outbox.c.state == ELSEWHERE))


async def waiting_chats(connection: Connection) -> list[int]:
    """The chats with deliveries that wait, in any topic."""
    query = sa.select(outbox.c.chat_id).where(outbox.c.state == PENDING).distinct()
    return [chat_id for (chat_id,) in await connection.execute(query)]


async def pending(connection: Connection, chat_id: int) -> list[Delivery]:
    """The waiting deliveries of a chat in all its topics, oldest first, as many as the next message can use."""
    waits = sa.and_(outbox.c.state == PENDING, outbox.c.chat_id == chat_id)
    query = sa.select(outbox).where(waits).order_by(outbox.c.id).limit(AT_ONCE)
    return [delivery_of(row) for row in await connection.execute(query)]


async def last_id(connection: Connection) -> int:
    """The highest id; 0 without rows. Ids only grow."""
    return (await connection.scalar(sa.select(sa.func.max(outbox.c.id)))) or 0


async def claim(connection: Connection, ids: Sequence[int]) -> bool:
    """Takes deliveries for one message, led by the first; False if another worker has any of them."""
    waits = sa.and_(outbox.c.id.in_(ids), outbox.c.state == PENDING)
    if await connection.scalar(sa.select(sa.func.count()).select_from(outbox).where(waits)) != len(ids):
        return False
    await connection.execute(sa.update(outbox).where(waits).values(state=SENDING, lead_id=ids[0]))
    return True


async def release(connection: Connection, chat_id: int | None = None) -> None:
    """Requeues what a crash interrupted between sending and recording, for all chats or for one."""
    claimed = sa.update(outbox).where(outbox.c.state == SENDING)
    if chat_id is not None:
        claimed = claimed.where(outbox.c.chat_id == chat_id)
    await connection.execute(claimed.values(state=PENDING))


async def put_back(connection: Connection, ids: Sequence[int]) -> None:
    """Requeues the deliveries of one message, under their present chat."""
    claimed = sa.and_(outbox.c.id.in_(ids), outbox.c.state == SENDING)
    await connection.execute(sa.update(outbox).where(claimed).values(state=PENDING))


async def delivered(connection: Connection, ids: Sequence[int], message_id: int | None, now: datetime) -> None:
    """Stores the message of these deliveries; its id can be unknown."""
    values = {"state": DELIVERED, "message_id": message_id, "done_at": now}
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(values))


async def postponed(
    connection: Connection, ids: Sequence[int], failure: str, now: datetime, *, counts: bool = True
) -> None:
    """Requeues deliveries after a failed attempt."""
    values = {
        "state": PENDING,
        "failure": failure,
        "attempts": outbox.c.attempts + (1 if counts else 0),
        "first_failed_at": sa.func.coalesce(
            outbox.c.first_failed_at, sa.bindparam("now", now, outbox.c.created_at.type)
        ),
    }
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(values))


async def failed(connection: Connection, ids: Sequence[int], failure: str, now: datetime) -> None:
    """Drops obsolete deliveries, with the reason."""
    values = {"state": FAILED, "failure": failure, "done_at": now}
    await connection.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(values))


async def waiting(connection: Connection, chat: Chat) -> list[Waiting]:
    """The waiting deliveries of a chat, oldest first, with what decides whether they are obsolete."""
    which = sa.and_(outbox.c.state == PENDING, outbox.c.chat_id == chat.chat_id)
    query = sa.select(outbox).with_only_columns(
        outbox.c.id,
        outbox.c.topic,
        outbox.c.subject,
        outbox.c.measure,
        outbox.c.episode,
        outbox.c.reason,
        outbox.c.created_at,
    )
    here = outbox.c.thread_id == (chat.thread_id or 0)
    return [
        Waiting(
            row.id,
            NotificationKind(row.topic),
            row.subject,
            AlertRule(row.measure) if row.measure else None,
            row.episode,
            NotifyReason(row.reason),
            row.created_at,
        )
        for row in await connection.execute(query.where(which, here).order_by(outbox.c.id))
    ]


def is_among(chat_id: int, thread_id: int, present: Collection[Chat]) -> bool:
    """True if a row's chat is among those present; a chat without a topic means all its topics."""
    return Chat(chat_id, thread_id or None) in present or Chat(chat_id) in present


async def leave(connection: Connection, present: Collection[Chat], failure: str, now: datetime) -> None:
    """Drops deliveries for chats that are not present."""
    columns = outbox.c.chat_id, outbox.c.thread_id
    waits = outbox.c.state.in_([PENDING, ELSEWHERE])
    addressed = await connection.execute(sa.select(*columns).where(waits).distinct())
    for chat_id, thread_id in addressed.all():
        if not is_among(chat_id, thread_id, present):
            there = sa.and_(waits, outbox.c.chat_id == chat_id, outbox.c.thread_id == thread_id)
            values = {"state": FAILED, "failure": failure, "done_at": now}
            await connection.execute(sa.update(outbox).where(there).values(values))


async def revive(connection: Connection, present: Collection[Chat]) -> None:
    """Requeues dropped deliveries of firing alerts, in present chats that got nothing later."""
    firing = sa.and_(
        alerts.c.subject == outbox.c.subject,
        alerts.c.measure == outbox.c.measure,
        alerts.c.episode == outbox.c.episode,
        alerts.c.level > 0,
    )
    news = outbox.c.reason.in_([one.value for one in NEWS])
    given_up = sa.and_(outbox.c.state == FAILED, outbox.c.topic == NotificationKind.ALERT.value, news)
    which = outbox.c.chat_id, outbox.c.thread_id, outbox.c.subject, outbox.c.measure
    found = (await connection.execute(sa.select(outbox.c.id, *which).join(alerts, firing).where(given_up))).all()
    if not found:
        return
    told = sa.select(sa.func.max(outbox.c.id).label("last"), *which).where(outbox.c.state == DELIVERED).group_by(*which)
    last = {tuple(row[1:]): row.last for row in await connection.execute(told)}
    owed = [
        row.id
        for row in found
        if is_among(row.chat_id, row.thread_id, present) and last.get(tuple(row[1:]), 0) < row.id
    ]
    await connection.execute(
        sa.update(outbox).where(outbox.c.id.in_(owed)).values(state=PENDING, done_at=None, failure=None)
    )


def is_in(backlogs: Mapping[int, Backlog], *, refused: bool) -> sa.ColumnElement[bool]:
    """True if a row belongs to a backlog, of chats that refused or of others."""
    ends = {chat_id: one.up_to for chat_id, one in backlogs.items() if one.refused is refused}
    return outbox.c.id <= sa.case(ends, value=outbox.c.chat_id, else_=0) if ends else sa.false()


async def untold(connection: Connection, backlogs: Mapping[int, Backlog] | None = None) -> list[UndeliveredAlert]:
    """Waiting deliveries of firing alerts, in chats that take no messages now; whether another chat got the alert.

    A delivery that waits only for the chat's pace does not count: an attempt failed, or it belongs to the chat's
    backlog.
    """
    waits = outbox.c.state.in_([PENDING, SENDING])
    tried = sa.select(outbox.c.chat_id).where(waits, outbox.c.attempts > 0)
    refusing = sa.select(chats.c.chat_id).where(chats.c.gone.is_not(None))
    firing = sa.and_(
        alerts.c.subject == outbox.c.subject,
        alerts.c.measure == outbox.c.measure,
        alerts.c.episode == outbox.c.episode,
        alerts.c.level > 0,
    )
    in_backlog = (is_in(backlogs or {}, refused=refused) for refused in (False, True))
    held_up = sa.or_(outbox.c.chat_id.in_(tried.union(refusing)), *in_backlog)
    reached = sa.or_(told_elsewhere(), sa.exists().where(fallbacks.c.key == outbox.c.key))
    query = (
        sa.select(outbox.c.subject, outbox.c.measure, outbox.c.reason, outbox.c.created_at, reached.label("reached"))
        .join(alerts, firing)
        .where(waits, outbox.c.topic == NotificationKind.ALERT.value, held_up)
        .order_by(outbox.c.id)
    )
    return [
        UndeliveredAlert((row.subject, row.measure), NotifyReason(row.reason), row.created_at, bool(row.reached))
        for row in await connection.execute(query)
    ]


async def undelivered(connection: Connection, subjects: Iterable[str], measure: AlertRule) -> set[str]:
    """Those of these subjects whose alert has a delivery that waits."""
    waits = sa.and_(outbox.c.state.in_([PENDING, SENDING]), outbox.c.topic == NotificationKind.ALERT.value)
    which = sa.and_(outbox.c.subject.in_(list(subjects)), outbox.c.measure == measure.value)
    return {subject for (subject,) in await connection.execute(sa.select(outbox.c.subject).where(waits, which))}


def is_delivered(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    """True if Telegram has taken it, written so that no index on the state is used: nearly all rows are delivered."""
    return sa.func.coalesce(rows.c.state, "") == DELIVERED


def told_elsewhere() -> sa.ColumnElement[bool]:
    """True if another chat got the same, or, of a joining chat's alert, at least as much before."""
    other, before = outbox.alias(), outbox.alias()
    same = sa.exists().where(other.c.key == outbox.c.key, is_delivered(other), other.c.id != outbox.c.id)
    alert = [before.c[column.name] == column for column in (outbox.c.subject, outbox.c.measure, outbox.c.episode)]
    bad = before.c.reason.not_in([one.value for one in GOOD_NEWS])
    as_bad = sa.and_(bad, before.c.severity >= outbox.c.severity)
    first_here = outbox.c.reason.in_([one.value for one in (*FIRST, NotifyReason.ESCALATED)])
    known = sa.exists().where(*alert, as_bad, is_delivered(before), before.c.id != outbox.c.id)
    return sa.or_(same, sa.and_(first_here, known))


async def told_by(connection: Connection, lead_id: int, chat_id: int) -> list[Delivery]:
    """The deliveries of one message of one chat; the first of them names the message.

    After a lost answer the chat can have two copies of the message; both name the same.
    """
    query = sa.select(outbox).where(outbox.c.lead_id == lead_id, outbox.c.chat_id == chat_id).order_by(outbox.c.id)
    return [delivery_of(row) for row in await connection.execute(query)]


async def answered_by(
    connection: Connection, chat: Chat, over: Mapping[tuple[str, AlertRule | None], int]
) -> int | None:
    """The message that good news replies to: the last of its alert; of several alerts, that of most.

    ``over`` are the alerts of the good news, by subject and rule, with their episodes.
    """
    if not over:
        return None
    bad = outbox.c.reason.not_in([one.value for one in GOOD_NEWS])
    told = sa.and_(is_delivered(outbox), outbox.c.message_id.is_not(None), bad)
    here = sa.and_(outbox.c.chat_id == chat.chat_id, outbox.c.thread_id == (chat.thread_id or 0))
    whom = outbox.c.subject.in_({subject for subject, _ in over})
    columns = outbox.c.subject, outbox.c.measure, outbox.c.episode, outbox.c.message_id
    query = (
        sa.select(*columns)
        .where(whom, outbox.c.topic == NotificationKind.ALERT.value, told, here)
        .order_by(outbox.c.id)
    )
    found = {
        (row.subject, row.measure): row.message_id
        for row in await connection.execute(query)
        if over.get((row.subject, row.measure)) == row.episode
    }
    return max(Counter(found.values()).most_common(), key=lambda one: (one[1], one[0]))[0] if found else None


async def depth(connection: Connection, now: datetime, backlogs: Mapping[int, Backlog] | None = None) -> Depth:
    """The waiting deliveries, and the last sent one, without those that a clock set back dates ahead."""
    waits = outbox.c.state.in_([PENDING, SENDING])
    refuses = outbox.c.chat_id.in_(sa.select(chats.c.chat_id).where(chats.c.gone.is_not(None)))
    refused = is_in(backlogs or {}, refused=True)
    tried = sa.or_(outbox.c.attempts > 0, is_in(backlogs or {}, refused=False))
    in_vain = sa.func.min(sa.case((sa.and_(tried, ~refuses, ~refused), outbox.c.created_at)), type_=Moment)
    since_refusal = sa.func.min(sa.case((refused, outbox.c.created_at)), type_=Moment)
    found = await connection.execute(sa.select(sa.func.count(), in_vain, since_refusal).where(waits))
    waiting, tried_since, refused_since = found.one()
    failed_count = sa.select(sa.func.count()).where(outbox.c.state == FAILED)
    last = sa.select(sa.func.max(outbox.c.done_at)).where(outbox.c.state == DELIVERED, outbox.c.done_at <= now)
    failed = (await connection.scalar(failed_count)) or 0
    return Depth(waiting, tried_since, failed, await connection.scalar(last), refused_since)


async def readdress(connection: Connection, old: int, new: int) -> None:
    """Moves waiting deliveries to the chat that theirs has become, except those that it has already."""
    waits = sa.and_(outbox.c.chat_id == old, outbox.c.state.in_([PENDING, SENDING]))
    there = outbox.alias()
    twice = sa.select(there.c.key).where(there.c.chat_id == new, there.c.thread_id == outbox.c.thread_id)
    await connection.execute(sa.delete(outbox).where(waits, outbox.c.key.in_(twice)))
    await connection.execute(sa.update(outbox).where(waits).values(chat_id=new, state=PENDING))
