"""A few histories of the real bot as a process; ``make faults`` lives through many."""

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.support.moved_clock import MISSING, may_skip
from verification.faults.history import live
from verification.faults.plot import Plot, Question, Turn
from verification.faults.troubles import CLOCK, DATABASE, PIXVERSE, PROCESS, TELEGRAM, Act
from verification.faults.world import ANN, GROUP, STRANGER

ALICE = "alice@example.com"


@pytest.fixture(scope="module")
def court() -> Iterator[Executor]:
    """Where the oracle works."""
    with ProcessPoolExecutor(1, get_context("spawn")) as judges:
        yield judges


def plot(*turns: Turn, **acts: list[Act]) -> Plot:
    """A history of one account in a private chat and a group, where a stranger asks meanwhile."""
    rooms = {"pixverse": PIXVERSE, "telegram": TELEGRAM, "database": DATABASE, "process": PROCESS, "clock": CLOCK}
    return Plot(
        seed=0,
        chats=(ANN, GROUP),
        settings={"UNREADABLE_AFTER": "2", "ACCOUNTS": ALICE},
        emails=(ALICE,),
        turns=[list(turns)],
        acts={rooms[name]: wanted for name, wanted in acts.items()},
        questions=[Question(0.5, STRANGER, "/credits")],
    )


