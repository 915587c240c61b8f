"""Every error that is ours to raise, as one tree.

::

    BotError                    anything we say in words, never with a traceback
    ├── SettingsError           what is set cannot be used; exit code 78
    ├── StartError              what the bot cannot start without; exit code 69
    │   └── DatabaseUnusable    missing folder, no rights, corrupt, newer, not ours, or in use by another bot
    ├── DatabaseTrouble         it could not be used just now: locked, full, read-only; worth another try
    ├── DrawingTrouble          a picture could not be drawn; the rest of the answer stands
    ├── UsageError              wrong words on the command line or in the chat, with an example that works
    └── LookError               a look failed; the kind tells whom it concerns

The text of each is what a person reads: who, what, why, and the next step. It never holds a secret.
"""

from datetime import timedelta

from bot.domain.accounts import FailureKind


class BotError(Exception):
    """The root of the tree."""

    exit_code = 1


class SettingsError(BotError):
    """Every fault of the settings at once, a line each."""

    exit_code = 78

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StartError(BotError):
    """Something the bot cannot start without is not to be had."""

    exit_code = 69


class DatabaseUnusableError(StartError):
    """The database cannot be opened as ours; its file has not been touched."""


class DatabaseBusyError(BotError):
    """The database could not be used just now; what was to be done has not been done, and may work later."""


class ChartError(BotError):
    """A picture could not be drawn: no library, no time, no room; the text says so to the person who asked."""


class UsageError(BotError):
    """The words were wrong; the text says which ones are right."""

    exit_code = 64


class SourceError(BotError):
    """One look at a source failed: ``kind`` and ``said`` become the outage; ``retry_after`` is the server's wish.

    ``status`` is the answer's, where one came.
    """

    def __init__(
        self, kind: FailureKind, said: str, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{kind.value}: {said}")
        self.kind = kind
        self.said = said
        self.retry_after = retry_after
        self.status = status
