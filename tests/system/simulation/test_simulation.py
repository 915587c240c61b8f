"""Some of the histories, and the defects; ``make simulate`` lives through thousands."""

import pytest

from verification.simulation.defects import DEFECTS, Defect, caught
from verification.simulation.run import live_through

PARTS, EACH = 24, 2


@pytest.mark.parametrize("part", range(PARTS))
def test_histories_are_told_as_they_were(part: int) -> None:
    """Whatever goes wrong, and wherever the bot is killed, each chat is told what was so: once, in order, in time."""
    for seed in range(1 + part * EACH, 1 + (part + 1) * EACH):
        misses = live_through(seed).misses
        assert not misses, f"{misses[0]}: python -m verification.simulation --seed {seed}"


def test_a_history_is_the_same_each_time() -> None:
    """A seed says everything: the same messages at the same moments, so that a miss can be looked at again."""
    assert live_through(7).told == live_through(7).told


def test_a_process_that_is_suspended_had_ticked_until_then() -> None:
    """Ticks that are left out make no downtime longer than it was: here two stops fall short of three intervals."""
    lived = live_through(3960)
    assert not lived.misses, lived.misses[0]
    assert lived.counts["stops"] == 2


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_caught(defect: Defect) -> None:
    """The oracle sees: a defect put into the bot is caught, in the history known for it, or else within forty."""
    known = [] if defect.seed is None else [defect.seed]
    assert caught(defect, [*known, *range(1, 41)], enough=1)
