"""What waits of alerts that fire, for chats that take nothing; and whom else it has reached."""

import re

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.health import unreached_since
from bot.domain.notifications import NotificationKind
from bot.storage import chats, fallback, outbox
from bot.storage.connection import Connection
from bot.storage.fallback import FallbackDelivery
from bot.storage.schema import outbox as outbox_table
from tests.support.fakes import ALICE, BOB, CHAT, GROUP, NOW, Postroom, key_of, notification


async def ids(connection: Connection, chat: Chat) -> list[int]:
    """What a chat is owed."""
    return [one.id for one in await outbox.pending(connection, chat.chat_id)]


async def refuse(connection: Connection, chat: Chat, count: int = 1) -> None:
    """Telegram refuses the first messages of a chat."""
    await outbox.postponed(connection, (await ids(connection, chat))[:count], "blocked", NOW)
    await chats.refuses(connection, chat, "blocked", NOW)


async def test_only_what_fires_counts(postroom: Postroom) -> None:
    """Neither an end, nor an alert that is over, nor a greeting, a summary or a pause."""
    await postroom.fire(notification("fires"))
    over = notification("over", BOB), notification("end", BOB, NotifyReason.RESOLVED)
    notes = [
        notification(topic, topic=topic)
        for topic in (
            NotificationKind.GREETING,
            NotificationKind.DIGEST,
            NotificationKind.DOWNTIME,
            NotificationKind.GONE,
        )
    ]
    await postroom.put(*over, *notes, notification("fires"))
    async with postroom.store.write() as connection:
        await refuse(connection, CHAT)
        waiting = await outbox.untold(connection)
    assert [(one.alert, one.reason, one.reached) for one in waiting] == [
        ((key_of(ALICE), AlertRule.CREDITS.value), NotifyReason.FIRED, False)
    ]


async def test_what_waits_behind_a_refusal_counts_though_it_was_never_tried(postroom: Postroom) -> None:
    """A new alert, while the chat's next try is a quarter of an hour away."""
    await postroom.fire(notification("fires"))
    await postroom.put(notification("note", topic=NotificationKind.DOWNTIME), notification("fires"))
    async with postroom.store.write() as connection:
        assert await outbox.untold(connection) == [], "what is only paced is on its way"
        await refuse(connection, CHAT)
        assert unreached_since(await outbox.untold(connection)) == NOW


async def test_another_chat_or_the_second_channel_has_it(postroom: Postroom) -> None:
    """Then it has reached somebody."""
    fires = notification("fires", severity=Severity.CRITICAL)
    await postroom.fire(fires)
    await postroom.put(fires, chats=[CHAT, GROUP])
    async with postroom.store.write() as connection:
        await refuse(connection, CHAT)
        assert unreached_since(await outbox.untold(connection)) == NOW
        await outbox.delivered(connection, await ids(connection, GROUP), 1, NOW)
        assert unreached_since(await outbox.untold(connection)) is None
        await connection.exec_driver_sql("UPDATE outbox SET state = 'pending'")
        assert unreached_since(await outbox.untold(connection)) == NOW
        await fallback.note(connection, ["fires"], FallbackDelivery(NOW, "mail"))
        assert unreached_since(await outbox.untold(connection)) is None


async def test_a_chat_that_refuses_is_not_waited_for(postroom: Postroom) -> None:
    """What was tried in vain is a trouble of the network's where the chat does not refuse, and is told as such."""
    await postroom.put(notification("a"), chats=[CHAT, GROUP])
    async with postroom.store.write() as connection:
        await refuse(connection, CHAT)
        assert (await outbox.depth(connection, NOW)).tried_since is None
        await outbox.postponed(connection, await ids(connection, GROUP), "Telegram cannot be reached", NOW)
        depth = await outbox.depth(connection, NOW)
    assert (depth.tried_since, depth.waiting) == (NOW, 2)


async def test_nobody_reads_the_whole_outbox_for_it(postroom: Postroom) -> None:
    """What others were told is found by its key or its alert; by the state it would be nearly every row, each time."""
    elsewhere, later = outbox.told_elsewhere(), fallback.overtaken()
    async with postroom.store.read() as connection:
        for asked in (elsewhere, later):
            sql = sa.select(outbox_table.c.id).where(outbox_table.c.state == "pending", asked)
            words = sql.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
            steps = [str(row.detail) for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")]
            inner = [step for step in steps if re.search(r"outbox_\d", step.split()[1])]
            assert inner
            assert all(re.search(r"\((key|subject)=\?", step) for step in inner), steps
