"""The oracle on the webhook: what its receiver may get, and what is a miss."""

import json

import pytest

from tests.system.oracle.test_judge import LOW, WELL, low, told
from verification.oracle import Posted, Told, judge

FIRES, OVER = "alert.firing", "alert.resolved"
AT = {FIRES: 601.0, OVER: 2401.0}


def posted(kind: str, number: str = "", *, at: float = 0, taken: bool = True, **data: str) -> Posted:
    """An attempt about Ada's credits."""
    told = {"alert": "ada|credits|1", "account": "pixverse:ada", "rule": "low_credits", "label": "Ada"}
    whole = {**told, "severity": "info", "value": 1500, "threshold": "20%", **data}
    body = {"type": kind, "timestamp": f"1970-01-01T00:{int(AT[kind]) // 60:02}:01+00:00", "data": whole}
    return Posted(at or AT[kind] + 1, number or kind, json.dumps(body), taken)


def received(*attempts: Posted, left: int = 0) -> Told:
    """A chat that was told everything, and what the receiver got beside it."""
    found = told((603, LOW), (2403, WELL))
    found.posted, found.events_left = list(attempts), left
    return found


def misses(found: Told) -> list[str]:
    """What the oracle calls a miss."""
    truth = low()
    truth.receiver = True
    return [one.what for one in judge(truth, found)]


def test_a_receiver_that_got_everything_once_it_was_back_is_no_miss() -> None:
    """Not taken at first, twice because an answer was lost, and then what came after it."""
    tries = (posted(FIRES, taken=False), posted(FIRES, at=700), posted(FIRES, at=701), posted(OVER))
    assert misses(received(*tries)) == []


def test_without_a_receiver_nothing_is_missed() -> None:
    """Most have none."""
    assert judge(low(), received()) == []


@pytest.mark.parametrize(
    ("attempts", "what"),
    [
        ([], "a chat was told what the receiver was not: alert.firing"),
        ([posted(FIRES)], "an alert never ends for the receiver"),
        ([posted(OVER)], "alert.resolved of an alert that does not fire"),
        ([posted(FIRES), posted(FIRES, "again", at=800), posted(OVER)], "an alert fires twice"),
        ([posted(FIRES, taken=False), posted(OVER)], "an event was sent past one that was not taken yet"),
        ([posted(FIRES), posted(FIRES, at=700, label="Eve"), posted(OVER)], "an event was sent again, and says"),
        ([posted(FIRES), posted(OVER), posted(FIRES, at=3000)], "an event was sent again, after later ones"),
        ([posted(FIRES), posted(OVER, rule="unreadable")], "an alert that fired as"),
    ],
)
def test_what_the_receiver_should_not_get_is_a_miss(attempts: list[Posted], what: str) -> None:
    """Nothing, no end, an end alone, twice, out of order, changed, or under another name."""
    assert any(one.startswith(what) for one in misses(received(*attempts)))


def test_what_still_waits_at_the_end_is_a_miss() -> None:
    """The receiver was back for long."""
    assert "the receiver is back, and 2 events still wait" in misses(received(posted(FIRES), posted(OVER), left=2))
