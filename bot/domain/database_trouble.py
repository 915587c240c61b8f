"""Why the database cannot be used: when that begins, when it ends, and what to do. Pure."""

from dataclasses import dataclass, replace
from enum import IntEnum

CALM_S = 20.0
"""A trouble that can pass is over after a successful write and this long without a failure."""

LOCKED_FOR_S = 60.0
"""How long another program can lock the database before people get an alert."""


class DatabaseTrouble(IntEnum):
    """Why the database cannot be used; a later member is worse."""

    LOCKED = 1
    READ_ONLY = 2
    FULL = 3
    FAILING = 4
    DELETED = 5
    REPLACED = 6
    DAMAGED = 7

    @property
    def passes(self) -> bool:
        """True if a successful write proves its end. The others let writes succeed that are lost later."""
        return self <= DatabaseTrouble.FAILING

    @property
    def what(self) -> str:
        return WORDS[self][0]

    @property
    def mend(self) -> str:
        """The remedy while the bot runs."""
        return WORDS[self][1]

    @property
    def mend_at_start(self) -> str:
        """The remedy when it kept the bot from starting."""
        return self.mend.removesuffix(f"; {BY_ITSELF}")


BY_ITSELF = "the bot then goes on by itself"
WORDS = {
    DatabaseTrouble.LOCKED: ("another program holds the database", f"end that program; {BY_ITSELF}"),
    DatabaseTrouble.READ_ONLY: (
        "the database cannot be written",
        f"let the bot's user write its file and folder; {BY_ITSELF}",
    ),
    DatabaseTrouble.FULL: ("the disk of the database is full", f"free some space on it; {BY_ITSELF}"),
    DatabaseTrouble.FAILING: (
        "the disk of the database fails",
        f"check the disk, and keep the database on a local one, not on a network share; {BY_ITSELF}",
    ),
    DatabaseTrouble.DELETED: (
        "the database file was deleted",
        "let the bot's user write its folder; the bot puts it back",
    ),
    DatabaseTrouble.REPLACED: ("another file has taken the database's place", "start the bot again to use that file"),
    DatabaseTrouble.DAMAGED: (
        "the database is damaged",
        "stop the bot, put a backup in its place with credit-bot restore FILE --replace, and start the bot again",
    ),
}


@dataclass(frozen=True, slots=True)
class Failing:
    """A trouble that lasts. ``said`` is the driver's text; moments are seconds of a monotonic clock."""

    trouble: DatabaseTrouble
    said: str
    since: float
    last: float

    @property
    def words(self) -> str:
        """The trouble and its remedy, in one line."""
        return f"{self.trouble.what}{f' ({self.said})' if self.said else ''}: {self.trouble.mend}"

    def is_problem(self, now: float) -> bool:
        """True if people have to know. They do at once, except for another program's lock, which can be short."""
        return self.trouble is not DatabaseTrouble.LOCKED or now - self.since >= LOCKED_FOR_S


def failed(before: Failing | None, trouble: DatabaseTrouble, said: str, now: float) -> Failing:
    """The trouble after a failure: the worst since the beginning."""
    if before is None:
        return Failing(trouble, said, now, now)
    if trouble > before.trouble:
        return Failing(trouble, said, before.since, now)
    return replace(before, last=now)


def succeeded(before: Failing, now: float) -> Failing | None:
    """The trouble after a successful write: None where it can pass and was quiet for long enough."""
    quiet = before.trouble is DatabaseTrouble.LOCKED or now - before.last >= CALM_S
    return None if before.trouble.passes and quiet else before
