"""Every line that the bot writes into its log, and with which words a command ends."""

import ast
import errno
import fcntl
import io
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, closing, redirect_stderr
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from telegram.error import NetworkError

from bot.checks.scheduler import WRONGS
from bot.cli import main
from bot.commands.updates import START_REFUSED
from bot.config.load import load_settings
from bot.domain.alerts import AlertRule
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.database_trouble import DatabaseTrouble, Failing
from bot.features.fallback import sender
from bot.features.fallback.apprise_process import NO_ADDRESS, NO_LIBRARY, NOT_TAKEN
from bot.features.pairing.text import left_line, log_line, paired_line
from bot.storage.database import FIRST_TABLES, hold, inspect, unreadable_text, unwritable_text
from bot.support.errors import BotError, DatabaseBusyError, DatabaseUnusableError, SettingsError, StartError, UsageError
from bot.support.proxies import ProxyError
from bot.telegram.sender import reason_of
from bot.telegram.text.services import watched_note
from bot.web.pages import cannot_listen
from tests.support.given import NOW, ago

BOT = Path(__file__).parents[2] / "bot"
METHODS = {"info", "warning", "error", "exception", "critical", "log"}
"""Those that a person reads; what is logged for developers alone (``debug``) is not."""

CHAT, KEY = Chat(-1001234567890, 45), "pixverse:alice@example.com"
GONE = NetworkError("Connection refused")
BLOCKED = "Forbidden: bot was blocked by the user"
FULL = Failing(DatabaseTrouble.FULL, "No space left on device", 0, 0).words
LOCKED = DatabaseBusyError(
    f"The database cannot be used just now: {Failing(DatabaseTrouble.LOCKED, 'database is locked', 0, 0).words}"
)
NOTE = "USEAPI_URL: /v2 was added; write https://api.useapi.net/v2"
Arguments = tuple[Any, ...]

