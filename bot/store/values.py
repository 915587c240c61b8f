"""Values of the core to and from JSON: readings and facts are kept whole, as they were."""

from pydantic import TypeAdapter

from bot.core.model import Facts, Foretold, Number, Reading

_READING = TypeAdapter(Reading)
_FACTS = TypeAdapter(Facts)
_FORETOLD = TypeAdapter(Foretold)


def dump_reading(reading: Reading) -> str:
    """A reading as JSON."""
    return _READING.dump_json(reading, exclude_defaults=True, exclude={"page"}).decode()


def load_reading(text: str) -> Reading:
    """A reading as it was dumped."""
    return _READING.validate_json(text)


class Parsed:
    """The readings that were parsed last, by account: a fleet that is asked for again is parsed where it has changed.

    Of a text only its fingerprint is kept, which is good within one process.
    """

    def __init__(self, most: int) -> None:
        """``most``: of how many accounts, for a very large fleet's readings would take much memory."""
        self._most = most
        self._known: dict[str, tuple[int, Reading]] = {}

    def load(self, account: str, text: str) -> Reading:
        """A reading of this account as it was dumped."""
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


def dump_foretold(foretold: Foretold) -> str:
    """A forecast as JSON."""
    return _FORETOLD.dump_json(foretold, exclude_defaults=True).decode()


def load_foretold(text: str) -> Foretold:
    """A forecast as it was dumped."""
    return _FORETOLD.validate_json(text)


def number(value: float | None) -> Number | None:
    """A number as the core counts: whole ones are integers."""
    return int(value) if value is not None and value.is_integer() else value


def load_facts(text: str) -> Facts:
    """Facts as they were dumped."""
    return _FACTS.validate_json(text)
