"""Errors of an accounts file: each with the path of its key, its remedy, and never a secret."""

from difflib import get_close_matches
from typing import NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.accounts_file.tables import AccountTable, FileTable, SourceTable
from bot.config.load import without, wrong
from bot.config.parsers import short
from bot.config.settings import EXAMPLES as SETTINGS
from bot.support.errors import SettingsError

Place = tuple[str | int, ...]
"""The path to a value, as pydantic has it: ``("source", 0, "chats", 2)``."""

MOST = 50
"""The most errors reported; a file with more has one cause."""

RULES = (
    "low_credits",
    "job_cost",
    "plan_ends_within",
    "runs_out_within",
    "refused_jobs",
    "unreadable_after",
    "remind_every",
)
EXAMPLES = {rule: f'{rule} = "{SETTINGS[rule.upper()]}"' for rule in RULES} | {
    "source": "[[source]]",
    "name": 'name = "studio"',
    "service": 'service = "kling"',
    "token_file": 'token_file = "/run/secrets/studio"',
    "token_env": 'token_env = "STUDIO_TOKEN"',
    "accounts": 'accounts = ["alice@example.com", "bob@example.com"], or accounts = "all"',
    "account": "[[source.account]]",
    "email": 'email = "alice@example.com"',
    "label": 'label = "Studio"',
    "check_every": 'check_every = "2h"',
    "chats": 'chats = ["-1001234567890/45"]',
}
KEYS: dict[int, type[BaseModel]] = {1: FileTable, 3: SourceTable, 5: AccountTable}
"""The table of a key, by the key's depth."""


class Faults:
    """The errors of one file, in the order in which they are found."""

    def __init__(self, file: str, secrets: list[str]) -> None:
        """``secrets`` never appear in an error; the caller can add more."""
        self.secrets = secrets
        self._file = file
        self._found: list[str] = []

    def add(self, place: Place, words: str, example: str = "") -> None:
        """Records an error at a place; ``words`` are the end of "KEY: …"."""
        shown = f"{path_of(place)}: {words}" if place else words
        self._found.append(f"{self._file}: {shown}. Example: {example}" if example else f"{self._file}: {shown}")

    def add_all(self, error: ValidationError) -> None:
        """Records every error of the tables' own checks."""
        for detail in error.errors(include_url=False, include_input=False)[: MOST * 4]:
            self.add(detail["loc"], words_of(detail), example_of(detail))

    def stop(self, where: str, words: str) -> NoReturn:
        """Raises SettingsError: the rest after ``where``, such as "line 7", cannot be read."""
        self._found.append(f"{self._file}, {where}: {words}" if where else f"{self._file}: {words}")
        self.end()
        raise AssertionError("a fault was noted")

    def end(self) -> None:
        """Raises SettingsError if there is any error."""
        if self._found:
            told = list(dict.fromkeys(without(words, self.secrets) for words in self._found))
            more = [f"{self._file}: and {len(told) - MOST:,} more faults"] if len(told) > MOST else []
            raise SettingsError([*told[:MOST], *more])


def path_of(place: Place) -> str:
    """The path of a key, counted from 1: ``source[1].chats[3]`` is the third chat of the first source."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{short(part)}" for part in place)
    return "".join(parts).removeprefix(".")


def words_of(detail: ErrorDetails) -> str:
    """The error as the end of "KEY: …"."""
    if detail["type"] == "extra_forbidden":
        return unknown_key(detail["loc"])
    if detail["type"] == "missing":
        return "is missing"
    return wrong(detail)


def unknown_key(place: Place) -> str:
    """An unknown key, with the nearest known one."""
    key, keys = str(place[-1]), tuple(KEYS.get(len(place), FileTable).model_fields)
    if key.lower() == "token":
        return "a secret has no place in this file: put it into another, and name that with token_file"
    near = get_close_matches(key.lower()[:40], keys, n=1, cutoff=0.6)
    if near:
        return f"is not a key of this table; did you mean {near[0]}?"
    return f"is not a key of this table; there are {', '.join(keys)}"


def example_of(detail: ErrorDetails) -> str:
    """An example that works, for a known key; empty for an unknown one."""
    key = next((part for part in reversed(detail["loc"]) if isinstance(part, str)), "")
    return "" if detail["type"] == "extra_forbidden" else EXAMPLES.get(key, "")
