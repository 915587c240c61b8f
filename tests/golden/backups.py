"""What ``credit-bot backup`` and ``credit-bot restore`` print, and with which words they refuse."""

import errno
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import chdir, closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import __version__
from bot.cli.backup import backed_up, restored
from bot.storage.backup import unwritten
from bot.storage.backup_file import FORMAT
from bot.storage.database import hold
from bot.storage.migrate import upgrade
from bot.storage.schema import REVISION
from bot.support.errors import BotError
from tests.support.given import NOW

DATABASE, FILE = "credit-bot.db", Path("backup.zip")
CONTENT = (
    (
        "INSERT INTO accounts (key, source, email, watched, next_check_at, failures)"
        " VALUES ('pixverse:a', 's', 'a', 1, 0, 0), ('pixverse:b', 's', 'b', 1, 0, 0)"
    ),
    "INSERT INTO readings (account, taken_at, monthly) VALUES ('pixverse:a', 1, 5)",
    "INSERT INTO alerts (subject, measure, level, episode, sequence) VALUES ('pixverse:a', 'credits', 3, 1, 1)",
    (
        "INSERT INTO outbox (chat_id, thread_id, key, topic, subject, episode, reason, severity, facts, state,"
        " created_at, attempts) VALUES (1, 0, 'k', 'alert', 'pixverse:a', 1, 'fired', 3, '{}', 'pending', 0, 0)"
    ),
    "INSERT INTO chats (chat_id, thread_id, greeted_at) VALUES (1, 0, 1)",
)


def backups() -> Mapping[str, str]:
    """The reports, and each refusal."""
    with TemporaryDirectory() as folder, chdir(folder):
        upgrade(DATABASE)
        nothing = said(lambda: backed_up(DATABASE, Path("empty.zip"), NOW))
        execute(DATABASE, *CONTENT)
        shutil.copy(DATABASE, "other.db")
        reports = {
            "backup": said(lambda: backed_up(DATABASE, FILE, NOW)),
            "backup of an empty database": nothing,
            "restore": said(lambda: put_back("new.db")),
            "restore, replaced": said(lambda: put_back(DATABASE, replace=True)),
            "restore, an older schema": said(restore_older),
        }
        return {name: sized(text.replace(folder, "/srv")) for name, text in (reports | refusals()).items()}


def refusals() -> dict[str, str]:
    """Everything that both refuse; the database and the backup are there."""
    execute("foreign.db", "CREATE TABLE songs (title)")
    Path("letter.txt").write_text("Dear Ann", encoding="utf-8")
    Path("nothing.zip").touch()
    Path("cut.zip").write_bytes(FILE.read_bytes()[:900])
    with zipfile.ZipFile("songs.zip", "w") as songs:
        songs.writestr("songs.txt", "Dear Ann")
    with zipfile.ZipFile("newer.zip", "w", zipfile.ZIP_DEFLATED) as newer:
        newer.writestr("manifest.json", json.dumps({"format": FORMAT, "version": 2, "program": "9.1.0"}))
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    refused = {
        "backup over a file": lambda: backed_up(DATABASE, FILE, NOW),
        "backup, no database": lambda: backed_up("none.db", Path("b.zip"), NOW),
        "backup, no folder": lambda: backed_up(DATABASE, Path("no/such/b.zip"), NOW),
        "backup, another program's": lambda: backed_up("foreign.db", Path("b.zip"), NOW),
        "backup, no database at all": lambda: backed_up("letter.txt", Path("b.zip"), NOW),
        "backup, a full disk": lambda: f"credit-bot: {FILE} {unwritten(full, FILE)} No backup was written.",
        "restore over content": lambda: put_back("other.db"),
        "restore beside a bot": beside_a_bot,
        "restore, another program's": lambda: put_back("foreign.db", replace=True),
        "restore a text": lambda: put_back("none.db", Path("letter.txt")),
        "restore nothing": lambda: put_back("none.db", Path("nothing.zip")),
        "restore a cut one": lambda: put_back("none.db", Path("cut.zip")),
        "restore another program's": lambda: put_back("none.db", Path("songs.zip")),
        "restore a newer one": lambda: put_back("none.db", Path("newer.zip")),
        "restore a database": lambda: put_back("none.db", Path(DATABASE)),
        "restore, no file": lambda: put_back("none.db", Path("none.zip")),
    }
    return {name: said(act) for name, act in refused.items()}


def put_back(database: str, file: Path = FILE, *, replace: bool = False) -> str:
    """Two hours after the backup."""
    return restored(file, database, NOW + timedelta(hours=2), replace=replace)


def beside_a_bot() -> str:
    """One that runs."""
    with closing(hold("other.db")):
        return put_back("other.db", replace=True)


def restore_older() -> str:
    """A backup of a version before."""
    upgrade("older.db", "0014")
    execute("older.db", *CONTENT)
    backed_up("older.db", Path("older.zip"), NOW)
    return put_back("newer.db", Path("older.zip"))


def execute(database: str, *statements: str) -> None:
    """Changes a database."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def said(act: Callable[[], str]) -> str:
    """What is printed, with the exit code if it is not 0."""
    try:
        return act()
    except BotError as error:
        return f"credit-bot: {error}\nexit code {error.exit_code}"


def sized(text: str) -> str:
    """The same words at each version and schema, and whatever the compression makes of the rows."""
    text = text.replace(f"schema {REVISION}", "schema NNNN").replace(__version__, "N.N.N")
    before, kilobytes, after = text.partition(" kB)")
    return f"{before.rpartition('(')[0]}(4{kilobytes}{after}" if kilobytes else text
