"""The queue behind getUpdates, with the semantics of https://core.telegram.org/bots/api#getupdates."""

import asyncio
from collections.abc import Callable

from bot.simulator.server import Bell
from bot.simulator.telegram.model import CONFLICT, Json, RefusedError

ONLY_IF_ASKED_FOR = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class UpdateQueue:
    """Updates wait here until an offset beyond them confirms that they have arrived."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._waiting: list[Json] = []
        self._next_id = 1
        self._poller = 0
        self._allowed: frozenset[str] = frozenset()

    @property
    def pending(self) -> list[Json]:
        """The updates not yet confirmed, oldest first."""
        return list(self._waiting)

    def push(self, kind: str, content: Json) -> None:
        """Add an update, unless the last getUpdates that named kinds did not name this one."""
        if kind not in self._allowed if self._allowed else kind in ONLY_IF_ASKED_FOR:
            return
        self.push_raw({kind: content})

    def push_raw(self, update: Json) -> int:
        """Add an update of any content; returns the number that it gets."""
        number = self._next_id
        self._waiting.append({**update, "update_id": number})
        self._next_id += 1
        self._bell.ring()
        return number

    def clear(self) -> None:
        """Forget everything that waits."""
        self._waiting.clear()

    def allow(self, kinds: list[str]) -> None:
        """Take only these kinds from now on; an empty list is Telegram's default."""
        self._allowed = frozenset(kinds)

    def confirm(self, offset: int) -> None:
        """Forget the updates before `offset`; a negative one keeps only so many of the last."""
        if offset < 0:
            self._waiting = self._waiting[offset:]
        else:
            self._waiting = [update for update in self._waiting if update["update_id"] >= offset]

    async def poll(self, limit: int, seconds: float, check: Callable[[], None]) -> list[Json]:
        """Wait up to so many seconds for updates. A later poll ends this one with a conflict.

        `check` is called at the start and whenever something happened, and ends the poll by raising.
        """
        self._poller += 1
        mine = self._poller
        self._bell.ring()
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            check()
            if mine != self._poller:
                raise RefusedError(CONFLICT)
            left = deadline - asyncio.get_running_loop().time()
            if self._waiting or left <= 0:
                return self._waiting[:limit]
            await self._wait(left)

    async def _wait(self, seconds: float) -> None:
        try:
            await self._bell.wait(seconds)
        except TimeoutError:
            return
