"""What the oracle demands of the chat that gets what nobody acknowledged."""

import pytest

from tests.system.oracle.test_judge import OUT, WELL, told, world
from verification.oracle import Asked, Hurdle, Message, Told, Truth, Wish, judge
from verification.oracle.told import read

HIGH = OUT.replace("\n", "\nEscalated: nobody has acknowledged it since 12:00, 15 min ago.\n")
ACKED = "⚪ Ada: acknowledged by Ann (credits)"
UNTOLD = WELL + "\nNot told in time: out of credits at 12:00."
DUE = 1504
NOBODY = "/healthz is 200, and an alert has reached nobody: ada credits"


def out(**more: object) -> Truth:
    """Out of credits from the second look on, at 601, and well again from the eleventh on, at 6001."""
    truth = world(9000, *[0] * 9, 9000, 9000, 9000)
    truth.escalate_after, truth.escalates_to = 900.0, "9"
    for name, value in more.items():
        setattr(truth, name, value)
    return truth


def on_call(*messages: tuple[float, str]) -> Told:
    """What the chat on call shows, beside one that is told all that there is to tell."""
    here = told((603, OUT), (6003, WELL)).messages
    there = [Message("9", at, text, id=100 + number) for number, (at, text) in enumerate(messages)]
    return Told([*here, *there])


def test_a_message_that_says_that_it_is_escalated_is_read_as_the_alert_that_it_is() -> None:
    """The line above the cause changes nothing else."""
    one, other = read(Message("9", 0.0, HIGH)), read(Message("1", 0.0, OUT))
    assert (one.escalated, other.escalated) == (True, False)
    assert one.tellings == other.tellings


def test_once_in_time_and_its_end_is_all_that_is_asked_for() -> None:
    """Without the setting, nothing."""
    assert judge(out(), on_call((DUE, HIGH), (6003, WELL))) == []
    assert judge(out(escalate_after=None, escalates_to=""), on_call()) == []


@pytest.mark.parametrize(
    ("heard", "misses"), [(((DUE, HIGH), (6003, WELL)), 0), ((), 1), (((DUE, HIGH), (1800, WELL)), 1)]
)
def test_who_is_on_call_is_somebody(heard: tuple[tuple[float, str], ...], misses: int) -> None:
    """``/healthz`` may be 200 while the only other chat refuses, once the alert is there, and until its end."""
    truth = out(hurdles=[Hurdle((600, 6000), "1", refuses=True)])
    told = Told([Message("9", at, text, id=100 + number) for number, (at, text) in enumerate(heard)])
    told.healths = [Asked(2000, "", code=200)]
    assert [one.what for one in judge(truth, told)].count(NOBODY) == misses


@pytest.mark.parametrize(
    ("messages", "what"),
    [
        ([], "escalated at 1500, and whoever is on call was not told"),
        ([(DUE, HIGH)], "resolved at 6001, and whoever is on call was not told"),
        ([(700, HIGH), (6003, WELL)], "whoever is on call was told without a reason: escalated"),
        ([(DUE, HIGH), (2000, HIGH), (6003, WELL)], "whoever is on call was told without a reason: escalated"),
        ([(DUE, HIGH), (6003, WELL), (6005, WELL)], "whoever is on call was told without a reason: resolved"),
        ([(603, OUT), (DUE, HIGH), (6003, WELL)], "told of what was not escalated"),
        ([(700, ACKED), (DUE, HIGH), (6003, WELL)], "told of an ack of what it did not get"),
        ([(DUE, HIGH), (6003, UNTOLD)], "whoever is on call was told without a reason: resolved"),
    ],
)
def test_too_early_twice_too_late_or_something_else_is_a_miss(messages: list[tuple[float, str]], what: str) -> None:
    """And so is an end that is not told."""
    misses = judge(out(), on_call(*messages))
    assert misses
    assert misses[0].what.startswith(what)


def test_while_somebody_is_at_it_nobody_else_is_told() -> None:
    """An ack ends the wait; once it is undone, it begins again."""
    wishes = [Wish(1000, "ack", "ada", "credits", made_in="1")]
    assert judge(out(wishes=wishes), on_call()) == []
    assert judge(out(wishes=wishes), on_call((DUE, HIGH), (6003, WELL)))[0].what.startswith("whoever is on call")
    wishes = [*wishes, Wish(2000, "unack", "ada", "credits", made_in="1")]
    assert judge(out(wishes=wishes), on_call((2910, HIGH), (6003, WELL))) == []
    assert judge(out(wishes=wishes), on_call((2100, HIGH), (6003, WELL)))[0].what.startswith("whoever is on call")
    assert judge(out(wishes=wishes), on_call())[0].what.startswith("escalated at 2899")


def test_what_one_chat_silenced_for_itself_withholds_nothing() -> None:
    """A mute of every chat does, and the wait begins at its end."""
    here = [Wish(100, "mute", until=5000, chat="1", made_in="1")]
    quiet = told((5003, OUT), (6003, WELL)).messages
    there = [Message("9", DUE, HIGH, id=100), Message("9", 6003, WELL, id=101)]
    assert judge(out(wishes=here), Told([*quiet, *there])) == []
    assert judge(out(wishes=here), Told(quiet))[0].what.startswith("escalated at 1500")
    everywhere = [Wish(100, "mute", until=3000, made_in="1")]
    quiet = told((3003, OUT), (6003, WELL)).messages
    there = [Message("9", 3903, HIGH, id=100), Message("9", 6003, WELL, id=101)]
    assert judge(out(wishes=everywhere), Told([*quiet, *there])) == []
    there = [Message("9", 3010, HIGH, id=100), Message("9", 6003, WELL, id=101)]
    assert judge(out(wishes=everywhere), Told([*quiet, *there]))[0].what.startswith("whoever is on call")


def test_it_makes_a_sound() -> None:
    """Nobody wakes up of silence."""
    heard = on_call((DUE, HIGH), (6003, WELL))
    silent = [Message(one.chat, one.at, one.text, silent=one.text == HIGH, id=one.id) for one in heard.messages]
    assert [miss.what for miss in judge(out(), Told(silent))] == ["what nobody acknowledged comes without a sound"]
