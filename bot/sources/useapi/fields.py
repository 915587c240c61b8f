"""Readers of a foreign page's fields, one for each kind.

A field is its value, or None where it is absent, null or set to nothing. A value that cannot be understood raises
``UnreadableFieldError``, which the page's reader reports. Without credits there is no reading: for these alone,
anything but a number is a plain ``ValueError``.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from bot.domain.accounts import Number

_LARGEST = 10**12
_LONGEST_TEXT = 200
_LONGEST_LIST = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,9})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZONE_IN_WORDS = re.compile(r"\s*\b(?:UTC|GMT)\b\s*([+-]\d{1,2}(?::?\d\d)?)?\s*$", re.IGNORECASE)
_ZONE_TWICE = re.compile(r"([+-]\d\d:?\d\d)\s+[A-Z]{2,5}$")
_SHORT_ZONE = re.compile(r"(?<=\d)([+-])(\d)$")
_DATE_ONLY = re.compile(r"\d{8}")
_UNITS = ((10**8, 10**11, 1), (10**11, 10**14, 10**3), (10**14, 10**17, 10**6), (10**17, 10**20, 10**9))
"""The sizes of numbers since 1970 that count seconds, milli-, micro- or nanoseconds: 1973 to 5138 each."""


class UnreadableFieldError(ValueError):
    """A field's value is unreadable; the text describes it for people."""


def number(value: object) -> Number | None:
    """A finite number of at most a million millions, or its text; a whole one as ``int``."""
    if value is None or value == "":
        return None
    found = _number(float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else value)
    if found is None:
        raise UnreadableFieldError(shown(value))
    return found


def _number(value: object) -> Number | None:
    """The same for a JSON number. A bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= _LARGEST:  # written this way for NaN, which is not greater either
        return None
    return int(value) if value == int(value) else value


def bucket(value: object) -> Number | None:
    """Spendable credits: None if absent, and a ``ValueError`` for anything but a number, never 0."""
    if value is None:
        return None
    found = _number(value)
    if found is None:
        raise ValueError("is no number")
    return found


def needed_bucket(value: object) -> Number:
    """The credits that a reading must have: absent is a ``ValueError`` too."""
    found = bucket(value)
    if found is None:
        raise ValueError("is missing")
    return found


def allowance(value: object) -> Number | None:
    """A denominator: a number that is not negative."""
    found = number(value)
    if found is not None and found < 0:
        raise UnreadableFieldError(shown(value))
    return found


def whole(value: object) -> int | None:
    found = number(value)
    if isinstance(found, float):
        raise UnreadableFieldError(shown(value))
    return found


def state(value: object) -> int | None:
    """A number of which only the meaning of 0 is known; JSON's booleans are 0 and 1 here."""
    return int(value) if isinstance(value, bool) else whole(value)


def flag(value: object) -> bool | None:
    """``0`` or ``1``, or JSON's own booleans."""
    if value is None:
        return None
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    raise UnreadableFieldError(shown(value))


def text(value: object) -> str | None:
    """Text of any content, cut to 200 characters; blank is "not set". Invalid UTF-8 is replaced."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableFieldError(shown(value))
    return None if not value or value.isspace() else _UNSTORABLE.sub("\ufffd", value[:_LONGEST_TEXT])


def names(value: object) -> list[str]:
    """The texts of a list, at most 100; its other items are dropped."""
    if value is not None and not isinstance(value, list):
        raise UnreadableFieldError(shown(value))
    texts = (item for item in (value or [])[:_LONGEST_LIST] if isinstance(item, str))
    return list(filter(None, map(text, texts)))


def moment(value: object) -> datetime | None:
    """A time as aware UTC: ISO 8601 in its usual spellings, or a number since 1970; without a zone it is UTC.

    A blank, a zero, Go's zero time (year 1), anything else before 1970, and the year 9999 are "not set": they overflow
    in another zone. Numbers count seconds, or parts of one, by their size.
    """
    if value is None or value is False:
        return None
    found: datetime | None = None
    with suppress(ValueError, OverflowError, TypeError):
        found = _of_number(value) if not isinstance(value, str) or _is_number(value) else _of_text(value)
        if found is None or not 1970 <= found.year < 9999:
            return None
    if found is None:
        raise UnreadableFieldError(shown(value))
    return found


def moment_or_none(value: object) -> datetime | None:
    """A time; None if it is absent or unreadable."""
    with suppress(UnreadableFieldError):
        return moment(value)
    return None


def _is_number(value: str) -> bool:
    """True if a text is a number since 1970; eight digits are a date."""
    return _NUMBER.fullmatch(value.strip()) is not None and not _DATE_ONLY.fullmatch(value.strip())


def _of_number(value: Any) -> datetime | None:
    """The moment of a number since 1970; None for zero and less. Raises ValueError for other sizes."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)
    since = float(value)
    if since <= 0:
        return None
    unit = next((unit for least, most, unit in _UNITS if least <= since < most), None)
    if unit is None:
        raise ValueError(value)
    return _EPOCH + timedelta(microseconds=int(Decimal(str(value).strip()) * 10**6 / unit))


def _of_text(value: str) -> datetime | None:
    """The moment of a text; None if it is blank. Raises ValueError for any other text."""
    said = value.strip()
    if not said:
        return None
    try:
        found = datetime.fromisoformat(_in_iso(said))
    except ValueError:
        found = parsedate_to_datetime(said)
    if not found.tzinfo:
        return found.replace(tzinfo=UTC)
    return None if found.year in (1, 9999) else found.astimezone(UTC)  # these can overflow on the way to UTC


def _in_iso(said: str) -> str:
    """ISO 8601 for the usual spellings that are almost that: "… UTC", "… +0000 UTC", "… GMT+8", "2026/07/23"."""
    said = _ZONE_TWICE.sub(r"\1", said)
    words = _ZONE_IN_WORDS.search(said)
    if words:
        said = said[: words.start()] + (words[1] or "+00:00")
    said = _SHORT_ZONE.sub(r"\g<1>0\2", said)
    return said.replace("/", "-")


def shown(value: object) -> str:
    """An unreadable value in a few words for people; the caller cleans them."""
    if isinstance(value, str):
        return "“" + _UNSTORABLE.sub("\ufffd", value[:40]) + "”"
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) <= _LARGEST):
        return str(value).lower()
    if isinstance(value, int):
        return "a number beyond all bounds"
    return "a list" if isinstance(value, list) else "an object"
