"""Tests the database without changing it, and its folder by a small file that is deleted at once."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.cli.doctor.findings import PATIENCE, Finding, fail, ok, warn
from bot.domain.chats import Chat
from bot.storage.chats import follow
from bot.storage.database import BESIDE, inspect, try_place
from bot.storage.schema import REVISION
from bot.support.errors import DatabaseUnusableError

ROOM = 50 * 2**20
"""Bytes free below which somebody should know."""


async def examine_database(path: str) -> list[Finding]:
    """Where it is, whether it can be written, whether it is ours and whole, and who has it."""
    try:
        async with asyncio.timeout(PATIENCE):
            return [await asyncio.to_thread(database_finding, path)]
    except TimeoutError:
        return [fail("database", f"{path} cannot be read within {PATIENCE:.0f} s: is its disk well?")]


def database_finding(path: str) -> Finding:
    """The finding about the file."""
    obstacle = obstacle_at(Path(path))
    if obstacle:
        return fail("database", f"{obstacle}, or give DATABASE_URL another place")
    try:
        revision = inspect(path)
        try_place(path)
    except DatabaseUnusableError as error:
        return fail("database", str(error))
    except OSError as error:
        return fail("database", f"{path} cannot be read: {error.strerror}")
    words = f"{path}: {state_text(path, revision)}"
    free = shutil.disk_usage(Path(path).absolute().parent).free
    return (
        warn("database", f"{words}; only {free // 2**20} MB left on the disk") if free < ROOM else ok("database", words)
    )


def paired_chats(path: str) -> tuple[Chat, ...]:
    """The paired chats under their present ids; none if the database is unreadable. Only reads."""
    look = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?{look}", uri=True)) as connection:
            rows = connection.execute("SELECT chat_id, thread_id FROM paired_chats ORDER BY paired_at").fetchall()
            moved = dict(connection.execute("SELECT chat_id, moved_to FROM chats WHERE moved_to IS NOT NULL"))
    except (sqlite3.Error, OSError):
        return ()
    return tuple(Chat(follow(chat, moved)) if chat in moved else Chat(chat, topic or None) for chat, topic in rows)


def obstacle_at(file: Path) -> str | None:
    """The reason why the bot cannot write there, as this user, with the remedy; None if nothing does."""
    folder = file.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist: make it"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} cannot be written: let the bot's user write there"
    if file.is_dir():
        return f"{file} is a folder: name a file in it"
    for one in (file, *(Path(f"{file}{end}") for end in (".lock", *BESIDE))):
        if one.exists() and not os.access(one, os.R_OK | os.W_OK):
            return f"{one} cannot be written: give it to the bot's user"
    return None


def state_text(path: str, revision: str | None) -> str:
    used = ", in use by the running bot" if is_held(path) else ""
    if revision is None:
        return f"none yet, made at the first start{used}"
    if revision != REVISION:
        return f"whole, brought from schema {revision} to {REVISION} at the next start{used}"
    return f"whole, schema {revision}{used}"


def is_held(path: str) -> bool:
    """True if a bot holds the database. Takes the lock, shared, for a moment."""
    try:
        with Path(f"{path}.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
