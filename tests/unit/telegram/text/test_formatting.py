"""Names and amounts on a phone: what is cut, and what stays."""

import pytest

from bot.domain.accounts import Credits, Unit
from bot.telegram.text.formatting import format_buckets, name_of, name_with


@pytest.mark.parametrize(
    ("name", "limit", "shown"),
    [
        ("ann@example.com", 64, "ann@example.com"),
        ("ann@example.com (Google Vids)", 64, "ann@example.com (Google Vids)"),
        ("ann@example.com (Google Vids)", 24, "ann@examp… (Google Vids)"),
        ("ann@example.com (studio, Google Vids)", 24, "ann@example.com (studio…"),
        ("Ads of the whole summer (2026)", 24, "Ads of the whole… (2026)"),
        ("(a name that is nothing but brackets)", 24, "(a name that is nothing…"),
        ("", 24, "unnamed"),
    ],
)
def test_a_long_name_keeps_its_service(name: str, limit: int, shown: str) -> None:
    """The end tells two accounts of one email apart, so the beginning is cut."""
    assert name_of(name, limit) == shown
    assert len(shown) <= limit


def test_a_name_with_its_service_has_one_pair_of_brackets() -> None:
    """What an owner put into brackets stays apart."""
    assert name_with("ann@example.com (Kling)", "560") == "ann@example.com (Kling, 560)"
    assert name_with("ann@example.com (studio, Kling)", "560") == "ann@example.com (studio, Kling, 560)"
    assert name_with("Ads (EU)", "560") == "Ads (EU) (560)"
    assert name_with("Ads", "560") == "Ads (560)"
    assert name_with("ann@example.com (Kling)", "") == "ann@example.com (Kling)"


@pytest.mark.parametrize(
    ("credits", "said"),
    [
        (Credits.of(20, 660), "20 of 660 credits"),
        (Credits.of(660, 660), "660 credits"),
        (Credits.of(960.5, 660), "960.5 credits"),
        (Credits.of(1), "1 credit"),
        (Credits.of(310, 10_000, unit=Unit.SECONDS), "310 of 10,000 seconds"),
        (Credits.of(3, unit=Unit.PERCENT), "3 % of the quota"),
    ],
)
def test_an_amount_says_what_it_is_of(credits: Credits, said: str) -> None:
    """Where that is known, and more than there is."""
    assert format_buckets(credits) == said
