"""Values of the core to and from JSON: readings and facts are kept whole, as they were.

What cannot be read (another version wrote it, or a hand) is not known, and said in the log: one such row must not keep
an account from being looked at, or a chat from being told.
"""

import logging
from typing import TypeVar

from pydantic import TypeAdapter

from bot.domain.accounts import ForecastSummary, Number, Reading
from bot.domain.notifications import Facts

log = logging.getLogger(__name__)
T = TypeVar("T")

_READING = TypeAdapter(Reading)
_FACTS = TypeAdapter(Facts)
_FORETOLD = TypeAdapter(ForecastSummary)


def dump_reading(reading: Reading) -> str:
    """A reading as JSON."""
    return _READING.dump_json(reading, exclude_defaults=True, exclude={"fingerprint"}).decode()


def load_reading(text: str) -> Reading | None:
    """A reading as it was dumped; None for what is none."""
    return loaded(_READING, text)


class Parsed:
    """The readings that were parsed last, by account: a fleet that is asked for again is parsed where it has changed.

    Of a text only its fingerprint is kept, which is good within one process.
    """

    def __init__(self, most: int) -> None:
        """``most``: of how many accounts, for a very large fleet's readings would take much memory."""
        self._most = most
        self._known: dict[str, tuple[int, Reading | None]] = {}

    def load(self, account: str, text: str) -> Reading | None:
        """A reading of this account as it was dumped; None for what is none."""
        mark, known = hash(text), self._known.get(account)
        if known and known[0] == mark:
            return known[1]
        reading = load_reading(text)
        if known or len(self._known) < self._most:
            self._known[account] = (mark, reading)
        return reading


def dump_facts(facts: Facts) -> str:
    """A notification's facts as JSON."""
    return _FACTS.dump_json(facts, exclude_defaults=True).decode()


def dump_foretold(foretold: ForecastSummary) -> str:
    """A forecast as JSON."""
    return _FORETOLD.dump_json(foretold, exclude_defaults=True).decode()


def load_foretold(text: str) -> ForecastSummary | None:
    """A forecast as it was dumped; None for what is none."""
    return loaded(_FORETOLD, text)


def number(value: float | None) -> Number | None:
    """A number as the core counts: whole ones are integers."""
    return int(value) if value is not None and value.is_integer() else value


def load_facts(text: str) -> Facts | None:
    """Facts as they were dumped; None for what are none."""
    return loaded(_FACTS, text)


def loaded(adapter: TypeAdapter[T], text: str) -> T | None:
    """A value as it was dumped, or None."""
    try:
        return adapter.validate_json(text)
    except ValueError as error:
        log.error("The database holds a value that cannot be read: %s", str(error).partition("\n")[0])
        return None
