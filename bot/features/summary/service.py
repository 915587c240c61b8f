"""Puts the daily summary into the outbox: once a local day, for each chat what it may see, late rather than not."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.alerts import Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Facts, Notice, Topic, Watched
from bot.domain.quiet_hours import DAY
from bot.domain.summary import Digest
from bot.evaluation.alert_state import is_muted
from bot.features.summary.due import day_of, digest_due, done_before, first_moment, mark_of
from bot.features.summary.rules import Past, Tally, digest_of
from bot.storage import alerts, chats, outbox, summary
from bot.storage.connection import Connection
from bot.storage.database import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DigestContext:
    """Handed to the summaries as one.

    ``chats`` are those that get one, ``watched`` gives what a chat may see, ``runs_out`` when, at the earliest, the
    credits of accounts run out, by key. ``write`` puts a summary into a message, which has a ``text``. ``topic`` is
    the notices'; ``on_notices`` is called once something was put into the outbox.
    """

    store: Store
    chats: Callable[[], Sequence[Chat]]
    watched: Callable[[Chat], Awaitable[Sequence[Watched]]]
    runs_out: Callable[[Sequence[Watched]], Awaitable[Mapping[str, datetime]]]
    write: Callable[[Digest, datetime], Any]
    clock: Callable[[], datetime]
    zone: ZoneInfo
    at: time
    topic: Topic
    on_notices: Callable[[], None]


class Digests:
    """The daily summaries. A day counts as done in the transaction that puts its summaries into the outbox."""

    def __init__(self, context: DigestContext) -> None:
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
        day = digest_due(last, now, context.zone, context.at)
        if day is None:
            return
        notices = await self._notices(day, now)
        async with context.store.write() as connection:
            silences = await alerts.active_silences(connection, now)
            told = [(chat, notice) for chat, notice in notices if not is_muted("", chat, silences, now)]
            for chat, notice in told:
                await outbox.put(connection, [notice], [chat], now)
            await self._done(connection, day)
        log.info(
            "The summary of %s: chats that get it: %d, chats that muted it: %d",
            day,
            len(told),
            len(notices) - len(told),
        )
        context.on_notices()

    async def _notices(self, day: date, now: datetime) -> list[tuple[Chat, Notice]]:
        """Each chat's summary; none for a chat that sees no account."""
        since = self._since(day, now)
        async with self._context.store.read() as connection:
            pasts = await pasts_since(connection, since)
        found = [(chat, await self._text(chat, pasts, since, now)) for chat in self._context.chats()]
        topic = self._context.topic
        facts = ((chat, Facts(said=text, taken_at=now)) for chat, text in found if text)
        return [(chat, Notice(f"digest|{day.isoformat()}", topic, Severity.INFO, facts=fact)) for chat, fact in facts]

    async def _text(self, chat: Chat, pasts: Mapping[str, Past], since: datetime, now: datetime) -> str:
        """One chat's summary in words."""
        context = self._context
        watched = await context.watched(chat)
        if not watched:
            return ""
        runs_out = await context.runs_out(watched)
        async with context.store.read() as connection:
            told = await summary.told(connection, chat, since)
        message = context.write(digest_of(watched, pasts, told, runs_out, since, now), now)
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
