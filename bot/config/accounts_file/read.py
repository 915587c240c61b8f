"""Reads the accounts file: several sources with their own tokens, and labels, rules and chats by source and account.

All errors are reported together, each with the path of its key, the cause, and an example that works. Text that is not
TOML has a line in place of a path. Paths of files are relative to the working folder, as in the settings. Without an
accounts file there is one source, from the settings.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config.accounts_file.build import Builder
from bot.config.accounts_file.faults import EXAMPLES, Faults
from bot.config.accounts_file.tables import FileTable
from bot.config.load import without
from bot.config.parsers import ALL_SERVICES, short
from bot.config.settings import DEFAULT_SERVICES, UNPRICED, Settings, first_service, of_service, unpriced
from bot.config.targets import TargetAccount, Targets, TargetSource
from bot.support.errors import SettingsError

LARGEST = 8 * 2**20
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
"""A key with this many parts is unknown, and ``tomllib`` takes the square of their number."""

_WHERE = re.compile(r"(.*?)(?: \(at (.*)\))?", re.DOTALL)
END = "end of document"
SYNTAX = (
    ("Expected '=' after a key", "has something other than key = value: comments begin with #"),
    ("Invalid value", "has no value there: text stands in quotes"),
    ("Cannot overwrite a value", "says a key twice in one table"),
    ("Cannot declare", "opens a table twice: many of a kind need [[two brackets]] each"),
    ("Unterminated string", "ends before the quotes of a text are closed"),
    ("Unclosed array", "has a list whose bracket is not closed, or without a comma between its items"),
    ("Illegal character", "has a character that cannot stand there, or quotes that are not closed"),
    ("Expected newline or end of document", "has something behind the end of a value: one key = value on a line"),
    ("Unescaped", "has a backslash in a text: use 'single quotes', or two backslashes"),
    ("Expected ']", "has a table's name whose brackets are not closed"),
    ("Exceeds the limit", "has a number of far too many digits"),
)
"""Errors of ``tomllib``, and the same for people; its own words can quote the file."""


def watchlist_for(settings: Settings, environ: Mapping[str, str] | None = None) -> Targets:
    """The targets of the settings and the accounts file, if there is one. Raises SettingsError."""
    if settings.accounts_file:
        return read_accounts_file(settings.accounts_file, settings, environ)
    return targets_of(settings)


def targets_of(settings: Settings, shown: Sequence[str] = ()) -> Targets:
    """The sources of the settings alone, one for each service; ``shown`` are those that stand for ``all``."""
    named: dict[str, dict[str, TargetAccount]] = {}
    for one in settings.accounts:
        those = named.setdefault(one.service or first_service(settings.services), {})
        those[one.email.lower()] = TargetAccount(one.email, one.label)
    chosen = [name for name in settings.services if name != ALL_SERVICES]
    if ALL_SERVICES in settings.services:
        chosen = list(dict.fromkeys([*(shown or DEFAULT_SERVICES), *chosen]))
    services = list(named) or chosen
    sources = [
        TargetSource(
            settings.useapi_token,
            settings.useapi_url,
            of_service(settings.rules, service),
            settings.telegram_chat_ids,
            accounts=named.get(service, {}),
            everyone=not named,
            service=service,
        )
        for service in services
    ]
    return Targets.of(sources, settings.telegram_chat_ids, settings.rules)


def read_accounts_file(path: str, settings: Settings, environ: Mapping[str, str] | None = None) -> Targets:
    """The targets of the file. Raises SettingsError with every error."""
    file = Path(path)
    text = text_of(file, settings.secrets)
    faults = Faults(short(file.name), settings.secrets)
    builder = Builder(settings, os.environ if environ is None else environ, faults)
    tables = parsed(text, faults)
    faults.secrets += builder.tokens_named(tables)
    try:
        sources = builder.sources(FileTable.model_validate(tables))
        own = (one.rules for source in sources for one in source.accounts.values() if one.rules)
        if unpriced([settings.rules, *(source.rules for source in sources), *own]):
            faults.add((), f"LOW_CREDITS: {UNPRICED}", EXAMPLES["job_cost"])
    except ValidationError as error:
        faults.add_all(error)
        sources = []
    faults.end()
    return Targets.of(sources, settings.telegram_chat_ids, settings.rules)


def text_of(file: Path, secrets: list[str]) -> str:
    """The file's text. Raises SettingsError if it cannot be read."""
    try:
        return bytes_of(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError([f"{file.name}, line {line}: is not UTF-8 text; save the file as UTF-8"]) from None
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        fault = f"ACCOUNTS_FILE: {short(str(file))}: {words}. Make that file, or name another"
        raise SettingsError([without(fault, secrets)]) from None


def bytes_of(file: Path) -> bytes:
    """The file's bytes. Raises OSError, and ValueError for anything but a file of moderate size."""
    if file.exists() and not file.is_file():
        raise ValueError("is no file")
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"is larger than {LARGEST // 2**20} MB")
    return data


def parsed(text: str, faults: Faults) -> dict[str, Any]:
    """The text as TOML. Raises SettingsError at the first syntax error."""
    deep = _DEEP_KEY.search(text)
    if deep:
        line = text.count("\n", 0, deep.start()) + 1
        faults.stop(f"line {line}", "has a key of far too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        faults.stop("", "is nested too deeply: [[source]] and [[source.account]] are all it needs")
    except ValueError as error:  # also for an integer of thousands of digits
        where = _WHERE.fullmatch(str(error))
        said, place = (where[1], where[2] or "") if where else ("", "")
        words = next((words for begin, words in SYNTAX if said.startswith(begin)), "is not TOML from here on")
        last = text.count("\n") + 1
        faults.stop(f"line {last}" if place == END else place, words)
