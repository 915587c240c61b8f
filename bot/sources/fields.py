"""How the fields of a foreign page are read, one function a kind; a field's type alias says which.

Whatever a field holds, it is read as what it is meant to be or as "not known"; only the credits, without which there is
no reading, raise ``ValueError``.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from bot.core.model import Number

_LARGEST = 10**12
_LONGEST_TEXT = 200
_LONGEST_LIST = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def number(value: object) -> Number | None:
    """Read a finite number of at most a million millions; a whole one as ``int``. A bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= _LARGEST:  # so written for NaN, which is not greater either
        return None
    return int(value) if value == int(value) else value


def bucket(value: object) -> Number | None:
    """Read spendable credits: absent is not known, and anything but a number is a ``ValueError``, never a zero."""
    if value is None:
        return None
    found = number(value)
    if found is None:
        raise ValueError("is no number")
    return found


def needed_bucket(value: object) -> Number:
    """Read the credits without which there is no reading: absent is a ``ValueError`` too."""
    found = bucket(value)
    if found is None:
        raise ValueError("is missing")
    return found


def allowance(value: object) -> Number | None:
    """Read a denominator: a number that is not negative."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def whole(value: object) -> int | None:
    """Read a whole number."""
    found = number(value)
    return found if isinstance(found, int) else None


def identifier(value: object) -> int | None:
    """Read an account's number: up to 64 bits, far beyond what any amount can be."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**63 else None


def state(value: object) -> int | None:
    """Read a number of which only the meaning of 0 is known; JSON's booleans are 0 and 1 here."""
    return int(value) if isinstance(value, bool) else whole(value)


def flag(value: object) -> bool | None:
    """Read ``0`` or ``1``, or JSON's own booleans."""
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def text(value: object) -> str | None:
    """Read text of any content, cut to 200 characters; blank is "not set". What no UTF-8 can hold is replaced."""
    if not isinstance(value, str) or not value or value.isspace():
        return None
    return _UNSTORABLE.sub("\ufffd", value[:_LONGEST_TEXT])


def names(value: object) -> tuple[str, ...]:
    """Read the texts of a list, at most 100; whatever else it holds is left out."""
    items = value[:_LONGEST_LIST] if isinstance(value, list) else []
    return tuple(filter(None, map(text, items)))


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time as aware UTC; without a zone it is taken as UTC.

    Go's zero time (year 1), anything else before 1970, and the year 9999 are "not set": they also overflow as soon as
    they are moved to another zone.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1970 <= found.year < 9999 else None


# A field's type says how it is read, too.
Whole = Annotated[int | None, whole]
Identifier = Annotated[int | None, identifier]
State = Annotated[int | None, state]
Amount = Annotated[Number | None, number]
Bucket = Annotated[Number | None, bucket]
NeededBucket = Annotated[Number, needed_bucket]
Allowance = Annotated[Number | None, allowance]
Flag = Annotated[bool | None, flag]
Text = Annotated[str | None, text]
Names = Annotated[tuple[str, ...], names]
Moment = Annotated[datetime | None, moment]
