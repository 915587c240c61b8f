"""The second channel: alerts that Telegram has not taken for a while, or nobody acknowledged, go to Apprise too.

Apprise runs in a short-lived process, one for each message: it can hang without harm, its 30 MiB end with it, and its
output, which can hold an address and with it a password, never reaches the log.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.config.fallback_urls import way_of
from bot.domain.chats import SECOND_CHANNEL
from bot.features.fallback.apprise_process import NO_ADDRESS, NO_LIBRARY, NOT_TAKEN, TAKEN
from bot.features.fallback.rules import due_for_fallback, of_no_use
from bot.outbox.batching import Batch, batches
from bot.storage import fallback, outbox
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.storage.fallback import FallbackDelivery
from bot.support import subprocesses
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseBusyError

log = logging.getLogger(__name__)

COMMAND = subprocesses.command("bot.features.fallback.apprise_process")
SECONDS = 40.0
LOOK_EVERY = 15.0
TIMED_OUT = -1
MISSING = (
    "Apprise is not installed, so the second channel sends nothing: install requirements.lock, or "
    "pip install 'apprise>=2.2,<3' beside the bot, and restart the bot"
)
WRONGS = {
    NOT_TAKEN: "the message was not taken: check the address, its password and the network; apprise -vv -b test "
    "ADDRESS says more",
    NO_ADDRESS: "is not an address that Apprise knows: compare it with https://appriseit.com/services/",
    NO_LIBRARY: MISSING,
    TIMED_OUT: f"did not answer within {SECONDS:.0f} s: check the address and the network",
}


@dataclass(frozen=True, slots=True)
class PlainMessage:
    """A message for a channel of plain text."""

    title: str
    body: str


class Writer(Protocol):
    """Writes a batch as plain text."""

    def __call__(self, batch: Batch) -> tuple[Batch, PlainMessage]:
        """The part of a batch that one message holds, and that message."""


class Channel(Protocol):
    """Sends plain messages."""

    async def carry(self, letter: PlainMessage) -> list[tuple[str, int]]:
        """Each address's channel in words, and the exit code of the attempt."""


class Apprise:
    """Sends a message to every address, each in a process of its own, one after the other."""

    def __init__(self, addresses: Sequence[str], command: Sequence[str] = COMMAND, timeout: float = SECONDS) -> None:
        """``addresses`` are secrets."""
        self._addresses = addresses
        self._command = command
        self._timeout = timeout

    async def carry(self, letter: PlainMessage) -> list[tuple[str, int]]:
        """Each address's channel in words, and the exit code of the attempt. Raises nothing."""
        return [(way_of(address), await self._send(address, **asdict(letter))) for address in self._addresses]

    async def check(self) -> list[tuple[str, int]]:
        """The same without a message: whether Apprise is installed and accepts each address."""
        return [(way_of(address), await self._send(address)) for address in self._addresses]

    async def _send(self, address: str, **message: str) -> int:
        """Runs one process. The address goes in by a pipe, because other users can read arguments."""
        given = json.dumps({"address": address, **message}).encode()
        try:
            ended = await subprocesses.run(self._command, given, self._timeout, more=subprocesses.proxies(), quiet=True)
        except TimeoutError:
            return TIMED_OUT
        except OSError:
            return NOT_TAKEN
        return ended.code


class FallbackSender:
    """Watches what Telegram does not take. A message goes out, and then that is recorded: at least once.

    It is sent once one address has taken it; while none does, it is retried, more and more rarely.
    """

    def __init__(
        self,
        store: Store,
        courier: Channel,
        write: Writer,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        after: timedelta,
    ) -> None:
        """``timer`` counts seconds and never jumps; ``clock`` returns aware UTC."""
        self._store = store
        self._courier = courier
        self._write = write
        self._clock = clock
        self._timer = timer
        self._after = after
        self.backoff = Backoff(first=60.0, longest=1800.0)
        self._failures = 0
        self._ready_at = 0.0

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            try:
                await self.look()
            except DatabaseBusyError as error:
                log.debug("The second channel waits: %s", error)  # it is logged already
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Sends what is due."""
        if self._timer() < self._ready_at:
            return
        for batch in [*await self._escalated(), *await self._due()]:
            part, letter = self._write(batch)
            if not await self._tell(part, letter):
                return

    async def _escalated(self) -> list[Batch]:
        """Escalated alerts and their ends, as messages. Drops those that nobody needs any longer."""
        async with self._store.read() as connection:
            waiting = await outbox.elsewhere(connection)
        useless = of_no_use(waiting, self._clock())
        if useless:
            async with self._store.write() as connection:
                await outbox.drop_elsewhere(connection, useless)
        return batches(one for one in waiting if one.id not in useless)

    async def _due(self) -> list[Batch]:
        async with self._store.read() as connection:
            now = self._clock()
            waiting = await fallback.untaken(connection, now, self._after)
            told = await fallback.sent(connection, {part.notification.key for part in waiting}) if waiting else {}
        return batches(due_for_fallback(waiting, now, self._after, told.keys()))

    async def _tell(self, part: Batch, letter: PlainMessage) -> bool:
        """Sends one message and records it; False if no address took it."""
        updates = await self._courier.carry(letter)
        for number, (way, code) in enumerate(updates, 1):
            if code != TAKEN:
                log.warning("FALLBACK_URLS, address %d (%s): %s", number, way, words_of(code))
        ways = list(dict.fromkeys(way for way, code in updates if code == TAKEN))
        if not ways:
            self._failures += 1
            self._ready_at = self._timer() + self.backoff.wait(self._failures)
            return False
        self._failures = 0
        told = FallbackDelivery(self._clock(), " and ".join(ways))
        keys = [delivery.notification.key for delivery in part.deliveries]
        escalated = [delivery.id for delivery in part.deliveries if delivery.chat == SECOND_CHANNEL]

        async def note(connection: Connection) -> None:
            await fallback.note(connection, keys, told)
            await outbox.drop_elsewhere(connection, escalated)

        await self._store.write_patiently(note)
        why = "Nobody acknowledged" if escalated else "Telegram does not take messages"
        log.warning("%s: %d went out by %s", why, len(keys), told.ways)
        return True


def words_of(code: int) -> str:
    """The meaning of an exit code, with its remedy."""
    return WRONGS.get(code, WRONGS[NOT_TAKEN])


async def log_unusable(channel: Apprise) -> None:
    """Logs at the start why the second channel cannot send, and which address is wrong. Sends nothing."""
    for number, (way, code) in enumerate(await channel.check(), 1):
        if code == NO_LIBRARY:
            log.error("FALLBACK_URLS: %s", MISSING)
            return
        if code == NO_ADDRESS:
            log.error("FALLBACK_URLS, address %d (%s): %s", number, way, words_of(code))
        elif code != TAKEN:
            log.error("FALLBACK_URLS, address %d (%s): cannot be checked; try credit-bot doctor", number, way)


TEST = PlainMessage(
    "credit-bot doctor: a test", "This address can be reached. Alerts come here when Telegram takes none."
)


async def try_addresses(addresses: Sequence[str], command: Sequence[str] = COMMAND) -> list[tuple[bool, str]]:
    """Sends a test to every address; returns for each whether it was taken, and words without the address."""
    tries = [Apprise([address], command).carry(TEST) for address in addresses]
    updates = [update for (update,) in await asyncio.gather(*tries)]
    return [
        (code == TAKEN, f"address {number} ({way}): {'a test message was taken' if code == TAKEN else words_of(code)}")
        for number, (way, code) in enumerate(updates, 1)
    ]
