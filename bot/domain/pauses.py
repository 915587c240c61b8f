"""Who is paused: accounts that nobody checks for a while, because a person works on the website with them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.accounts import Pause

EVERYONE = ""
"""The subject of a pause that holds for every account, also for those that appear while it lasts."""


@dataclass(frozen=True, slots=True)
class PausedAccounts:
    """The pauses that hold. ``resumed`` are the accounts that the pause of everyone no longer holds for."""

    own: Mapping[str, Pause] = field(default_factory=dict)
    everyone: Pause | None = None
    resumed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anybody is paused."""
        return bool(self.own) or self.everyone is not None

    def all_of(self, key: str) -> list[Pause]:
        """Every pause that holds for an account: its own, and that of everyone."""
        own, everyone = self.own.get(key), None if key in self.resumed else self.everyone
        return [pause for pause in (own, everyone) if pause]

    def of(self, key: str) -> Pause | None:
        """The pause of an account: the one that lasts longest, since the first began; None while it is checked."""
        held = self.all_of(key)
        if len(held) < 2:
            return held[0] if held else None
        return replace(max(held, key=lambda pause: pause.until), since=min(pause.since for pause in held))

    @property
    def every(self) -> list[Pause]:
        """All of them."""
        return [*self.own.values(), *([self.everyone] if self.everyone else [])]

    def over(self, now: datetime) -> list[Pause]:
        """Those whose time is over."""
        return [pause for pause in self.every if pause.until <= now]
