"""What is wrong with an accounts file: each fault with its line, its key, the mend, and never a secret."""

from difflib import get_close_matches
from typing import NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.accounts_file.tables import AccountTable, FileTable, SourceTable
from bot.config.accounts_file.toml_lines import Place, lines_of, nearest_line
from bot.config.parsers import short
from bot.config.settings import EXAMPLES as SETTINGS
from bot.config.settings import without, wrong
from bot.support.errors import SettingsError

MOST = 50
"""So many faults are said; a file with more has one cause."""

RULES = ("low_credits", "plan_ends_within", "runs_out_within", "unreadable_after", "remind_every")
EXAMPLES = {rule: f'{rule} = "{SETTINGS[rule.upper()]}"' for rule in RULES} | {
    "source": "[[source]]",
    "name": 'name = "studio"',
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
"""The table that a key belongs to, by how deep the key lies."""


class Faults:
    """The faults of one file, in the order of its lines."""

    def __init__(self, file: str, text: str, secrets: list[str]) -> None:
        """``secrets`` is what no fault may tell; more may be put there as they become known."""
        self.secrets = secrets
        self._file = file
        self._text = text
        self._lines: dict[Place, int] | None = None
        self._found: list[tuple[int, str]] = []

    def add(self, place: Place, words: str, example: str = "") -> None:
        """Notes a fault of what stands at a place; the words are the end of "KEY: …"."""
        key = next((part for part in reversed(place) if isinstance(part, str)), "")
        shown = f"{short(key)}: {words}" if key else words
        self._note(self.line_of(place), f"{shown}. Example: {example}" if example else shown)

    def add_all(self, error: ValidationError) -> None:
        """Notes every fault that the tables' own checks have found."""
        for detail in error.errors(include_url=False, include_input=False)[: MOST * 4]:
            place = detail["loc"]
            self.add(place, words_of(detail), example_of(detail))

    def line_of(self, place: Place) -> int | None:
        """The line of what stands at a place."""
        if self._lines is None:
            self._lines = lines_of(self._text)
        return nearest_line(self._lines, place)

    def stop(self, line: int | None, words: str) -> NoReturn:
        """Raises SettingsError: what follows cannot be read at all."""
        self._note(line, words)
        self.end()
        raise AssertionError("a fault was noted")

    def end(self) -> None:
        """Raises SettingsError if any fault was found."""
        if self._found:
            told = list(dict.fromkeys(without(words, self.secrets) for _, words in sorted(self._found)))
            more = [f"{self._file}: and {len(told) - MOST:,} more faults"] if len(told) > MOST else []
            raise SettingsError([*told[:MOST], *more])

    def _note(self, line: int | None, words: str) -> None:
        self._found.append((line or 0, f"{self._file}, line {line}: {words}" if line else f"{self._file}: {words}"))


def words_of(detail: ErrorDetails) -> str:
    """What is wrong, as the end of "KEY: …"."""
    if detail["type"] == "extra_forbidden":
        return unknown_key(detail["loc"])
    if detail["type"] == "missing":
        return "is missing"
    return wrong(detail)


def unknown_key(place: Place) -> str:
    """Says that a key is none of ours, and the nearest that is."""
    key, keys = str(place[-1]), tuple(KEYS.get(len(place), FileTable).model_fields)
    if key.lower() == "token":
        return "a secret has no place in this file: put it into another, and name that with token_file"
    near = get_close_matches(key.lower()[:40], keys, n=1, cutoff=0.6)
    if near:
        return f"is not a key of this table; did you mean {near[0]}?"
    return f"is not a key of this table; there are {', '.join(keys)}"


def example_of(detail: ErrorDetails) -> str:
    """An example that works, for a key that is ours."""
    key = next((part for part in reversed(detail["loc"]) if isinstance(part, str)), "")
    return "" if detail["type"] == "extra_forbidden" else EXAMPLES.get(key, "")
