"""Which downtimes the fault harness takes for real."""

from types import SimpleNamespace
from typing import cast

import pytest

from verification.faults.downtimes import HEAD, wrong_downtimes
from verification.faults.world import World
from verification.oracle import Message


def world(looks: list[float], questions: list[tuple[float, str]] | None = None) -> World:
    """A world of one life and one chat, by when somebody was looked at and what a person asked."""
    answers = [SimpleNamespace(asked=at) for at in looks]
    asked = [(at, 7, text) for at, text in questions or []]
    life = SimpleNamespace(failed=[], killed=False)
    pixverse = SimpleNamespace(answers=answers)
    return cast(World, SimpleNamespace(chats=[7], moved={}, lives=[life], pixverse=pixverse, asked=asked))


def heard(length: str) -> list[Message]:
    """A chat hears of one downtime."""
    return [Message("7", 9.0, f"{HEAD} for a while\nNo checks ran for {length}.", silent=True, id=1)]


@pytest.mark.parametrize(
    ("looks", "questions", "wrong"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [], True),
        ([1.0, 2.0, 5.5, 6.5], [], False),
        ([1.0, 2.0, 3.7, 5.5, 6.5], [], True),
        ([1.0, 2.0, 3.7, 5.5, 6.5], [(3.2, "/check")], False),
        ([1.0, 2.0, 3.7, 5.5, 6.5], [(3.2, "/help")], True),
    ],
)
def test_a_look_that_a_person_asked_for_is_no_tick(
    looks: list[float], questions: list[tuple[float, str]], wrong: bool
) -> None:
    """Ticks wait for a locked database while a person's look goes on: that was a downtime all the same."""
    assert bool(wrong_downtimes(world(looks, questions), heard("3 s"))) is wrong


def test_hours_are_a_clock_that_was_set() -> None:
    """No history is so long."""
    assert wrong_downtimes(world([1.0, 9.0]), heard("5 h"))
