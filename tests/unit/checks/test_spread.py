"""When an account is looked at next."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from bot.checks.spread import next_look
from tests.support.builders import DAY, HOUR, MINUTE, NOW

INTERVALS = st.timedeltas(timedelta(seconds=1), DAY)


@given(key=st.text(max_size=20), every=INTERVALS, passed=st.timedeltas(timedelta(0), 9 * DAY))
@example(key="", every=15 * MINUTE, passed=timedelta(0))
def test_the_next_place_is_at_most_one_interval_away(key: str, every: timedelta, passed: timedelta) -> None:
    """Never now again, never later than one interval, and from there always exactly one interval further."""
    now = NOW + passed
    after = next_look(key, every, now)
    assert now < after <= now + every
    assert next_look(key, every, after) == after + every


def test_accounts_are_spread_over_the_interval() -> None:
    """Of sixty accounts, each quarter of the interval gets its share, whatever moment they are asked at."""
    places = [next_look(f"pixverse:user{number}@example.com", HOUR, NOW) - NOW for number in range(60)]
    quarters = [sum(place // (15 * MINUTE) == quarter for place in places) for quarter in range(4)]
    assert min(quarters) >= 8


def test_retry_after_is_obeyed() -> None:
    """The server's wish to be asked later wins over the plan; a shorter one changes nothing."""
    planned = next_look("a", HOUR, NOW)
    assert next_look("a", HOUR, NOW, retry_after=2 * HOUR) == NOW + 2 * HOUR
    assert next_look("a", HOUR, NOW, retry_after=timedelta(seconds=0)) == planned


@given(
    own=st.lists(INTERVALS, min_size=1, max_size=5, unique=True),
    passed=st.timedeltas(timedelta(0), 9 * DAY),
    ticks=st.integers(20, 60),
)
def test_each_interval_is_kept_beside_others(own: list[timedelta], passed: timedelta, ticks: int) -> None:
    """Accounts of mixed intervals, claimed by ticks, are each looked at once in their own interval."""
    tick = min(own) / 4
    due = dict.fromkeys(range(len(own)), NOW + passed)
    looks: dict[int, list[int]] = {number: [] for number in due}
    for count in range(ticks):
        now = NOW + passed + count * tick
        for number, at in due.items():
            if at <= now:
                looks[number].append(count)
                due[number] = next_look(f"account{number}", own[number], now)
    for number, counts in looks.items():
        between = [(later - earlier) * tick for earlier, later in pairwise(counts[1:])]
        assert all(abs(each - own[number]) <= tick for each in between)
        assert len(counts) >= ticks * tick // own[number]
