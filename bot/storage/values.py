"""Values to and from JSON: readings and facts are stored whole.

An unreadable value (of another version, or edited by hand) is None and logged: one such row must not stop the checks of
an account, or the messages of a chat.
"""

import logging
from typing import TypeVar

from pydantic import TypeAdapter

from bot.domain.accounts import ForecastSummary, Number, Reading
from bot.domain.jobs import RefusedJobs
from bot.domain.notifications import Facts
from bot.domain.subscription import SubscriptionPage

log = logging.getLogger(__name__)
T = TypeVar("T")

_READING = TypeAdapter(Reading)
_FACTS = TypeAdapter(Facts)
_FORETOLD = TypeAdapter(ForecastSummary)
_JOBS = TypeAdapter(RefusedJobs)
_SUBSCRIPTION = TypeAdapter(SubscriptionPage)


def dump_reading(reading: Reading) -> str:
    return _READING.dump_json(reading, exclude_defaults=True, exclude={"fingerprint"}).decode()


def load_reading(text: str) -> Reading | None:
    """The reading of a stored text; None if it is unreadable."""
    return loaded(_READING, text)


class Parsed:
    """The readings that were parsed last, by account, so that only changed ones are parsed again.

    It keeps the fingerprint of a text, which is valid within one process.
    """

    def __init__(self, most: int) -> None:
        """``most`` bounds the number of accounts, because the readings of very many take much memory."""
        self._most = most
        self._known: dict[str, tuple[int, Reading | None]] = {}

    def load(self, account: str, text: str) -> Reading | None:
        """The reading of this account's stored text; None if it is unreadable."""
        mark, known = hash(text), self._known.get(account)
        if known and known[0] == mark:
            return known[1]
        reading = load_reading(text)
        if known or len(self._known) < self._most:
            self._known[account] = (mark, reading)
        return reading


def dump_facts(facts: Facts) -> str:
    return _FACTS.dump_json(facts, exclude_defaults=True).decode()


def dump_subscription(page: SubscriptionPage) -> str:
    return _SUBSCRIPTION.dump_json(page, exclude_defaults=True).decode()


def load_subscription(text: str) -> SubscriptionPage | None:
    """The stored page of the subscription; None if it is unreadable."""
    return loaded(_SUBSCRIPTION, text)


def dump_jobs(jobs: RefusedJobs) -> str:
    return _JOBS.dump_json(jobs, exclude_defaults=True).decode()


def load_jobs(text: str) -> RefusedJobs | None:
    """The refused jobs of a stored text; None if it is unreadable."""
    return loaded(_JOBS, text)


def dump_foretold(foretold: ForecastSummary) -> str:
    return _FORETOLD.dump_json(foretold, exclude_defaults=True).decode()


def load_foretold(text: str) -> ForecastSummary | None:
    """The forecast of a stored text; None if it is unreadable."""
    return loaded(_FORETOLD, text)


def number(value: float | None) -> Number | None:
    """A number with whole values as integers."""
    return int(value) if value is not None and value.is_integer() else value


def load_facts(text: str) -> Facts | None:
    """The facts of a stored text; None if they are unreadable."""
    return loaded(_FACTS, text)


def loaded(adapter: TypeAdapter[T], text: str) -> T | None:
    """The value of a stored text; None if it is unreadable."""
    try:
        return adapter.validate_json(text)
    except ValueError as error:
        log.error("The database holds a value that cannot be read: %s", str(error).partition("\n")[0])
        return None
