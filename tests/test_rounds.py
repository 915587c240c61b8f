"""Rounds: one ends when every watched account has been looked at since the one before ended."""

from hypothesis import given
from hypothesis import strategies as st

from bot.rounds import Round, Rounds

KEYS = ["a", "b", "c"]


def rounds_of(*keys: str) -> Rounds:
    """Rounds over these accounts."""
    rounds = Rounds()
    rounds.watch(keys)
    return rounds


def test_a_round_ends_with_its_last_account() -> None:
    """One look at each ends the round, in any order and however often some are looked at."""
    rounds = rounds_of("a", "b")
    rounds.looked("b", ok=True)
    rounds.looked("b", ok=True)
    assert rounds.ended() is None
    rounds.looked("a", ok=True)
    assert rounds.ended() == Round(whole=True, any_read=True)
    assert rounds.ended() is None


def test_each_round_begins_anew() -> None:
    """What a round saw is no part of the next."""
    rounds = rounds_of("a")
    rounds.looked("a", ok=False)
    assert rounds.ended() == Round(whole=False, any_read=False)
    rounds.looked("a", ok=True)
    assert rounds.ended() == Round(whole=True, any_read=True)


def test_one_that_cannot_be_read_is_no_whole_round() -> None:
    """A round with a failed look is not whole, though others could be read."""
    rounds = rounds_of("a", "b")
    rounds.looked("a", ok=False)
    rounds.looked("b", ok=True)
    assert rounds.ended() == Round(whole=False, any_read=True)


def test_nobody_watched_is_no_round() -> None:
    """Where nobody is watched no round ends."""
    rounds = rounds_of()
    assert rounds.ended() is None
    rounds.looked("stranger", ok=True)
    assert rounds.ended() is None


def test_newcomers_belong_to_the_present_round() -> None:
    """A round waits for who came during it, and not for who went."""
    rounds = rounds_of("a", "b")
    rounds.looked("a", ok=True)
    rounds.watch(["a", "c"])
    assert rounds.ended() is None
    rounds.looked("c", ok=True)
    assert rounds.ended() == Round(whole=True, any_read=True)


def test_who_went_takes_no_round_along() -> None:
    """Once the last one that a round waited for is no longer watched, it ends with what was seen."""
    rounds = rounds_of("a", "b")
    rounds.looked("a", ok=True)
    rounds.watch(["a"])
    assert rounds.ended() == Round(whole=True, any_read=True)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=40))
def test_every_round_saw_everyone(looks: list[tuple[str, bool]]) -> None:
    """Whatever the order of the looks: a round has seen all, is whole only if none failed, and none goes uncounted."""
    rounds, seen, failed = rounds_of(*KEYS), set[str](), False
    for key, ok in looks:
        rounds.looked(key, ok=ok)
        seen.add(key)
        failed |= not ok
        ended = rounds.ended()
        assert (ended is not None) == (seen == set(KEYS))
        if ended:
            assert ended.whole == (not failed)
            seen, failed = set(), False
