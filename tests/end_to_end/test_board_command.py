"""/board through the real bot: one message that is kept current by editing, over a restart too."""

from datetime import timedelta
from functools import partial

import pytest

from bot.demo.telegram import bad_request
from tests.end_to_end.world import ANN, World, until


async def test_a_board_keeps_itself_current(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is posted, pinned, edited at most once a minute, taken up after a restart, and gone when it is deleted."""
    monkeypatch.setattr("bot.board.LOOK_EVERY", 0.05)
    (alice,) = world.accounts("alice")
    settings = {"LOW_CREDITS": "", "PLAN_ENDS_WITHIN": "", "RUNS_OUT_WITHIN": ""}
    bot = await world.host(**settings)
    board = await bot.answer("/board")
    assert board.silent
    assert "12,450" in board.text
    await until(lambda: board.pinned, "the board is pinned")

    def shows(number: str) -> bool:
        return number in board.text

    for monthly, bot_again in ((9_000, False), (8_000, True)):
        if bot_again:
            await bot.stop()
            bot = await world.host(**settings)
        alice.monthly = monthly
        await bot.round()
        world.clock.advance(timedelta(minutes=2))
        await until(partial(shows, f"{monthly:,}"), "the board is edited")
    assert len(world.telegram.texts(ANN)) == 1


async def test_a_board_that_may_not_be_pinned_says_so(world: World) -> None:
    """In a group where the bot may not pin, it says how it would be."""
    world.accounts("alice")
    bot = await world.host()
    world.telegram.fail(bad_request("not enough rights to manage pinned messages in the chat"), ["pinChatMessage"])
    await bot.asked("/board")
    assert "I may not pin it here" in (await world.told("pin it")).text
