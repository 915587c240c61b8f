"""Which account is meant by what a person typed."""

import pytest

from bot.commands.names import find_accounts
from bot.domain.accounts import Account
from bot.domain.notifications import Watched


def watched(email: str, label: str | None = None) -> Watched:
    """An account by its names."""
    return Watched(Account(f"pixverse:{email}", "pixverse", email, label))


ALL = (
    watched("alice@example.com", "Studio"),
    watched("bob@example.com", "Studio 2"),
    watched("carol@example.org"),
    watched("dan@example.org", "Straße"),
)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Studio", ["alice@example.com"]),
        ("  studio ", ["alice@example.com"]),
        ("STUDIO 2", ["bob@example.com"]),
        ("ALICE@example.com", ["alice@example.com"]),
        ("io 2", ["bob@example.com"]),
        ("carol", ["carol@example.org"]),
        ("strasse", ["dan@example.org"]),
        ("stud", ["alice@example.com", "bob@example.com"]),
        ("nobody", []),
        ("", []),
        ("  ", []),
    ],
)
def test_by_label_email_or_a_part_that_fits_no_other(words: str, found: list[str]) -> None:
    """A whole name wins over a part; a part that fits several names candidates; any case will do."""
    assert [one.account.email for one in find_accounts(words, ALL)] == found
