"""A webhook that another program set for the bot's token: while there is one, Telegram refuses polling."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import Conflict, TelegramError

from bot.domain.durations import format_duration
from bot.telegram.calls import answered
from bot.telegram.sender import reason_of
from bot.telegram.text.sanitize import clean

log = logging.getLogger(__name__)

OTHER_POLLER = "another program polls with the same bot token (409): stop it, or give this bot a token of its own"
REMEDY = "Stop the program that sets it, or give this bot a token of its own; then restart this bot"


class Webhook:
    """Deletes the webhook at the start, and once while the bot runs. It leaves a second one.

    Two programs that undo each other's work would both get no updates. This one gives in, and reports who won.
    """

    def __init__(self, bot: Bot, timer: Callable[[], float] = time.monotonic) -> None:
        """``timer`` counts seconds and never jumps."""
        self._bot = bot
        self._timer = timer
        self._taken: tuple[str, float] | None = None

    @property
    def note(self) -> str | None:
        """The webhook that was found while the bot ran, for /status."""
        if self._taken is None:
            return None
        host, at = self._taken
        ago = format_duration(timedelta(seconds=self._timer() - at))
        return f"another program set a webhook at {host} for this bot; it was taken away {ago} ago"

    async def take_away(self) -> None:
        """Deletes a webhook from before the start. If that fails, the polling meets it."""
        try:
            host = await self.host()
            if host is not None:
                await self._bot.delete_webhook()
                log.warning("A webhook at %s was set for this bot; it was taken away, so that people get answers", host)
        except TelegramError as error:
            log.debug("Telegram was not asked for a webhook: %s", reason_of(error))

    async def explain(self, conflict: Conflict) -> str:
        """Which program keeps the polling from its answers. Deletes the first webhook."""
        said = "webhook" in conflict.message.lower()
        try:
            host = await self.host()
        except TelegramError as error:
            why = f"its address cannot be asked for: {reason_of(error)}"
            return f"another program set a webhook for this bot (409); {why}" if said else OTHER_POLLER
        if host is None:
            return "another program set a webhook for this bot (409) and deleted it" if said else OTHER_POLLER
        if self._taken is not None:
            return f"another program set a webhook at {host} again (409), so no command is answered. {REMEDY}"
        try:
            await self._bot.delete_webhook()
        except TelegramError as error:
            return f"another program set a webhook at {host} (409), and it cannot be taken away: {reason_of(error)}"
        self._taken = (host, self._timer())
        return f"another program set a webhook at {host} (409); it was taken away. If it comes back, it is left there"

    async def host(self) -> str | None:
        """The host that gets the bot's updates, or None. The rest of the address can hold a secret."""
        url = (await answered(self._bot.get_webhook_info())).url
        return host_of(url) if url else None


def host_of(url: object) -> str:
    """The host of an address, safe to show."""
    try:
        host = urlsplit(str(url)).hostname
    except ValueError:
        host = None
    return clean(host or "", 100, empty="an unknown address")
