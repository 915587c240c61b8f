"""Rounds: every account looked at once. One ends when each has been since the round before ended.

An account with an interval of its own belongs to a round only while it is due. Where all have one, the shortest counts
as everyone's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Round:
    """A round that ended: whether every account could be read, and whether any could."""

    whole: bool
    any_read: bool


class Rounds:
    """Counts looks up to whole rounds. ``every`` is the setting's interval between two looks."""

    def __init__(self, every: timedelta) -> None:
        """Begins with nobody watched."""
        self.watched: Mapping[str, timedelta | None] = {}
        self._every = every
        self._regular: set[str] = set()
        self._waits_for: set[str] = set()
        self._failed: set[str] = set()
        self._read = 0

    def watch(self, watched: Mapping[str, timedelta | None]) -> None:
        """Who is watched from now on, and how often where that has an interval of its own.

        The newcomers belong to the present round.
        """
        self._waits_for = (self._waits_for & watched.keys()) | (watched.keys() - self.watched.keys())
        self.watched = dict(watched)
        own = min((every for every in watched.values() if every), default=None)
        settings = {key for key, every in watched.items() if every is None}
        self._regular = settings or {key for key, every in watched.items() if every == own}

    @property
    def shortest(self) -> timedelta | None:
        """The shortest interval of all; None where nobody is watched."""
        return min((every or self._every for every in self.watched.values()), default=None)

    def due(self, keys: Iterable[str]) -> None:
        """Notes who is due now: an account with an interval of its own then belongs to the present round."""
        self._waits_for |= (self.watched.keys() & set(keys)) - self._regular

    def looked(self, key: str, *, ok: bool) -> None:
        """Notes a look."""
        self._waits_for.discard(key)
        self._read += ok
        if not ok:
            self._failed.add(key)

    def end_with(self, keys: Iterable[str]) -> bool:
        """Whether looks at these accounts would end the round."""
        return bool(self.watched) and self._waits_for <= set(keys)

    def ended(self) -> Round | None:
        """The round, if it has just ended; the next one then begins."""
        if self._waits_for or not self.watched or not (self._read or self._failed):
            return None
        ended = Round(whole=not self._failed, any_read=self._read > 0)
        self._waits_for, self._failed, self._read = set(self._regular), set(), 0
        return ended
