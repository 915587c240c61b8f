"""Which account is meant by what a person typed."""

import unicodedata
from collections.abc import Callable, Sequence

from bot.core.model import Watched


def find_accounts(words: str, watched: Sequence[Watched]) -> tuple[Watched, ...]:
    """The accounts that the words may mean: exactly one is the answer, several are candidates, none is no account.

    An account is named by its label or email, or any part of one that fits no other, in any case. A whole email wins
    over a whole label, and a whole name over a part.
    """
    wanted = folded(words)
    if not wanted:
        return ()
    tests: tuple[Callable[[Watched], bool], ...] = (
        lambda one: wanted == folded(one.account.email),
        lambda one: wanted in (folded(one.account.label or ""), folded(one.account.name)),
        lambda one: wanted in folded(one.account.name) or wanted in folded(one.account.email),
    )
    matches = (tuple(one for one in watched if test(one)) for test in tests)
    return next((found for found in matches if found), ())


def folded(name: str) -> str:
    """A name as it is compared: in any case, spelling of accents and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
