"""What the oracle reads out of messages that say many things at once."""

import pytest

from verification.oracle.told import Message, Telling, Unreadable, read

MANY = """🔴 credit-bot watches 12 accounts for this chat · 8 alerts now
🔴 useapi.net cannot be read since yesterday 15:01 UTC
3 plans need attention:
🔴 Critical, ended today: Ada, Bob
🔵 Info, renews today: Cleo
3 accounts are low on credits:
🔴 Critical, out of credits: Ada
🔴 Critical, out of credits, acknowledged by Kim today: Dan
🟠 Warning, below 20 %: Eve (2,900)
1 account cannot be read:
🟠 Warning, session broken: Finn. At useapi.net, remove the account and add it again.
It writes when credits run low, a plan is about to end, or an account cannot be read."""


def test_a_greeting_that_groups_its_alerts_tells_each_of_them() -> None:
    """With the measure of its heading and the state of its group; what somebody is at already is only mentioned."""
    assert read(Message("1", 0.0, MANY)).tellings == (
        Telling(None, "greeting", "note"),
        Telling(None, "failures", "critical"),
        Telling("Ada", "plan", "critical", None),
        Telling("Bob", "plan", "critical", None),
        Telling("Cleo", "plan", "info", None),
        Telling("Ada", "credits", "critical", None, 0.0),
        Telling("Eve", "credits", "warning", None, 2900.0, "20 %"),
        Telling("Finn", "failures", "warning", None),
    )


def test_a_greeting_whose_heading_counts_others_than_it_names_is_unreadable() -> None:
    """What a group leaves out would never be missed."""
    with pytest.raises(Unreadable):
        read(Message("1", 0.0, MANY.replace("3 plans", "4 plans")))
