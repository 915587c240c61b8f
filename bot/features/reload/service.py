"""Reads the accounts file again while the bot runs, for ``/reload`` and SIGHUP."""

import asyncio
import logging
from collections.abc import Callable

from bot.checks.discovery import AccountDiscovery
from bot.checks.runner import CheckRunner
from bot.config.accounts_file.read import watchlist_for
from bot.config.settings import Settings
from bot.outbox.dispatcher import Dispatcher
from bot.support.background import Background
from bot.support.errors import SettingsError
from bot.telegram.text.replies import Reloaded

log = logging.getLogger(__name__)


class AccountsReload:
    """Puts the accounts file in force. A file that is wrong changes nothing, and the log says why."""

    def __init__(
        self,
        settings: Settings,
        secrets: list[str],
        discovery: AccountDiscovery,
        checks: CheckRunner,
        outbox: Dispatcher,
        background: Background,
        on_reload: Callable[[], None],
    ) -> None:
        """``secrets`` never appear in the log: those of the file are added. ``on_reload`` returns at once."""
        self._settings = settings
        self._secrets = secrets
        self._discovery = discovery
        self._checks = checks
        self._outbox = outbox
        self._background = background
        self._on_reload = on_reload
        self._lock = asyncio.Lock()

    async def reload(self) -> Reloaded:
        """Reads the file. Checks added accounts soon, stops watching removed ones. Rules hold from the next check."""
        if not self._settings.accounts_file:
            log.info("There is no ACCOUNTS_FILE to read again")
            return Reloaded(file=False)
        try:
            async with self._lock:
                targets = await asyncio.to_thread(watchlist_for, self._settings)
                self._secrets += [secret for secret in targets.secrets if secret not in self._secrets]
                done = await self._discovery.take(targets)
                self._on_reload()
        except SettingsError as error:
            log.error("The accounts file is wrong, and the old one goes on: %s", "; ".join(error.faults))
            return Reloaded(faults=tuple(error.faults))
        log.info(
            "Accounts file read again: %d watched, %d new, %d no longer watched", done.watched, done.new, done.left
        )
        self._background.start(self._follow_up())
        return Reloaded(sources=len(targets.sources), watched=done.watched, new=done.new, left=done.left)

    def reload_soon(self) -> None:
        """The same in the background, as a signal handler needs it; the log has the result."""
        self._background.start(self._reload())

    async def _reload(self) -> None:
        """Reads the file; nobody waits for the result."""
        await self.reload()

    async def _follow_up(self) -> None:
        """Sends waiting deliveries of new chats, reads the lists, and checks due accounts."""
        await self._outbox.review()
        await self._discovery.ask_all()
        await self._checks.start_due()
