"""Puts the daily summary into the outbox: once a local day, for each chat what it sees, late rather than not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts import Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Facts, Notification, NotificationKind, Watched
from bot.domain.quiet_hours import DAY
from bot.domain.summary import Summary
from bot.evaluation.alert_state import is_muted
from bot.evaluation.forecast.foresee import foretold_ends
from bot.features.summary.due import day_of, done_before, first_moment, mark_of, summary_due
from bot.features.summary.rules import Past, Tally, summary_of
from bot.storage import alerts, chats, outbox, summary
from bot.storage.connection import Connection
from bot.storage.database import Store

log = logging.getLogger(__name__)


class SummarySender:
    """The daily summaries. A day is done in the transaction that puts its summaries into the outbox."""

    def __init__(
        self,
        store: Store,
        chats: Callable[[], Sequence[Chat]],
        watched: Callable[[Chat], Awaitable[Sequence[Watched]]],
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        at: time,
        on_notifications: Callable[[], None],
    ) -> None:
        """``chats`` are those that get one, ``watched`` returns what a chat sees.

        ``on_notifications`` is called after something was put into the outbox.
        """
        self._store = store
        self._chats = chats
        self._watched = watched
        self._clock = clock
        self._zone = zone
        self._at = at
        self._on_notifications = on_notifications

    async def resume(self) -> None:
        """Marks days before a bot's first start as done."""
        async with self._store.write() as connection:
            if await chats.marked(connection, summary.MARK) is None:
                await self._done(connection, done_before(self._clock(), self._zone, self._at))

    async def look(self) -> None:
        """Sends what is due."""
        now = self._clock()
        async with self._store.read() as connection:
            last = day_of(await chats.marked(connection, summary.MARK))
        day = summary_due(last, now, self._zone, self._at)
        if day is None:
            return
        notifications = await self._notifications(day, now)
        async with self._store.write() as connection:
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
        self._on_notifications()

    async def _notifications(self, day: date, now: datetime) -> list[tuple[Chat, Notification]]:
        """Each chat's summary; none for a chat that sees no account."""
        since = self._since(day, now)
        async with self._store.read() as connection:
            pasts = await pasts_since(connection, since)
        found = [(chat, await self._summary(chat, pasts, since, now)) for chat in self._chats()]
        facts = ((chat, Facts(summary=made, taken_at=now)) for chat, made in found if made)
        key, kind = f"digest|{day.isoformat()}", NotificationKind.DIGEST
        return [(chat, Notification(key, kind, Severity.INFO, facts=fact)) for chat, fact in facts]

    async def _summary(self, chat: Chat, pasts: Mapping[str, Past], since: datetime, now: datetime) -> Summary | None:
        """One chat's summary; None if it sees no account."""
        watched = await self._watched(chat)
        if not watched:
            return None
        runs_out = foretold_ends((one.account for one in watched), now)
        async with self._store.read() as connection:
            told = await summary.told(connection, chat, since)
        return await asyncio.to_thread(summary_of, watched, pasts, told, runs_out, since, now, self._zone)

    def _since(self, day: date, now: datetime) -> datetime:
        """When the summary of the day before was due."""
        before = first_moment(day - DAY, self._at, self._zone)
        return before or now - timedelta(days=1)

    async def _done(self, connection: Connection, day: date) -> None:
        await chats.mark(connection, summary.MARK, mark_of(day))


async def pasts_since(connection: Connection, since: datetime) -> dict[str, Past]:
    """The changes of each watched account since a moment; reads each stored point once."""
    tallies: dict[str, Tally] = {}
    async for key, point in summary.points(connection, since):
        tallies.setdefault(key, Tally()).add(point)
    return {key: tally.past for key, tally in tallies.items()}
