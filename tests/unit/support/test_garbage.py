"""When Python searches everything for garbage."""

import gc
from collections.abc import Iterator

import pytest

from bot.support.garbage import DUE_AFTER, LONGEST_WAIT_S, NEVER, OldGarbage, Python, searched_when_quiet

MANY = 1_000_000


class FakePython(Python):
    """A Python whose memory and searches a test sets."""

    def __init__(self) -> None:
        self.seconds, self.blocks, self.small, self.large = 0.0, MANY, 0, 0

    def timer(self) -> float:
        return self.seconds

    def allocated(self) -> int:
        return self.blocks

    def small_searches(self) -> int:
        return self.small

    def search(self) -> None:
        self.large, self.small = self.large + 1, 0


@pytest.fixture
def python() -> FakePython:
    """A quiet one."""
    return FakePython()


@pytest.fixture
def old(python: FakePython) -> OldGarbage:
    """What searched once, at the start, and is due again."""
    made = OldGarbage(python)
    python.small = DUE_AFTER
    return made


def test_it_searches_once_at_the_start(python: FakePython) -> None:
    """So that what stays holds no garbage."""
    OldGarbage(python)
    assert python.large == 1


def test_it_searches_when_that_is_due_and_the_bot_is_quiet(python: FakePython, old: OldGarbage) -> None:
    """As often as Python itself would."""
    python.small = DUE_AFTER - 1
    old.look()
    assert python.large == 1
    python.small = DUE_AFTER
    old.look()
    assert python.large == 2


def test_it_does_not_search_while_a_command_has_many_accounts_in_hand(python: FakePython, old: OldGarbage) -> None:
    """The search would go through all of them, and hold up the loop."""
    python.blocks = 2 * MANY
    old.look()
    assert python.large == 1
    python.blocks = MANY
    old.look()
    assert python.large == 2


def test_it_does_not_wait_for_ever(python: FakePython, old: OldGarbage) -> None:
    """What never becomes quiet may be the garbage itself; from then on that much is usual."""
    python.blocks, python.seconds = 2 * MANY, LONGEST_WAIT_S - 1
    old.look()
    assert python.large == 1
    python.seconds = LONGEST_WAIT_S
    old.look()
    assert python.large == 2
    python.small = DUE_AFTER
    old.look()
    assert python.large == 3


@pytest.fixture
def thresholds() -> Iterator[tuple[int, int, int]]:
    """Python's own, kept."""
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


async def test_python_itself_searches_everything_no_longer(thresholds: tuple[int, int, int]) -> None:
    """Small searches go on; afterwards everything is as before."""
    async with searched_when_quiet():
        assert gc.get_threshold() == (*thresholds[:2], NEVER)
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() == 0
