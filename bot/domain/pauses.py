"""Paused accounts: nobody checks them for a while, because a person works on the website with them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.accounts import Pause

EVERYONE = ""
"""The subject of a pause of every account, also of those that appear while it lasts."""


@dataclass(frozen=True, slots=True)
class PausedAccounts:
    """The pauses in force. ``resumed`` are accounts that the pause of all no longer covers."""

    own: Mapping[str, Pause] = field(default_factory=dict)
    everyone: Pause | None = None
    resumed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.own) or self.everyone is not None

    def all_of(self, key: str) -> list[Pause]:
        """Every pause that covers an account: its own, and that of all."""
        own, everyone = self.own.get(key), None if key in self.resumed else self.everyone
        return [pause for pause in (own, everyone) if pause]

    def of(self, key: str) -> Pause | None:
        """The pause of an account: the one that ends last, from the first one's beginning; None while it is checked."""
        own, everyone = self.own.get(key), None if key in self.resumed else self.everyone
        if own is None or everyone is None:
            return own or everyone
        return replace(max(own, everyone, key=lambda pause: pause.until), since=min(own.since, everyone.since))

    @property
    def every(self) -> list[Pause]:
        return [*self.own.values(), *([self.everyone] if self.everyone else [])]

    def over(self, now: datetime) -> list[Pause]:
        """Those that have ended."""
        return [pause for pause in self.every if pause.until <= now]
