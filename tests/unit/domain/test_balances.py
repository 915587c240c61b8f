"""An account's balances: the one that jobs are paid with decides, and the card has all of them."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.accounts import Balance, Credits, Reading, Unit
from bot.domain.notifications import Watched
from bot.evaluation.measurements import credits_standing
from bot.storage.values import dump_reading, load_reading
from bot.telegram.text.account_card import card_lines
from bot.telegram.text.formatting import format_credits, format_total, share_of
from tests.support.builders import NOW, account_with, read, rungs
from tests.support.given import UTC_ZONE

GOLD = Reading(NOW, Credits.of(500), parts=(Balance("silver", 4),))
LOT = Balance("plan", 560, allowance=660, lapses_at=NOW + timedelta(days=2))


def card(reading: Reading) -> str:
    """The account's card, without its entities."""
    lines = card_lines(Watched(account_with(reading)), NOW, UTC_ZONE)
    return "\n".join("".join(piece if isinstance(piece, str) else piece.text for piece in line) for line in lines)


def test_a_reading_with_any_number_of_balances_is_stored_and_read_again() -> None:
    """It may have any number of balances, and loses none."""
    assert load_reading(dump_reading(replace(GOLD, parts=(*GOLD.parts, LOT)))) == replace(
        GOLD, parts=(*GOLD.parts, LOT)
    )


def test_a_reading_of_an_earlier_version_has_its_three_buckets() -> None:
    """Stored before there were several, it is as good as before."""
    old = load_reading('{"taken_at":"2026-11-20T10:00:00Z","credits":{"monthly":2900,"daily":0,"package":5}}')
    assert old is not None
    assert [(one.name, one.amount, one.unit) for one in old.balances] == [
        ("monthly", 2900, "credits"),
        ("daily", 0, "credits"),
        ("package", 5, "credits"),
    ]
    assert old.credits.total == 2905


def test_a_single_number_is_whole_and_has_no_buckets() -> None:
    """Nothing is missing from a balance without buckets."""
    assert not GOLD.credits.partial
    assert [one.name for one in GOLD.balances] == ["total", "silver"]
    assert "package" not in card(GOLD)


def test_the_card_has_every_balance_and_when_it_lapses() -> None:
    """Each has its share and its own end."""
    said = card(replace(GOLD, credits=Credits.of(560, 660), parts=(LOT, Balance("tokens", 60_000, "tokens"))))
    assert "560 credits of 660 (84 %)" in said
    assert "Plan 560 of 660 credits (84 %) · lapses Wed 25 Nov, 12:00" in said
    assert "Tokens 60,000 tokens" in said


def test_amounts_are_told_in_their_own_unit() -> None:
    """Seconds and percent are not credits."""
    seconds, percent = Credits.of(310, 1000, unit=Unit.SECONDS), Credits.of(40, unit=Unit.PERCENT)
    assert (format_credits(seconds), format_total(seconds), share_of(seconds)) == ("310 seconds", "310 s", "31 %")
    assert (format_credits(percent), format_total(percent), share_of(percent)) == ("40 %", "40 %", None)


def test_of_a_percentage_only_percent_and_zero_apply() -> None:
    """An amount means nothing there."""
    ladder = rungs("500", "20%", "0")
    for left, level in ((100, 0), (21, 0), (20, 2), (1, 2), (0, 3)):
        standing = credits_standing(account_with(read(Credits.of(left, unit=Unit.PERCENT))), ladder)
        assert standing is not None
        assert standing.fire_level == level, left


def test_an_absolute_number_counts_in_the_unit() -> None:
    """A threshold of 500 is 500 seconds."""
    standing = credits_standing(account_with(read(Credits.of(450, unit=Unit.SECONDS))), rungs("500", "20%", "0"))
    assert standing is not None
    assert standing.fire_level == 1