LINES: dict[str, dict[str, list[Arguments]]] = {
    "app.py": {
        "%s": [(NOTE,)],
        "%s is plain http: whoever is on the way can read the token; use https": [("USEAPI_URL",)],
        "Stopping": [()],
        "Services at useapi.net: %s": [("PixVerse, Kling",)],
        "%s: %s": [(watched_note(["PixVerse"], remembered=False), "unavailable: Bad Gateway")],
    },
    "features/webhook/sender.py": {
        "The webhook: unexpected error": [()],
        "WEBHOOK_URL: events older than 7 days were dropped: %d (the receiver %s)": [(12, "answers 500")],
        "WEBHOOK_URL %s; trying again in %.0f s": [
            ("cannot be reached: Connection refused", 1.0),
            ("answers 302, a redirect, which is not followed: put the final address into WEBHOOK_URL", 300.0),
        ],
        "WEBHOOK_URL takes events again": [()],
    },
    "features/reload/service.py": {
        "There is no ACCOUNTS_FILE to read again": [()],
        "The accounts file is wrong, and the old one goes on: %s": [
            ("accounts.toml: source[1].account[1].email: is missing",)
        ],
        "Accounts file read again: %d watched, %d new, %d no longer watched": [(14, 2, 1)],
    },
    "support/background.py": {
        "%s": [(LOCKED,)],
        "A background task failed": [()],
        "A part of the bot has failed; the bot ends": [()],
    },
    "support/heartbeat.py": {
        "No heartbeat: an alert has reached nobody": [()],
        "HEARTBEAT_URL answers %d, so no beat was counted: check the address": [(503,)],
        "HEARTBEAT_URL cannot be reached: %s": [
            (ProxyError("the proxy socks5://127.0.0.1:1080 (ALL_PROXY) cannot be reached: Connection refused"),),
            ("TimeoutError",),
        ],
    },
    "features/board/publisher.py": {
        "The boards could not be brought up to date: %s": [(LOCKED,)],
        "The board of chat %s could not be brought up to date": [(CHAT,)],
        "The board of chat %s is taken down: the chat gets no messages any longer": [(CHAT,)],
        "The board of chat %s is not pinned: %s; the bot tries again": [(CHAT, "Bad Request: not enough rights")],
        "The board of chat %s follows it to chat %d": [(CHAT, -1009876543210)],
        "The board of chat %s is not current: %s; the bot tries again": [
            (CHAT, "Bad Request: message can't be edited")
        ],
        "The board of chat %s is current again": [(CHAT,)],
    },
    "features/endings/service.py": {
        "Messages whose alerts are over could not be marked: %s": [(LOCKED,)],
        "Messages whose alerts are over could not be marked": [()],
    },
    "telegram/menu.py": {"The command menu of chat %d could not be set: %s": [(111, "Bad Request: chat not found")]},
    "telegram/polling.py": {
        "Telegram cannot be polled": [()],
        "Update %d cannot be understood; it is skipped": [(123456789,)],
        "Update %d could not be handled": [(123456789,)],
        "Telegram answers the polling again": [()],
        "Polling: %s": [(f"Telegram cannot be reached: {reason_of(GONE)}",)],
    },
    "telegram/sender.py": {
        "Chat %s: Telegram finds a message wrong (%s); it goes again, plainer": [
            (CHAT, "Bad Request: can't parse entities")
        ],
        "Chat %s: Telegram refuses the topic (%s); sent without it": [(CHAT, "Bad Request: message thread not found")],
        "Chat %s: Telegram took a message, and its answer cannot be read": [(CHAT,)],
    },
    "commands/updates.py": {
        "%s; trying again in %.0f s": [(f"Telegram cannot be reached: {reason_of(GONE)}", 5.0)],
        "Talking as @%s": [("credit_bot",)],
        "An answer could not be sent: %s": [(BLOCKED,)],
        "An update could not be answered: %s": [(BotError("the accounts file cannot be read"),)],
        "An update could not be answered": [()],
        "%s": [("Telegram did not take the picture: Bad Request: IMAGE_PROCESS_FAILED.",)],
        "A tap could not be noted below its message: %s": [("Bad Request: message can't be edited",)],
    },
    "telegram/webhook.py": {
        "A webhook at %s was set for this bot; it was taken away, so that people get answers": [("hooks.example.com",)],
    },
    "checks/runner.py": {
        "%s is due again, and the check before still runs": [(KEY,)],
        "%s: unexpected error during a check": [(KEY,)],
        "%s: a check could not be saved": [(KEY,)],
        "%s: the other accounts are checked in their turns only": [("pixverse",)],
        "%s: news of one account, so %d others are checked as well": [("pixverse", 11)],
    },
    "cli/main.py": {"%s": [(NOTE,)]},
    "checks/clock_watch.py": {
        "%s%s": [
            (ClockStep(timedelta(hours=-2), NOW).words, ""),
            (ClockStep(timedelta(days=3), NOW).words, " while the bot was off"),
        ],
    },
    "commands/service.py": {"%s": [(paired_line(CHAT, "Kim"),), (left_line(CHAT, "Kim"),)]},
    "features/summary/service.py": {
        "The summary of %s: chats that get it: %d, chats that muted it: %d": [(NOW.date(), 3, 1), (NOW.date(), 1, 0)]
    },
    "checks/discovery.py": {
        "%s: the list of accounts cannot be read: %s: %s": [("pixverse", "unavailable", "Bad Gateway")],
        "%s: accounts listed: %d, new: %d": [("pixverse", 12, 3)],
        "%s: accounts no longer listed: %d; the next answer of the list decides": [("pixverse", 1)],
    },
    "checks/jobs.py": {
        "%s: the statistics of jobs can be read again": [("pixverse",)],
        "%s: the statistics of jobs cannot be read: %s": [("pixverse", "Bad Gateway")],
    },
    "checks/subscriptions.py": {
        "%s: the subscription at useapi.net can be read again": [("pixverse",)],
        "%s: the subscription at useapi.net cannot be read: %s": [("pixverse", "Bad Gateway")],
    },
    "features/history/drawing.py": {
        "The drawing process ended with %d: %s": [(-9, "MemoryError")],
        "The drawing process took over %.0f s and was ended": [(30.0,)],
        "The drawing process could not be started: %s": [(OSError(errno.ENOMEM, "Cannot allocate memory"),)],
    },
    "features/fallback/sender.py": {
        "FALLBACK_URLS, address %d (%s): %s": [
            (1, "mailto", sender.words_of(NOT_TAKEN)),
            (2, "mailtoo", sender.words_of(NO_ADDRESS)),
            (3, "ntfy", sender.words_of(sender.TIMED_OUT)),
        ],
        "%s: %d went out by %s": [
            ("Telegram does not take messages", 3, "mailto and ntfy"),
            ("Nobody acknowledged", 1, "ntfy"),
        ],
        "FALLBACK_URLS: %s": [(sender.words_of(NO_LIBRARY),)],
        "FALLBACK_URLS, address %d (%s): cannot be checked; try credit-bot doctor": [(1, "mailto")],
    },
    "support/logs.py": {
        "credit-bot has a defect and ends": [()],
        "A thread has failed": [()],
        "A clean-up has failed": [()],
    },
    "outbox/dispatcher.py": {
        "Delivery to chat %d: %s": [(111, LOCKED)],
        "Delivery to chat %d: unexpected error": [(111,)],
        "Chat %d has become chat %d; it is followed": [(-100222, -1009876543210)],
        "Chat %s takes messages again": [(CHAT,)],
        "Chat %s was not told (%s); trying again in %.0f s": [(CHAT, "Telegram asks for a pause", 30.0)],
        "Chat %s refuses messages: %s; trying again in %.0f s": [(CHAT, BLOCKED, 10.0)],
    },
    "features/pairing/service.py": {
        "%s": [(log_line("credit_bot", "a-code-of-32-letters"),)],
        "%d wrong pairing codes in a row, the last in chat %s; the right one still works": [(100, CHAT)],
    },
    "features/pauses/service.py": {
        "Checks of %s are paused until %s": [("Studio, Ads", NOW.isoformat()), ("all accounts", NOW.isoformat())],
        "Checks of %s go on": [("Studio",)],
    },
    "checks/scheduler.py": {
        "Job %s failed: %s": [("look", LOCKED)],
        "Job %s failed": [("look",)],
        "Job %s %s": [("look", words) for words in WRONGS.values()],
    },
    "storage/standing.py": {
        "Database %s: %s": [("credit-bot.db", FULL)],
        "Database %s: it can be used again, after %s": [("credit-bot.db", "43 min")],
    },
    "storage/values.py": {"The database holds a value that cannot be read: %s": [("1 validation error for Facts",)]},
    "checks/processor.py": {
        "Nobody was watching from %s to %s": [(ago(hours=5).isoformat(), NOW.isoformat())],
    },
    "checks/catch_up.py": {
        "%s: nobody acknowledged a critical alert (%s); it is escalated": [(KEY, AlertRule.CREDITS)],
    },
    "checks/results.py": {
        "%s: %s, which cannot be understood: the last known value stays": [(KEY, "expired_date is 1783468800000000")],
    },
    "web/pages.py": {"Health and metrics at http://%s:%d/healthz and /metrics": [("127.0.0.1", 8080)]},
}
"""By module and by the line as it stands in the code, where it has to be with its level: what is filled in."""


