"""Every error that is ours to raise, as one tree.

::

    BotError                      anything we report in words, never with a traceback
    ├── SettingsError             invalid settings; exit code 78
    ├── StartError                the bot cannot start without something; exit code 69
    │   ├── DatabaseUnusableError missing folder, no rights, corrupt, newer, not ours, or in use by another bot
    │   └── BackupError           a backup could not be written, read or restored
    ├── DatabaseBusyError         transient: locked, full, read-only; worth another attempt
    ├── ChartError                a chart could not be drawn; the rest of the answer stands
    ├── UsageError                wrong arguments on the command line or in the chat, with an example that works
    └── SourceError               a check failed; the kind says whom it concerns

The text of each is for people: who, what, why, and the next step. It never holds a secret.
"""

from datetime import timedelta

from bot.domain.accounts import FailureKind


class BotError(Exception):
    """The root of the tree."""

    exit_code = 1


class SettingsError(BotError):
    """All errors of the settings, a line each."""

    exit_code = 78

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StartError(BotError):
    """The bot cannot start without something."""

    exit_code = 69


class DatabaseUnusableError(StartError):
    """The database cannot be opened as ours; its file is unchanged."""


class BackupError(StartError):
    """A backup could not be written, read or restored; nothing was changed."""


class DatabaseBusyError(BotError):
    """Transient database error (locked, full, read-only). The transaction was rolled back."""


class ChartError(BotError):
    """A chart could not be drawn: no library, no time, no room; the text is for the person who asked."""


class UsageError(BotError):
    """Wrong arguments; the text has the right ones."""

    exit_code = 64


class SourceError(BotError):
    """A check failed: ``kind`` and ``said`` become the failure; ``retry_after`` is the server's.

    ``status`` is that of the answer, None without one.
    """

    def __init__(
        self, kind: FailureKind, said: str, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{kind.value}: {said}")
        self.kind = kind
        self.said = said
        self.retry_after = retry_after
        self.status = status