LOW_AND_BACK = (Turn(0.3, ALICE, monthly=400), Turn(2.5, ALICE, monthly=14000), Turn(1.0, ALICE, monthly=180))
HISTORIES = {
    "services": plot(
        *LOW_AND_BACK,
        pixverse=[Act(0.2, "lies", 1.2, ALICE, 0.2), Act(0.1, "503", 0.8)],
        telegram=[Act(0.2, "lost answers", 1.5, number=0), Act(0.1, "429", 0.3)],
    ),
    "machine": plot(
        *LOW_AND_BACK,
        telegram=[Act(0.8, "migration", 0.3, number=1)],
        database=[Act(0.4, "locked", 0.8), Act(0.1, "disk full", 0.8), Act(0.1, "file limit", 0.6)],
        process=[Act(1.2, "kill -9", 0.2)],
        clock=[Act(0.6, "jump", 0.9, number=18000), Act(0.1, "jump", 0.1, number=-3600)],
    ),
}


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_history_with_everything_going_wrong_is_told_as_it_was(
    name: str, template: Path, court: Executor
) -> None:
    """Credits fall and come back while everything around the bot fails: the oracle finds nothing wrong in the chats."""
    update = await live(HISTORIES[name], template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    assert update.messages


@pytest.mark.parametrize("defect", [None, "ended-board"])
async def test_a_board_outlives_refusals(template: Path, court: Executor, defect: str | None) -> None:
    """Its chat refuses everything for a while. Afterwards it is current; the harness sees one that ended."""
    refusing = plot(Turn(0.3, ALICE, monthly=400), Turn(1.5, ALICE, monthly=300), telegram=[Act(0.1, "refused", 8.0)])
    refusing.board = True
    update = await live(refusing, template, court, defect)
    assert any("the boards are current" in miss for miss in update.misses) is (defect is not None), update.record


@pytest.mark.parametrize("defect", ["forgotten-retry", "talks-to-strangers"])
async def test_the_harness_sees_a_defect(defect: str, template: Path, court: Executor) -> None:
    """A bot that is broken on purpose does not pass: a dropped retry is missed, an answer to a stranger seen."""
    broken = plot(Turn(0.3, ALICE, monthly=400), telegram=[Act(0, "5xx", 1.5, number=1)])
    update = await live(broken, template, court, defect)
    assert update.misses, update.record


@pytest.mark.parametrize(
    ("trouble", "defect", "blamed"),
    [
        ("403 blocked", None, True),
        ("refused", None, True),
        ("something in between", None, False),
        ("something in between", "blames-the-chat", True),
    ],
)
async def test_a_chat_is_blamed_for_what_it_refused_itself(
    trouble: str, defect: str | None, blamed: bool, template: Path, court: Executor
) -> None:
    """While the group takes no messages ``/status`` says so elsewhere; a bot that blames it for a proxy is seen."""
    refusing = plot(Turn(0.3, ALICE, monthly=400), telegram=[Act(0.1, trouble, 7.0, number=1)])
    refusing.questions.append(Question(5.0, ANN, "/status"))
    update = await live(refusing, template, court, defect)
    assert (f"Cannot write to chat {GROUP}" in update.record) is blamed, update.record
    assert bool(update.misses) is (defect is not None), f"{update.misses}\n{update.record}"


async def test_a_404_of_the_list_ends_nobodys_watch(template: Path, court: Executor) -> None:
    """A proxy answers the list for a while: alerts go on as ever; a bot that takes it for an empty list is seen."""
    away = plot(
        Turn(0.5, ALICE, monthly=400),
        pixverse=[Act(2.0, "list: a page of Traefik", 2.5), Act(0.5, "list: empty once", 0.5)],
    )
    away.settings.pop("ACCOUNTS")
    update = await live(away, template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    update = await live(away, template, court, "ends-with-a-404")
    assert update.misses, update.record


async def test_a_page_of_cloudflare_is_nobodys_word(template: Path, court: Executor) -> None:
    """A 403 of Cloudflare for a look or two blames nobody; a bot that takes it for a refused token is seen."""
    passing = plot(
        Turn(3.0, ALICE, monthly=400),
        pixverse=[Act(0.3, "Cloudflare, just a moment", 1.8)],
    )
    update = await live(passing, template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    update = await live(passing, template, court, "taken-for-useapi")
    assert update.misses, update.record


@pytest.mark.parametrize(
    ("name", "act", "defect"),
    [
        ("telegram", Act(0.5, "webhook", 1.0), "deaf-for-a-webhook"),
        ("telegram", Act(0.5, "unreadable update", 1.0), "unreadable-again"),
        ("database", Act(0.5, "read-only", 4.0), "unwritable-and-silent"),
    ],
)
async def test_the_harness_sees_what_use_has_found(
    name: str, act: Act, defect: str, template: Path, court: Executor
) -> None:
    """A webhook, an update that cannot be read, a database that cannot be written: the bot bears each.

    One that does not is seen.
    """
    troubled = plot(Turn(0.3, ALICE, monthly=400), **{name: [act]})
    update = await live(troubled, template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    update = await live(troubled, template, court, defect, patience=8.0)
    assert update.misses, update.record


async def test_an_end_of_a_plan_that_cannot_be_read_is_said(template: Path, court: Executor) -> None:
    """Whoever asks for the account is told that it is unreadable; a bot that says nothing of it is seen."""
    unreadable = plot(Turn(0.3, ALICE, monthly=400), pixverse=[Act(0.5, "end of plan unreadable", 8.0, ALICE)])
    unreadable.questions.append(Question(5.0, ANN, f"/credits {ALICE}"))
    update = await live(unreadable, template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    update = await live(unreadable, template, court, "unreadable-and-silent")
    assert any("unreadable" in miss for miss in update.misses), update.record


@pytest.mark.skipif(may_skip(), reason=MISSING)
async def test_a_clock_that_is_set_back_stops_nothing(template: Path, court: Executor) -> None:
    """Checks go on at their pace; a bot whose jobs stand on the wall clock is seen."""
    set_back = plot(Turn(0.3, ALICE, monthly=400), clock=[Act(0.5, "jump", 1.0, number=-7200)])
    update = await live(set_back, template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    update = await live(set_back, template, court, "clock-stops-checks", patience=8.0)
    assert any("catches up" in miss for miss in update.misses), update.record


async def test_a_muted_chat_blinds_no_other(template: Path, court: Executor) -> None:
    """Everything is muted in one chat: the other is told that credits are low, the muted one hears nothing.

    A bot in which a silence of one chat holds in every chat is seen.
    """
    quiet = plot(Turn(0.3, ALICE, monthly=400), telegram=[Act(0.2, "5xx", 0.5, number=1)])
    quiet.muted, quiet.unmuted = ANN, False
    update = await live(quiet, template, court)
    assert not update.misses, f"{update.misses}\n{update.record}"
    update = await live(quiet, template, court, "one-blinds-all")
    assert update.misses, update.record
