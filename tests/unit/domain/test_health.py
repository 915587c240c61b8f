"""Whether anybody can be told: since when an alert has reached nobody."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import AlertRule, NotifyReason
from bot.domain.health import UndeliveredAlert, Vitals, delivery_problems, problems, unreached_since
from tests.support.builders import MINUTE, NOW

FIRED, WORSENED, REMINDED, RESOLVED = (
    NotifyReason.FIRED,
    NotifyReason.WORSENED,
    NotifyReason.REMINDED,
    NotifyReason.RESOLVED,
)
STUDIO, LOOP = ("pixverse:studio", AlertRule.CREDITS), ("pixverse:loop", AlertRule.CREDITS)


def owed(
    reason: NotifyReason, minutes: int = 0, *, reached: bool = False, alert: tuple[str, AlertRule] = STUDIO
) -> UndeliveredAlert:
    """Something that waits since so many minutes."""
    return UndeliveredAlert(alert, reason, NOW - minutes * MINUTE, reached)


def test_nothing_waits() -> None:
    """Nobody is missed by nothing."""
    assert unreached_since([]) is None


def test_an_alert_that_nobody_was_told() -> None:
    """It counts from its firing, whatever waits behind it."""
    assert unreached_since([owed(FIRED, 9), owed(WORSENED, 5), owed(REMINDED, 1)]) == NOW - 9 * MINUTE


def test_an_alert_that_somebody_else_was_told() -> None:
    """Another chat, or the second channel, has it."""
    assert unreached_since([owed(FIRED, 9, reached=True)]) is None
    assert unreached_since([owed(FIRED, 9), owed(WORSENED, 5, reached=True)]) is None


def test_who_was_told_of_the_rung_before_does_not_know_how_bad_it_is() -> None:
    """A worse rung counts by itself, a reminder alone does not."""
    assert unreached_since([owed(FIRED, 9, reached=True), owed(WORSENED, 5)]) == NOW - 5 * MINUTE
    assert unreached_since([owed(FIRED, 9, reached=True), owed(REMINDED, 5)]) is None
    assert unreached_since([owed(REMINDED, 5)]) is None


def test_each_alert_counts_by_itself() -> None:
    """What one account's alert has reached says nothing of another's; the oldest counts."""
    waiting = [owed(FIRED, 9, reached=True), owed(FIRED, 7, alert=LOOP), owed(WORSENED, 8)]
    assert unreached_since(waiting) == NOW - 8 * MINUTE


def test_what_keeps_messages_back_is_wrong_from_the_start() -> None:
    """Before the first round has ended only the rounds are given time."""
    young = Vitals(None, None, None, 1, NOW - 3 * MINUTE, 0, 1.0, None, unreached_since=NOW - 3 * MINUTE)
    waits, blind = delivery_problems(young, NOW)
    assert waits == "a message has waited 3 min for Telegram to take it"
    assert blind.startswith("an alert has reached nobody for 3 min")
    assert problems(young, 15 * MINUTE, NOW)[-2:] == [waits, blind]


PARTS = st.lists(
    st.builds(
        UndeliveredAlert,
        st.sampled_from([STUDIO, LOOP]),
        st.sampled_from([FIRED, WORSENED, REMINDED]),
        st.integers(0, 100).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        st.booleans(),
    )
)


@given(PARTS)
def test_reaching_somebody_never_makes_it_worse(parts: list[UndeliveredAlert]) -> None:
    """If all that waits has reached somebody, nothing counts; what counts is news that waits and reached nobody."""
    reached = [UndeliveredAlert(one.alert, one.reason, one.created_at, reached=True) for one in parts]
    assert unreached_since(reached) is None
    since = unreached_since(parts)
    news = [one.created_at for one in parts if one.reason is not REMINDED and not one.reached]
    assert since is None or since in news