@dataclass(frozen=True)
class Line:
    """One call that logs."""

    module: str
    level: str
    words: str
    traceback: bool


def lines_in(bot: Path) -> Iterator[Line]:
    """Every call of the bot that logs something for people, in the order of the code; of the demo none."""
    for file in sorted(bot.rglob("*.py")):
        module = file.relative_to(bot).as_posix()
        calls = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
        found = (call for call in calls if is_log(call) and not module.startswith("demo/"))
        for call in sorted(found, key=lambda call: call.lineno):
            yield line_of(module, call)


def is_log(call: ast.Call) -> bool:
    """Whether a call logs: of ``log``, or of a logger that is asked for on the spot."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in METHODS:
        return False
    logger = ast.unparse(call.func.value)
    return logger == "log" or logger.startswith("logging.getLogger(")


def line_of(module: str, call: ast.Call) -> Line:
    """The line of a call; at a level that is chosen when it runs it is at most a warning."""
    assert isinstance(call.func, ast.Attribute)
    method = call.func.attr
    words = call.args[1] if method == "log" else call.args[0]
    assert isinstance(words, ast.Constant), (
        f"{module}:{call.lineno}: a line of the log is written out where it is logged"
    )
    traceback = method == "exception" or any(keyword.arg == "exc_info" for keyword in call.keywords)
    level = {"log": "WARNING", "exception": "ERROR"}.get(method, method.upper())
    return Line(module, level, str(words.value), traceback)


def log_lines() -> Mapping[str, str]:
    """Every line of the log, by module."""
    found: dict[str, list[str]] = {}
    for line in lines_in(BOT):
        known = LINES.get(line.module, {})
        samples = known.get(f"{line.level} {line.words}") or known.get(line.words)
        assert samples, (
            f"{line.module} logs “{line.words}”: tests/golden/logged.py needs to know what it is filled with"
        )
        rest = " (and a traceback)" if line.traceback else ""
        said = found.setdefault(line.module, [])
        said.extend(one for filled in samples if (one := f"{line.level} {line.words % filled}{rest}") not in said)
    unknown = {(module, words) for module, known in LINES.items() for words in known}
    for line in lines_in(BOT):
        unknown -= {(line.module, line.words), (line.module, f"{line.level} {line.words}")}
    assert not unknown, f"nothing logs this any more: {unknown}"
    return {module: "\n".join(said) for module, said in found.items()}


def ended_by(error: BaseException) -> str:
    """What a command that ends with an error leaves on the screen, and its exit code."""

    def fail(_: object) -> int:
        raise error

    said = io.StringIO()
    with mock.patch.object(main, "run", fail), redirect_stderr(said):
        code = main.main(["run"])
    return f"{said.getvalue()}exit code {code}"


def error_of(act: Callable[[], object]) -> BaseException:
    """The error that an act ends with."""
    try:
        act()
    except BotError as error:
        return error
    raise AssertionError("no error")


def ends() -> Mapping[str, str]:
    """With which words ``run`` ends where it does not end well."""
    with TemporaryDirectory() as folder, chdir(folder):
        return {name: ended_by(error) for name, error in endings().items()}


def endings() -> dict[str, BaseException]:
    """Every way to end, in an empty working folder."""
    damaged = sqlite3.DatabaseError("database disk image is malformed")
    taken = OSError(errno.EADDRINUSE, "Address already in use")
    return {
        "78, settings": error_of(lambda: load_settings(None, {"CHECK_EVERY": "soon"})),
        "78, an env file that is not there": error_of(lambda: load_settings("studio.env", {})),
        "78, the accounts file": SettingsError(["accounts.toml: source[1].account[1].email: is missing"]),
        "69, no folder": error_of(lambda: hold("no/such/bot.db")),
        "69, a folder": error_of(a_folder),
        "69, in use": error_of(in_use),
        "69, no locks": error_of(no_locks),
        "69, no database": error_of(not_a_database),
        "69, damaged": DatabaseUnusableError(unreadable_text("bot.db", damaged)),
        "69, another program's": error_of(another_programs),
        "69, a newer version's": error_of(newer),
        "69, a full disk": refused(errno.ENOSPC),
        "69, a read-only disk": refused(errno.EROFS),
        "69, a file of another user": refused(errno.EACCES),
        "69, replaced while it ran": DatabaseUnusableError(
            f"bot.db: {Failing(DatabaseTrouble.REPLACED, '', 0, 0).words}."
        ),
        "69, the port is taken": StartError(cannot_listen("127.0.0.1", 8080, taken)),
        "69, Telegram refuses the token": StartError(START_REFUSED),
        "69, no Unix": ModuleNotFoundError(name="fcntl"),
        "64, wrong words": UsageError("“nobody” fits no account. Say one of: Studio, Ads"),
    }


def refused(number: int) -> BaseException:
    """What the start says of a database's file that cannot be opened."""
    error = OSError(
        number,
        {errno.ENOSPC: "No space left on device", errno.EROFS: "Read-only file system"}.get(
            number, "Permission denied"
        ),
    )
    return DatabaseUnusableError(f"DATABASE_URL: {unwritable_text(Path('data/bot.db.lock'), error)}")


def a_folder() -> None:
    """DATABASE_URL names a folder."""
    Path("data").mkdir()
    hold("data")


def in_use() -> None:
    """Another bot has it."""
    with closing(hold("bot.db")):
        hold("bot.db")


def no_locks() -> None:
    """A network share."""
    with mock.patch.object(fcntl, "flock", side_effect=OSError(errno.ENOLCK, "No locks available")):
        hold("bot.db")


def not_a_database() -> None:
    """Some other file."""
    Path("letter.txt").write_text("Dear Ann," * 100, encoding="utf-8")
    inspect("letter.txt")


def another_programs() -> None:
    """A database with other tables."""
    with closing(sqlite3.connect("other.db")) as connection:
        connection.execute("CREATE TABLE songs (title)")
    inspect("other.db")


def newer() -> None:
    """A database of a schema that this version does not know."""
    with closing(sqlite3.connect("newer.db")) as connection:
        for table in sorted(FIRST_TABLES | {"alembic_version"}):
            connection.execute(f"CREATE TABLE {table} (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.commit()
    inspect("newer.db")
