"""Which account a typed text means."""

import unicodedata
from collections.abc import Callable, Sequence

from bot.domain.notifications import Watched
from bot.sources.registry import SERVICES

Named = tuple[Watched, str, str, str]
"""An account with its email, label and name in comparable form."""


class Names:
    """The names of some accounts, prepared once, because an answer can try many texts on them."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        """``watched`` are the candidates."""
        self._named: list[Named] = [
            (one, folded(one.account.email), folded(one.account.label or ""), folded(one.account.name))
            for one in watched
        ]

    def find(self, words: str) -> tuple[Watched, ...]:
        """The accounts that a text can mean: one is the answer, several are candidates, none is no account.

        An account is named by its label or email, or any part of one that fits no other, in any case. A whole email
        wins over a whole label, and a whole name over a part. ``kling:alice`` is an account of that service.
        """
        service, rest = parted(words)
        if service:
            return self._of_service(service).find(rest)
        wanted = folded(words)
        if not wanted:
            return ()
        tests: tuple[Callable[[Named], bool], ...] = (
            lambda one: wanted == one[1],
            lambda one: wanted in one[2:],
            lambda one: wanted in one[3] or wanted in one[1],
        )
        matches = (tuple(one[0] for one in self._named if test(one)) for test in tests)
        return next((found for found in matches if found), ())

    def _of_service(self, service: str) -> "Names":
        """The same candidates, of one service alone."""
        return Names([one for one, *_ in self._named if one.account.source.partition("/")[0] == service])

    def find_whole(self, words: str) -> Watched | None:
        """The one account with this whole label or email."""
        found = self.find(words)
        names = {folded(name) for one in found for name in (one.account.email, one.account.label or "")}
        return found[0] if len(found) == 1 and folded(parted(words)[1]) in names else None

    def find_only(self, words: str) -> Watched | None:
        """The one account that the text means."""
        found = self.find(words)
        return found[0] if len(found) == 1 else None


def find_accounts(words: str, watched: Sequence[Watched]) -> tuple[Watched, ...]:
    return Names(watched).find(words)


def parted(words: str) -> tuple[str | None, str]:
    """A text with the service that it begins with, as in ``kling:alice``; None where it names none."""
    before, _, rest = words.partition(":")
    service = before.strip().lower()
    return (service, rest) if rest.strip() and service in SERVICES else (None, words)


def folded(name: str) -> str:
    """A name in comparable form: case, accents and spacing folded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
