"""The oracle itself: what it accepts, and what it calls a miss, on a history that anyone can follow."""

from dataclasses import replace

import pytest

from tests.oracle import Answer, Hurdle, Message, Plan, Rules, Told, Truth, Wish, judge

EVERY, DAY = 600.0, 86400.0
LOW = "🔵 Ada: 1,500 credits left (15 %)\nInfo: below your 20 % line."
OUT = "🔴 Ada: out of credits\nCritical: nothing left of 10,000."
STILL = "🔴 Ada: still out of credits\nCritical: low since 12:00."
WELL = "🟢 Ada: 9,000 credits again (90 %)\nTopped up."
LATE = WELL + "\nNot told in time: 1,500 credits left (15 %) at 12:00."


def world(*credits: int) -> Truth:
    """One account, looked at each ten minutes, with so many credits."""
    truth = Truth(
        {"ada": "Ada"}, ("1",), EVERY, [(0, Rules(("20%", "5%", "0"), remind_every=DAY))], [(0, float("inf"))]
    )
    truth.answers = [
        Answer(1 + look * EVERY, "ada", monthly=left, allowance=10_000) for look, left in enumerate(credits)
    ]
    truth.ended_at = len(credits) * EVERY
    return truth


def low() -> Truth:
    """Low from the second look on, well again at the fifth."""
    return world(9000, 1500, 1500, 1500, 9000, 9000)


def told(*messages: tuple[float, str], chat: str = "1") -> Told:
    """What the chat shows."""
    return Told([Message(chat, at, text, id=number) for number, (at, text) in enumerate(messages)])


def test_what_is_told_once_and_in_time_is_no_miss() -> None:
    """An episode that is told, and its recovery, are all that is asked for."""
    assert judge(low(), told((603, LOW), (2403, WELL))) == []


@pytest.mark.parametrize(
    ("messages", "what"),
    [
        ([], "due since 601"),
        ([(603, LOW)], "due since 2401"),
        ([(2403, WELL)], "due since 601"),
        ([(603, LOW), (605, LOW), (2403, WELL)], "told without a reason"),
        ([(603, LOW), (2403, WELL), (2405, WELL)], "told without a reason"),
        ([(2, LOW), (2403, WELL)], "told without a reason"),
        ([(603, OUT), (2403, WELL)], "told without a reason"),
        ([(603, LOW.replace("1,500", "0")), (2403, WELL)], "told without a reason"),
        ([(603, LOW), (1800, STILL), (2403, WELL)], "told without a reason"),
        ([(603, LOW), (2403, LATE)], "told without a reason"),
        ([(603, LOW), (700, LOW.replace("Ada", "Bob")), (2403, WELL)], "nobody is called"),
        ([(603, LOW), (700, "Hello"), (2403, WELL)], "nobody can make sense"),
    ],
)
def test_what_is_not_as_it_was_is_a_miss(messages: list[tuple[float, str]], what: str) -> None:
    """Lost, told twice, told too early, with another rung or number, reminded too early, or of nobody: each is seen."""
    misses = judge(low(), told(*messages))
    assert misses
    assert misses[0].what.startswith(what)


def test_a_lost_answer_excuses_one_repeat_and_no_second() -> None:
    """At most one repeat for each send that may not have arrived."""
    lost = Message("1", 603, LOW, id=1, lost=True)
    rest = told((2403, WELL)).messages
    assert judge(low(), Told([lost, Message("1", 605, LOW, id=2), *rest])) == []
    third = [Message("1", 605, LOW, id=2), Message("1", 607, LOW, id=3)]
    assert judge(low(), Told([lost, *third, *rest]))


def test_what_telegram_did_not_take_may_be_told_late_and_in_one() -> None:
    """Fired and resolved while Telegram is away is told as one message that tells both, and not without cause."""
    truth = low()
    truth.hurdles.append(Hurdle((500, 2500)))
    assert judge(truth, told((2510, LATE))) == []
    assert judge(low(), told((2510, LATE)))


def test_a_silence_withholds_and_its_end_tells() -> None:
    """What a mute withheld is told when it ends, and nothing before."""
    truth = low()
    truth.wishes.append(Wish(100, "mute", until=1500))
    assert judge(truth, told((1504, LOW), (2403, WELL))) == []
    assert judge(truth, told((603, LOW), (2403, WELL)))


