"""Which accounts there are: those of the settings, or all that a source lists, asked for again every hour."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.context import Context
from bot.core.looks import gone_notice, listing_noted, newly_listed
from bot.core.model import Account, Facts, Listing, Notice, Outage, Severity, SilenceKind, SourceState, Topic
from bot.rounds import Rounds
from bot.store import accounts, alerts, chats, outbox
from bot.verdicts import Verdicts

log = logging.getLogger(__name__)

LIST_EVERY = timedelta(hours=1)


def account_key(source: str, email: str) -> str:
    """An account's key: ``pixverse:alice@example.com``."""
    return f"{source}:{email}"


class Discovery:
    """Keeps the list of watched accounts."""

    def __init__(
        self, context: Context, verdicts: Verdicts, rounds: Rounds, configured: Sequence[tuple[str, str | None]]
    ) -> None:
        """``configured`` are emails with their labels; where there are any, no source is asked for its list."""
        self._store = context.store
        self._sources = context.sources
        self._recipients = context.recipients
        self._every = context.every
        self._clock = context.clock
        self._on_notices = context.on_notices
        self._verdicts = verdicts
        self._rounds = rounds
        self._configured = configured
        self._asking = asyncio.Lock()

    async def resume(self) -> None:
        """Takes up the accounts that are known: those of the settings, or those that were listed last."""
        now = self._clock()
        async with self._store.write() as connection:
            if self._configured:
                await self._watch_configured(connection, now)
            await self._watched_changed(connection, now)
        self._on_notices()

    async def _watch_configured(self, connection: AsyncConnection, now: datetime) -> None:
        """Watches the accounts of the settings and no others; that is the user's wish, so nothing is said of it."""
        (source,) = self._sources
        wanted = {
            account_key(source, email): Account(account_key(source, email), source, email, label)
            for email, label in self._configured
        }
        await accounts.watch(connection, [(account, now) for account in wanted.values()])
        left = [account.key for account in await accounts.watched(connection) if account.key not in wanted]
        await accounts.unwatch(connection, left)
        await alerts.close(connection, left)

    async def tick(self) -> bool:
        """Asks every source whose list is due: each hour, and each interval while it fails or is empty.

        Says whether any was asked.
        """
        if self._configured or self._asking.locked():
            return False
        async with self._store.read() as connection:
            due = [key for key in self._sources if self._is_due(await accounts.source(connection, key))]
        for key in due:
            await self.ask(key)
        return bool(due)

    def _is_due(self, state: SourceState) -> bool:
        """Whether a source's list is to be asked for again."""
        asked = state.outage.taken_at if state.outage else state.listed_at
        fresh = LIST_EVERY if state.outage is None and state.listed else self._every
        age = self._clock() - asked if asked else None
        return age is None or age >= fresh or age < timedelta(0)

    async def ask_all(self) -> None:
        """Asks every source for its list now, unless the settings name the accounts."""
        if not self._configured:
            for key in self._sources:
                await self.ask(key)

    async def ask(self, key: str) -> None:
        """Asks one source for its list, and watches what it lists."""
        async with self._asking:
            listing = await self._listing(key)
            now = self._clock()
            async with self._store.write() as connection:
                state = listing_noted(await accounts.source(connection, key), listing)
                await accounts.save_source(connection, state)
                if isinstance(listing, Listing):
                    await self._take_over(connection, key, listing, now)
                else:
                    self._log_outage(key, listing)
                await self._verdicts.decide_source(connection, key, now)
                await self._watched_changed(connection, now)
            self._on_notices()

    async def _listing(self, key: str) -> Listing | Outage:
        """The source's list. An empty one is asked for twice: a passing 404 must not end the watch over everyone."""
        listing = await self._sources[key].list_accounts()
        if isinstance(listing, Listing) and not listing.accounts and self._rounds.watched:
            return await self._sources[key].list_accounts()
        return listing

    def _log_outage(self, key: str, outage: Outage) -> None:
        """Says in the log that a list could not be read."""
        log.warning("%s: the list of accounts cannot be read: %s: %s", key, outage.kind.value, outage.said)

    async def _take_over(self, connection: AsyncConnection, key: str, listing: Listing, now: datetime) -> None:
        """Watches the newly listed, says who is gone, and notes what the list says is wrong."""
        known = [account for account in await accounts.watched(connection) if account.source == key]
        by_email = {account.email.lower(): account for account in known}
        fresh = newly_listed(listing, by_email)
        if fresh:
            log.info("%s lists %d account(s), %d of them new", key, len(listing.accounts), len(fresh))
        new = [Account(account_key(key, one.email), key, one.email, listed_error=one.error) for one in fresh]
        await accounts.watch(connection, [(account, now) for account in new])
        listed = {one.email.lower(): one.error for one in listing.accounts}
        errors = {
            account.key: listed[email]
            for email, account in by_email.items()
            if email in listed and listed[email] != account.listed_error
        }
        await accounts.note_listed(connection, errors)
        await self._part_with(connection, [account for email, account in by_email.items() if email not in listed], now)

    async def _part_with(self, connection: AsyncConnection, gone: Sequence[Account], now: datetime) -> None:
        """Watches accounts no more, and says so once."""
        if not gone:
            return
        keys = [account.key for account in gone]
        await accounts.unwatch(connection, keys)
        await alerts.close(connection, keys)
        silences = await alerts.active_silences(connection, now)
        muted = {silence.subject for silence in silences}
        everything = any(silence.kind is SilenceKind.ALL for silence in silences)
        notices = [gone_notice(account, now) for account in gone if not everything and account.key not in muted]
        await outbox.put(connection, notices, await self._recipients.refresh(connection), now)

    async def _watched_changed(self, connection: AsyncConnection, now: datetime) -> None:
        """Tells the rounds who is watched, and greets chats that were never used, once there is something to say."""
        watched = [account.key for account in await accounts.watched(connection)]
        self._rounds.watch(watched)
        if watched:
            await self._greet(connection, len(watched), now)

    async def _greet(self, connection: AsyncConnection, watched: int, now: datetime) -> None:
        """Greets each new chat, silently."""
        strangers = await chats.not_greeted(connection, await self._recipients.refresh(connection))
        for chat in strangers:
            notice = Notice(f"greeting|{chat}", Topic.GREETING, Severity.INFO, facts=Facts(total=watched))
            await outbox.put(connection, [notice], [chat], now)
        await chats.greet(connection, strangers, now)
