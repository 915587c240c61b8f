"""Puts the daily summary into the outbox: once a local day, for each chat what it may see, late rather than not."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.alerts import Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Facts, Notification, NotificationKind, Watched
from bot.domain.quiet_hours import DAY
from bot.domain.summary import Summary
from bot.evaluation.alert_state import is_muted
from bot.features.summary.due import day_of, done_before, first_moment, mark_of, summary_due
from bot.features.summary.rules import Past, Tally, summary_of
from bot.storage import alerts, chats, outbox, summary
from bot.storage.connection import Connection
from bot.storage.database import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SummaryContext:
    """Handed to the summaries as one.

    ``chats`` are those that get one, ``watched`` gives what a chat may see, ``runs_out`` when, at the earliest, the
    credits of accounts run out, by key. ``write`` puts a summary into a message, which has a ``text``. ``topic`` is
    the notices'; ``on_notifications`` is called once something was put into the outbox.
    """

    store: Store
    chats: Callable[[], Sequence[Chat]]
    watched: Callable[[Chat], Awaitable[Sequence[Watched]]]
    runs_out: Callable[[Sequence[Watched]], Awaitable[Mapping[str, datetime]]]
    write: Callable[[Summary, datetime], Any]
    clock: Callable[[], datetime]
    zone: ZoneInfo
    at: time
    topic: NotificationKind
    on_notifications: Callable[[], None]


class SummarySender:
    """The daily summaries. A day counts as done in the transaction that puts its summaries into the outbox."""

    def __init__(self, context: SummaryContext) -> None:
        """Holds nothing but what it is handed."""
        self._context = context

    async def resume(self) -> None:
        """Lets a bot that never sent a summary count what was due before its first start as done."""
        context = self._context
        async with context.store.write() as connection:
            if await chats.marked(connection, summary.MARK) is None:
                await self._done(connection, done_before(context.clock(), context.zone, context.at))

    async def look(self) -> None:
        """Sends what is due."""
        context, now = self._context, self._context.clock()
        async with context.store.read() as connection:
            last = day_of(await chats.marked(connection, summary.MARK))
        day = summary_due(last, now, context.zone, context.at)
        if day is None:
            return
        notifications = await self._notifications(day, now)
        async with context.store.write() as connection:
            silences = await alerts.active_silences(connection, now)
            told = [
                (chat, notification) for chat, notification in notifications if not is_muted("", chat, silences, now)
            ]
            for chat, notification in told:
                await outbox.put(connection, [notification], [chat], now)
            await self._done(connection, day)
        log.info(
            "The summary of %s: chats that get it: %d, chats that muted it: %d",
            day,
            len(told),
            len(notifications) - len(told),
        )
        context.on_notifications()

    async def _notifications(self, day: date, now: datetime) -> list[tuple[Chat, Notification]]:
        """Each chat's summary; none for a chat that sees no account."""
        since = self._since(day, now)
        async with self._context.store.read() as connection:
            pasts = await pasts_since(connection, since)
        found = [(chat, await self._text(chat, pasts, since, now)) for chat in self._context.chats()]
        topic = self._context.topic
        facts = ((chat, Facts(said=text, taken_at=now)) for chat, text in found if text)
        return [
            (chat, Notification(f"digest|{day.isoformat()}", topic, Severity.INFO, facts=fact)) for chat, fact in facts
        ]

    async def _text(self, chat: Chat, pasts: Mapping[str, Past], since: datetime, now: datetime) -> str:
        """One chat's summary in words."""
        context = self._context
        watched = await context.watched(chat)
        if not watched:
            return ""
        runs_out = await context.runs_out(watched)
        async with context.store.read() as connection:
            told = await summary.told(connection, chat, since)
        message = context.write(summary_of(watched, pasts, told, runs_out, since, now), now)
        return str(message.text)

    def _since(self, day: date, now: datetime) -> datetime:
        """When the summary of the day before was due."""
        before = first_moment(day - DAY, self._context.at, self._context.zone)
        return before or now - timedelta(days=1)

    async def _done(self, connection: Connection, day: date) -> None:
        """Remembers a day as done."""
        await chats.mark(connection, summary.MARK, mark_of(day))


async def pasts_since(connection: Connection, since: datetime) -> dict[str, Past]:
    """What happened to each watched account's credits since a moment; reads each stored point once."""
    tallies: dict[str, Tally] = {}
    async for key, point in summary.points(connection, since):
        tallies.setdefault(key, Tally()).add(point)
    return {key: tally.past for key, tally in tallies.items()}
