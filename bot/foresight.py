"""Forecasts: made from each account's stored readings, apart from its looks, for they take some milliseconds each."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

from bot.context import Context
from bot.core.foresee import HISTORY, foresee, is_due
from bot.core.model import Account
from bot.store import accounts, alerts, history
from bot.verdicts import Verdicts

log = logging.getLogger(__name__)

AT_ONCE = 25
"""Forecasts made in one go, so that a large fleet takes its turns."""


class Foresight:
    """Makes the forecasts that are due, and says what they call for."""

    def __init__(self, context: Context, verdicts: Verdicts) -> None:
        """Holds nothing but what it is handed."""
        self._store = context.store
        self._roster = context.roster
        self._clock = context.clock
        self._on_notices = context.on_notices
        self._verdicts = verdicts

    async def look(self) -> None:
        """Makes the forecasts that are due, the longest waiting first."""
        async with self._store.read() as connection:
            watched = await accounts.watched(connection)
            made = await accounts.foreseen_at(connection)
        for account in due_first(watched, made, self._clock())[:AT_ONCE]:
            await self._foresee(account.key)
            await asyncio.sleep(0)  # a look or a message that waits goes first

    async def _foresee(self, key: str) -> None:
        """One account's forecast, and in the same transaction what it does to the account's alerts."""
        now = self._clock()
        async with self._store.read() as connection:
            past = [point async for point in history.points(connection, key, now - HISTORY)]
        async with self._store.write() as connection:
            account = (await accounts.load(connection, [key])).get(key)
            if account is None:
                return
            remembered = (await alerts.load(connection, [key]))[key]
            silences = await alerts.active_silences(connection, now)
            named, rules = self._roster.named(account), self._roster.rules_of(account)
            foreseen, outcomes = foresee(named, past, remembered, rules, silences, now)
            await accounts.save_foretold(connection, foreseen, now)
            changed = [one for one in outcomes if one.alert != remembered.get(one.alert.measure)]
            notices = await self._verdicts.say(connection, changed, now)
        if notices:
            self._on_notices()


def due_first(watched: list[Account], made: Mapping[str, datetime], now: datetime) -> list[Account]:
    """The accounts whose forecast is due, the longest waiting first."""
    due = [account for account in watched if is_due(account, made.get(account.key), now)]
    return sorted(due, key=lambda account: (account.key in made, made.get(account.key, now)))
