"""Pages of useapi.net's services, as far as they are alike: lists of accounts, and accounts in JSON objects.

A list carries secrets in many fields (passwords without a mask, tokens, cookies): only the key of an account and its
trouble are read. Trouble stands in ``error``, since 2025 also in ``health``, which is "OK" or the reason.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.accounts import FailureKind, LeftOut, Listed, Number
from bot.sources.useapi import error_text
from bot.sources.useapi.failures import BROKEN, own_kind
from bot.sources.useapi.fields import UnreadableFieldError, needed_bucket
from bot.support.errors import SourceError

T = TypeVar("T")
MOST_LOTS = 100
"""The most entries read of a list of lots."""

_LONGEST_KEY = 254
_NAMELESS = "An error that useapi.net does not name"


def object_of(page: object) -> dict[str, Any]:
    """A decoded page that is an object without an error. Raises ``SourceError`` (garbled)."""
    if not isinstance(page, dict):
        raise SourceError(FailureKind.GARBLED, "The answer is JSON of another shape")
    if page.get("error"):
        raise SourceError(FailureKind.GARBLED, error_text.of_error(page) or "The answer is an error without words")
    return page


def read_list(page: object) -> tuple[Listed, ...]:
    """The decoded list of a service, an object keyed as its accounts are asked for; each key once, in any case.

    Entries without a usable key are dropped. Raises ``SourceError`` (garbled) if the page is none, and if it has
    entries but no account: that must not pass for an empty list.
    """
    return listed(object_of(page), lambda key, _: key_of(key), lambda entry: trouble(signs_of(entry)))


def listed(
    entries: Mapping[str, Any], name: Callable[[str, object], str | None], error: Callable[[object], str | None]
) -> tuple[Listed, ...]:
    """The accounts of a list by ``name``, which takes the key and the entry, each once."""
    found: dict[str, Listed] = {}
    for key, entry in entries.items():
        named = name(key, entry)
        if named:
            found.setdefault(named.lower(), Listed(named, error(entry)))
    if entries and not found:
        raise SourceError(FailureKind.GARBLED, "The list of accounts names no account")
    return tuple(found.values())


def key_of(value: object) -> str | None:
    """The key of an account: an email, an id, or both with a region; None if it cannot be part of an address."""
    key = value.strip() if isinstance(value, str) else ""
    fits = len(key) <= _LONGEST_KEY and key.isprintable() and not any(mark in key for mark in " <>,/")
    return key if fits and any(letter.isalnum() for letter in key) else None


def signs_of(entry: object) -> list[object]:
    """The fields that report trouble of an account: an ``error``, and a ``health`` other than "OK"."""
    if not isinstance(entry, dict):
        return []
    health = entry.get("health")
    well = not health or (isinstance(health, str) and health.strip().upper() in ("", "OK"))
    return [sign for sign in (entry.get("error"), None if well else health) if sign]


def trouble(signs: Iterable[object]) -> str | None:
    """The words of reported trouble; None without any.

    A failed refresh of the session, which can pass, is left to the checks of the account itself, which are counted.
    """
    signs = list(signs)
    said = next(filter(None, map(error_text.of_error, signs)), None)
    if said and own_kind(BROKEN, said) is not FailureKind.BROKEN:
        return None
    return said or (_NAMELESS if signs else None)


class AccountPage:
    """The decoded page of one account of a sister service.

    ``left_out`` are the values that the service has, and that this answer lacks.
    """

    def __init__(self, page: object) -> None:
        """Raises ``SourceError``: garbled if it is no object, broken if it reports trouble in place of numbers."""
        if not isinstance(page, dict):
            raise SourceError(FailureKind.GARBLED, "The answer is JSON of another shape")
        signs = signs_of(page)
        if signs:
            said = next(filter(None, map(error_text.of_error, signs)), _NAMELESS)
            raise SourceError(own_kind(BROKEN, said), said)
        self._page = page
        self._left_out: dict[str, LeftOut] = {}

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return tuple(self._left_out.values())

    def at(self, *path: str) -> object:
        """The value at a path; None if it is absent or null."""
        value: object = self._page
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def needed(self, *path: str) -> Number:
        """The number without which there is no reading. Raises ``SourceError`` (garbled) for anything else, never 0."""
        try:
            return needed_bucket(self.at(*path))
        except ValueError as error:
            raise SourceError(FailureKind.GARBLED, f"{'.'.join(path)} {error}") from error

    def take(self, ours: str, read: Callable[[object], T], *path: str) -> T:
        """A value that a reading has as ``ours``; one that is absent, or not to be understood, is left out."""
        value = self.at(*path)
        if value is None:
            self._left_out[ours] = LeftOut(ours)
        try:
            return read(value)
        except UnreadableFieldError as error:
            self._left_out[ours] = LeftOut(ours, f"{'.'.join(path)} is {error_text.one_line(str(error))}")
            return read(None)

    def maybe(self, read: Callable[[object], T], *path: str) -> T:
        """A value for people alone; None or empty if it cannot be understood."""
        return readable(read, self.at(*path))

    def objects(self, *path: str) -> list[dict[str, Any]]:
        """The objects of a list, at most 100."""
        value = self.at(*path)
        return [one for one in value[:MOST_LOTS] if isinstance(one, dict)] if isinstance(value, list) else []


def readable(read: Callable[[object], T], value: object) -> T:
    """A value as ``read``; that of nothing if it cannot be understood."""
    try:
        return read(value)
    except ValueError:
        return read(None)


def still_ahead(moment: datetime | None, now: datetime) -> datetime | None:
    """An end that is still to come: one that has passed, with credits left, says nothing."""
    return moment if moment and moment > now else None
