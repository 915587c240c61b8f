"""The reports of ``credit-bot backup`` and ``credit-bot restore``."""

from datetime import datetime
from pathlib import Path

from bot import __version__
from bot.storage.backup import back_up
from bot.storage.backup_file import Holds, Manifest
from bot.storage.restore import Restored, restore
from bot.storage.schema import REVISION
from bot.telegram.text.dates import format_ago
from bot.telegram.text.formatting import format_count


def backed_up(database: str, file: Path, now: datetime) -> str:
    """Backs the database up; the report. Raises BackupError."""
    return backup_text(back_up(database, file, now), database, file, file.stat().st_size)


def restored(file: Path, database: str, now: datetime, *, replace: bool) -> str:
    """Restores a backup; the report. Raises BackupError or DatabaseUnusableError."""
    return restore_text(restore(file, database, now, replace=replace), database, file, now)


def backup_text(manifest: Manifest, database: str, file: Path, size: int) -> str:
    return "\n".join(
        [
            f"Backed up {database} to {file} ({size_text(size)}).",
            f"It holds {holds_text(manifest.holds)}; credit-bot {manifest.program}, schema {manifest.schema_revision}.",
            "No token is in it, but emails, chats and credits are: keep it where only you can read it.",
        ]
    )


def restore_text(done: Restored, database: str, file: Path, now: datetime) -> str:
    manifest = done.manifest
    taken = f"{manifest.taken_at:%Y-%m-%d %H:%M} UTC ({format_ago(manifest.taken_at, now)})"
    lines = [
        f"Restored {file} to {database}: the state of {taken}.",
        f"It holds {holds_text(manifest.holds)}; credit-bot {manifest.program}, schema {manifest.schema_revision}.",
    ]
    if manifest.schema_revision != REVISION:
        lines.append(f"It was moved to schema {REVISION} of credit-bot {__version__}.")
    if manifest.holds.waiting:
        lines.append("What waited then goes out at the next start, marked “perhaps sent before”.")
    if done.kept:
        lines.append(f"What was there before is in {done.kept.absolute()}.")
    return "\n".join([*lines, "Start the bot to go on."])


def holds_text(holds: Holds) -> str:
    """The content of a backup: "2 accounts, 140 readings, 1 alert that fires, no message that waits, 1 chat"."""
    waiting = "messages that wait" if holds.waiting != 1 else "message that waits"
    parts = (
        format_count(holds.accounts, "account"),
        format_count(holds.readings, "reading"),
        f"{format_count(holds.firing, 'alert')} that {'fires' if holds.firing == 1 else 'fire'}",
        f"{holds.waiting:,} {waiting}",
    )
    return f"{', '.join(parts)} and {format_count(holds.chats, 'chat')}"


def size_text(size: int) -> str:
    """A file's size for people."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
