"""Rounds: a round ends when each account was checked since the round before.

An account with its own interval belongs to a round only while it is due, a paused one never. If all have their own
interval, the shortest counts for everyone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Round:
    """A round that ended: whether every account could be read, and whether any could."""

    whole: bool
    any_read: bool


class Rounds:
    """Counts checks up to whole rounds. ``every`` is the setting's interval between two checks."""

    def __init__(self, every: timedelta) -> None:
        self.watched: Mapping[str, timedelta | None] = {}
        self._every = every
        self._checked: Mapping[str, timedelta | None] = {}
        self._regular: set[str] = set()
        self._waits_for: set[str] = set()
        self._failed: set[str] = set()
        self._read = 0

    def watch(self, watched: Mapping[str, timedelta | None], paused: Collection[str] = ()) -> None:
        """Sets the watched accounts, their own intervals if they have one, and which of them are paused.

        New and resumed accounts belong to the present round.
        """
        checked = {key: every for key, every in watched.items() if key not in paused}
        self._waits_for = (self._waits_for & checked.keys()) | (checked.keys() - self._checked.keys())
        self.watched, self._checked = dict(watched), checked
        own = min((every for every in checked.values() if every), default=None)
        settings = {key for key, every in checked.items() if every is None}
        self._regular = settings or {key for key, every in checked.items() if every == own}

    def pause(self, paused: Collection[str]) -> None:
        self.watch(self.watched, paused)

    @property
    def all_paused(self) -> bool:
        """True if there are accounts, and all of them are paused."""
        return bool(self.watched) and not self._checked

    @property
    def shortest(self) -> timedelta | None:
        """The shortest interval of all; None if nothing is checked."""
        return min((every or self._every for every in self._checked.values()), default=None)

    @property
    def every(self) -> timedelta | None:
        """How often a round ends; None if nothing is checked."""
        return next((self._checked[key] or self._every for key in self._regular), None)

    def due(self, keys: Iterable[str]) -> None:
        """Adds due accounts with their own interval to the present round."""
        self._waits_for |= (self._checked.keys() & set(keys)) - self._regular

    def looked(self, key: str, *, ok: bool) -> None:
        self._waits_for.discard(key)
        self._read += ok
        if not ok:
            self._failed.add(key)

    def end_with(self, keys: Iterable[str]) -> bool:
        return bool(self._checked) and self._waits_for <= set(keys)

    def ended(self) -> Round | None:
        """The round, if it has just ended; the next one then begins."""
        if self._waits_for or not self._checked or not (self._read or self._failed):
            return None
        ended = Round(whole=not self._failed, any_read=self._read > 0)
        self._waits_for, self._failed, self._read = set(self._regular), set(), 0
        return ended
