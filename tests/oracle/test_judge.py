"""The oracle itself: what it accepts, and what it calls a miss, on a history that anyone can follow."""

from dataclasses import replace

import pytest

from tests.oracle import Answer, Hurdle, Message, Rules, Told, Truth, Wish, judge

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
