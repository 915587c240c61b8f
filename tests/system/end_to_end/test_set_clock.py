"""The wall clock of the real process is set while it runs: nothing stops, and nothing hurries."""

import asyncio
from pathlib import Path

import pytest

from tests.support.moved_clock import MISSING, MovedClock, may_skip
from tests.support.world import ANN, World

pytestmark = pytest.mark.skipif(may_skip(), reason=MISSING)

EVERY_S = 2.0
HOURS = 3600.0
SLOW_MACHINE_S = 60.0
"""Far below the hours that the clock moves by."""
MISSED = "Nobody was watching"


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    """The clock of the processes that a test starts."""
    return MovedClock.in_folder(tmp_path)


async def test_checks_keep_their_pace_whatever_is_done_to_the_clock(world: World, clock: MovedClock) -> None:
    """Back by two hours, forward again, forward by two hours, and right again: four checks take as long as ever.

    ``/healthz`` says 200 all the time, no chat hears of a pause, and ``/status`` names the last step.
    """
    (alice,) = world.accounts("alice")
    bot = await world.start(CHECK_EVERY=f"{EVERY_S:g}s", **clock.environment)
    await world.pixverse.wait_for_looks(count=2)
    for ahead in (-2 * HOURS, 0.0, 2 * HOURS, 0.0):
        clock.set(ahead)
        took = await seconds_for(world, 4)
        assert took >= 2 * EVERY_S, (ahead, took, bot.log)
        assert (await bot.page("/healthz")).status == 200
    assert bot.log.count("The clock was set back by 2 h") == 2
    assert bot.log.count("The clock was set forward by 2 h") == 2
    assert not world.telegram.texts(ANN)
    assert "The clock was set back by 2 h at " in await bot.asked("/status")
    alice.monthly = 0
    message = await world.told("out of credits")
    assert "delayed" not in message.text
    assert not world.count(MISSED)
    assert await bot.stop() == 0


async def seconds_for(world: World, looks: int) -> float:
    """How long so many further looks take."""
    loop = asyncio.get_running_loop()
    begun, wanted = loop.time(), world.pixverse.looks() + looks
    await world.pixverse.wait_for_looks(count=wanted, timeout=SLOW_MACHINE_S)
    return loop.time() - begun
