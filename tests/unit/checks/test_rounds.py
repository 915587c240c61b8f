"""Rounds: one ends when every watched account has been looked at since the one before ended."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.checks.rounds import Round, Rounds

KEYS = ["a", "b", "c"]
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def rounds_of(*keys: str, **own: timedelta) -> Rounds:
    """Rounds over these accounts, and over some with an interval of their own."""
    rounds = Rounds(QUARTER)
    rounds.watch({**dict.fromkeys(keys), **own})
    return rounds


def whole_round(rounds: Rounds) -> None:
    """Ends the first round, to which everyone belongs."""
    for key in rounds.watched:
        rounds.looked(key, ok=True)
    assert rounds.ended()


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
    rounds.watch({"a": None, "c": None})
    assert rounds.ended() is None
    rounds.looked("c", ok=True)
    assert rounds.ended() == Round(whole=True, any_read=True)


def test_who_went_takes_no_round_along() -> None:
    """Once the last one that a round waited for is no longer watched, it ends with what was seen."""
    rounds = rounds_of("a", "b")
    rounds.looked("a", ok=True)
    rounds.watch({"a": None})
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


def test_an_account_with_an_interval_of_its_own_belongs_only_while_it_is_due() -> None:
    """A round does not wait for an account that is looked at once a day, but on the day on which it is due."""
    rounds = rounds_of("a", rare=DAY)
    rounds.looked("a", ok=True)
    assert rounds.ended() is None, "a newcomer is due at once"
    rounds.looked("rare", ok=True)
    assert rounds.ended()
    rounds.looked("a", ok=True)
    assert rounds.ended()
    rounds.due(["rare", "a", "stranger"])
    rounds.looked("a", ok=True)
    assert not rounds.end_with(["a"])
    assert rounds.ended() is None
    rounds.looked("rare", ok=False)
    assert rounds.ended() == Round(whole=False, any_read=True)


def test_where_everyone_has_an_interval_the_shortest_makes_the_rounds() -> None:
    """With no account at the setting's interval, those that are looked at the most end a round together."""
    rounds = rounds_of(a=HOUR, b=HOUR, rare=DAY)
    whole_round(rounds)
    rounds.looked("a", ok=True)
    assert rounds.ended() is None
    rounds.looked("b", ok=True)
    assert rounds.ended()


def test_an_interval_that_is_taken_away_makes_an_account_regular() -> None:
    """From the next round on it belongs to each."""
    rounds = rounds_of("a", b=DAY)
    whole_round(rounds)
    rounds.watch({"a": None, "b": None})
    rounds.looked("a", ok=True)
    assert rounds.ended()
    rounds.looked("a", ok=True)
    assert rounds.ended() is None


def test_the_shortest_interval() -> None:
    """Of the setting's and the accounts' own, as far as there is anybody who has it."""
    assert rounds_of().shortest is None
    assert rounds_of("a").shortest == QUARTER
    assert rounds_of("a", b=DAY).shortest == QUARTER
    assert rounds_of(b=DAY, c=HOUR).shortest == HOUR
    assert rounds_of("a", b=timedelta(seconds=1)).shortest == timedelta(seconds=1)


@given(
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from([None, None, HOUR, DAY]), min_size=1),
    st.lists(st.tuples(st.sampled_from(["due", "looked"]), st.sampled_from(KEYS)), max_size=60),
)
def test_rounds_of_mixed_intervals(own: dict[str, timedelta | None], events: list[tuple[str, str]]) -> None:
    """Whatever happens: a round never ends without each account at the most common interval, nor while one is due."""
    rounds = Rounds(QUARTER)
    rounds.watch(own)
    shortest = min(every or QUARTER for every in own.values())
    settings = {key for key, every in own.items() if every is None}
    regular = settings or {key for key, every in own.items() if every == shortest}
    owed = set(own)
    for event, key in events:
        if event == "due":
            rounds.due([key])
            owed |= ({key} & own.keys()) - regular
            continue
        if key not in own:
            continue
        rounds.looked(key, ok=True)
        owed.discard(key)
        ended = rounds.ended()
        assert (ended is not None) == (not owed)
        if ended:
            owed = set(regular)
