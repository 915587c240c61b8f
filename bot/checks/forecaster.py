"""Forecasts from stored readings, apart from checks, because each takes some milliseconds."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from bot.checks.context import Context
from bot.checks.processor import AlertWriter
from bot.domain.accounts import Account
from bot.domain.credit_changes import Point
from bot.domain.history import unseen_of
from bot.domain.notifications import Notification
from bot.evaluation.forecast.foresee import HISTORY, MAKE_EVERY, add_point, foresee
from bot.evaluation.lapses import decide_lapses, lapses_of
from bot.storage import accounts, history, lapses
from bot.storage.connection import Connection

log = logging.getLogger(__name__)

AT_ONCE = 25
"""Forecasts computed in one go; other tasks run in between."""


class Forecaster:
    """Computes due forecasts, and notifies."""

    def __init__(self, context: Context, writer: AlertWriter) -> None:
        self._store = context.store
        self._active_targets = context.active_targets
        self._recipients = context.recipients
        self._clock = context.clock
        self._on_notifications = context.on_notifications
        self._writer = writer

    async def look(self) -> None:
        """Computes due forecasts, the longest waiting first."""
        async with self._store.read() as connection:
            due = await accounts.unforeseen(connection, self._clock(), MAKE_EVERY, AT_ONCE)
        for key in due:
            await self._foresee(key)
            await asyncio.sleep(0)  # a check or a message that waits goes first

    async def _foresee(self, key: str) -> None:
        """One account's forecast, and in the same transaction the updates of its alerts."""
        now = self._clock()
        async with self._store.read() as connection:
            past: list[Point] = []
            async for point in history.points(connection, key, now - HISTORY):
                if point.taken_at <= now:
                    add_point(past, point)
            gaps = (await history.gaps(connection, [key], now - HISTORY))[key]
        async with self._store.write() as connection:
            now = self._clock()
            account = (await accounts.load(connection, [key])).get(key)
            if account is None:
                return
            await self._recipients.refresh(connection)
            told = self._recipients.told_of(account.source, account.email)
            remembered = await self._writer.remembered(connection, [key], now)
            unseen = unseen_of(gaps, now - HISTORY, now)
            named, rules = self._active_targets.named(account), self._active_targets.rules_of(account)
            known, audience = remembered.alerts.get(key) or {}, remembered.audience(key, told)
            foreseen, updates = foresee(named, past, known, rules, audience, now, unseen)
            await accounts.save_foretold(connection, foreseen, now)
            notifications = await self._writer.say(connection, updates, remembered, now)
            notifications += await self._say_lapses(connection, foreseen, now)
        if notifications:
            self._on_notifications()

    async def _say_lapses(self, connection: Connection, account: Account, now: datetime) -> Sequence[Notification]:
        """Credits that lapse soon, for each chat once; and which of those that were sent no longer do."""
        told = await lapses.told(connection, account.key)
        found = decide_lapses(account, lapses_of(account, now), told, now)
        await lapses.end(connection, found.over, now)
        await lapses.forget(connection, found.past, now)
        await self._writer.put(connection, found.due, now)
        return found.due
