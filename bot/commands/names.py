"""Which account is meant by what a person typed."""

import unicodedata
from collections.abc import Callable, Sequence

from bot.domain.notifications import Watched

Named = tuple[Watched, str, str, str]
"""An account with its email, label and name as they are compared."""


class Names:
    """The names of some accounts, made ready once, for an answer may try many words on them."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        """``watched`` are the accounts that may be meant."""
        self._named: list[Named] = [
            (one, folded(one.account.email), folded(one.account.label or ""), folded(one.account.name))
            for one in watched
        ]

    def find(self, words: str) -> tuple[Watched, ...]:
        """The accounts that the words may mean: exactly one is the answer, several are candidates, none is no account.

        An account is named by its label or email, or any part of one that fits no other, in any case. A whole email
        wins over a whole label, and a whole name over a part.
        """
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

    def find_whole(self, words: str) -> Watched | None:
        """The one account whose whole label or email the words are."""
        found = self.find(words)
        names = {folded(name) for one in found for name in (one.account.email, one.account.label or "")}
        return found[0] if len(found) == 1 and folded(words) in names else None

    def find_only(self, words: str) -> Watched | None:
        """The one account that the words mean."""
        found = self.find(words)
        return found[0] if len(found) == 1 else None


def find_accounts(words: str, watched: Sequence[Watched]) -> tuple[Watched, ...]:
    """The accounts that the words may mean, as ``Names.find`` says."""
    return Names(watched).find(words)


def folded(name: str) -> str:
    """A name as it is compared: in any case, spelling of accents and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
