"""Pairing: an invitation's ten minutes, and the wrong codes of a chat."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that was given out. ``first`` is the one in the log, for the bot's owner."""

    made_at: datetime
    by: str = ""
    first: bool = False

    def is_open(self, now: datetime) -> bool:
        """True if it can still be used. A clock that was set does not make it last longer."""
        return abs(now - self.made_at) < LIFETIME


@dataclass(frozen=True, slots=True)
class Guesses:
    """The wrong codes in a row, of one chat or of all, and when the last one came."""

    wrong: int = 0
    last_at: datetime | None = None


FORGIVEN_AFTER = timedelta(hours=2)