def test_strangers_and_other_chats_hear_nothing() -> None:
    """A chat that is not allowed, or not told of an account, hears nothing of it."""
    right = told((603, LOW), (2403, WELL)).messages
    stranger = Message("666", 604, LOW, id=9)
    assert "stranger" in judge(low(), Told([*right, stranger]))[0].what
    truth = low()
    truth.chats, truth.told_of = ("1", "2"), {"ada": ("1",)}
    assert judge(truth, Told([*right, replace(stranger, chat="2")]))


def test_an_account_that_is_not_looked_at_is_a_miss() -> None:
    """A bot that looks at nobody has nothing to tell, and is no good."""
    truth = low()
    del truth.answers[2:4]
    assert any("not looked at" in miss.what for miss in judge(truth, told((603, LOW), (2403, WELL))))


GO_ON = "⚪ Checks of Ada go on."
PAUSED = "⚪ Ann paused the checks of Ada until today 12:00."


def paused() -> Truth:
    """Low from the second look on; from the third on nobody looks for half an hour, and then it is well."""
    truth = low()
    truth.wishes.append(Wish(1210, "pause", "ada", until=3010, made_in="2"))
    rest = [replace(one, at=one.at - 600 * 3 + 1809, begun=one.at - 600 * 3 + 1808) for one in truth.answers[4:5]]
    truth.answers = [*truth.answers[:3], *[replace(one, at=3012, begun=3011) for one in rest]]
    truth.answers.append(replace(truth.answers[-1], at=3602, begun=3601))
    truth.ended_at = 3700
    return truth


def test_nobody_looks_at_who_is_paused_and_both_ends_are_told() -> None:
    """A pause is told in the other chat, and its end in both; nothing is told of the account meanwhile."""
    right = [(603, LOW), (1212, PAUSED), (3013, GO_ON), (3015, WELL)]
    quiet = [replace(one, silent="⚪" in one.text) for one in told(*right).messages]
    assert judge(paused(), Told(quiet)) == []
    for left_out in (1, 2):
        rest = [one for number, one in enumerate(quiet) if number != left_out]
        assert any("that was not told" in miss.what for miss in judge(paused(), Told(rest)))
    rings = [replace(one, silent=False) for one in quiet]
    assert any("rings" in miss.what for miss in judge(paused(), Told(rings)))
    twice = [*quiet, replace(quiet[1], at=2000, id=9)]
    assert any("and it is not" in miss.what for miss in judge(paused(), Told(twice)))


def test_a_look_in_a_pause_is_a_miss_and_so_is_one_that_is_missing_after_it() -> None:
    """Whoever works there is logged out; and when the pause is over, the account is looked at at once."""
    truth = paused()
    truth.answers.append(replace(truth.answers[2], at=2000, begun=1999))
    assert any("looked at while it is paused" in miss.what for miss in judge(truth, told()))
    truth = paused()
    del truth.answers[3]
    assert any("when its pause was over" in miss.what for miss in judge(truth, told()))


def test_with_everyone_paused_nobody_is_missed() -> None:
    """A start after hours in which all were paused tells of no time in which nobody was watching."""
    truth = paused()
    truth.wishes = [replace(truth.wishes[0], account=None, until=9000)]
    truth.answers, truth.ended_at = truth.answers[:3], 9000
    truth.up = [(0, 2000), (8000, float("inf"))]
    missed = "⚪ Nobody was watching from 00:20 to 02:13\nNo checks ran."
    assert any("there was not" in miss.what for miss in judge(truth, told((8010, missed))))


@pytest.mark.parametrize("renews", [False, True])
def test_the_end_of_a_plan_is_told_in_a_pause(renews: bool) -> None:
    """It is known: each line of the ladder is due at its time; that one which renews by itself has, is not known."""
    truth = paused()
    truth.rules = [(0, Rules(plan_ends_within=(1200.0,)))]
    truth.answers = [replace(one, plan=Plan(3000, renews=renews)) for one in truth.answers]
    heard = told((1802, "🔴 Ada: plan ends in 20 min\nSo."), (3005, "🔴 Ada: plan ended today\nSo.")).messages
    if renews:
        truth.answers[3:] = [replace(one, plan=Plan(3000 + DAY * 30)) for one in truth.answers[3:]]
        heard = told((1802, "🔵 Ada: plan renews in 20 min\nSo."), (3015, "🟢 Ada: plan renewed until then")).messages
    notes = [Message("1", at, text, True, 50 + at) for at, text in ((1212, PAUSED), (3013, GO_ON))]
    assert judge(truth, Told([*heard, *notes])) == []
    assert judge(truth, Told([*heard[1:], *notes]))
