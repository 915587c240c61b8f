"""Whether nothing can be read, and why."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.accounts import Account, FailureKind, Pause
from bot.evaluation.blackout import Blackout, blackout
from tests.support.builders import HOUR, MINUTE, NOW, account_with, failed, read

REFUSED, AWAY = FailureKind.UNAUTHORIZED, FailureKind.UNAVAILABLE


def failing(kind: FailureKind = REFUSED, since: timedelta = MINUTE, said: str = "Unauthorized") -> Account:
    """An account whose looks have failed for so long."""
    return replace(account_with(read(), failed(kind, NOW, said)), failing_since=NOW - since)


def test_all_fail() -> None:
    """Since the first of them fails, for the most frequent reason, in the newest words."""
    newest = replace(failing(), outage=failed(REFUSED, NOW + MINUTE, "Unauthorized now"))
    assert blackout([failing(), newest, failing(AWAY, HOUR, "no answer")]) == Blackout(
        3, NOW - HOUR, ((REFUSED, 2), (AWAY, 1)), "Unauthorized now"
    )
    assert blackout([failing()]) == Blackout(1, NOW - MINUTE, ((REFUSED, 1),), "Unauthorized")


def test_one_that_can_be_read_or_was_not_looked_at_yet_is_none() -> None:
    """It takes all of them, and nobody at all is nobody that fails."""
    assert blackout([]) is None
    assert blackout([failing(), account_with(read())]) is None
    assert blackout([failing(), account_with()]) is None


def test_who_is_paused_counts_nowhere() -> None:
    """Whether the last look failed or not; where everybody is paused, nothing is wrong."""
    pause = Pause("", NOW, NOW + HOUR, "Ann")
    assert blackout([failing(), replace(account_with(read()), pause=pause)]) is not None
    assert blackout([replace(failing(), pause=pause)]) is None
