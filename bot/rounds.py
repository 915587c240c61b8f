"""Rounds: every account looked at once. One ends when each has been since the round before ended."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Round:
    """A round that ended: whether every account could be read, and whether any could."""

    whole: bool
    any_read: bool


class Rounds:
    """Counts looks up to whole rounds."""

    def __init__(self) -> None:
        """Begins with nobody watched."""
        self.watched: set[str] = set()
        self._waits_for: set[str] = set()
        self._failed: set[str] = set()
        self._read = 0

    def watch(self, keys: Iterable[str]) -> None:
        """Who is watched from now on; the newcomers belong to the present round."""
        now = set(keys)
        self._waits_for = (self._waits_for & now) | (now - self.watched)
        self.watched = now

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
        self._waits_for, self._failed, self._read = set(self.watched), set(), 0
        return ended
