"""/board through the real bot: one message that is kept current by editing, over a restart and any refusal."""

from datetime import timedelta
from functools import partial

import pytest

from bot.simulator.telegram.service import Refusal, SimulatedMessage, bad_request
from tests.support.world import ANN, BOB, World, until

CALM = {"LOW_CREDITS": "", "PLAN_ENDS_WITHIN": "", "RUNS_OUT_WITHIN": ""}
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.features.board.publisher.LOOK_EVERY", 0.05)


def shows(board: SimulatedMessage, number: str) -> bool:
    """Whether a board says a number."""
    return number in board.text


async def test_a_board_keeps_itself_current(world: World) -> None:
    """It is posted, pinned, edited at most once a minute, and taken up after a restart."""
    (alice,) = world.accounts("alice")
    bot = await world.host(**CALM)
    board = await bot.answer("/board")
    assert board.silent
    assert "12,450" in board.text
    await until(lambda: board.pinned, "the board is pinned")
    for monthly, bot_again in ((9_000, False), (8_000, True)):
        if bot_again:
            await bot.stop()
            bot = await world.host(**CALM)
        alice.monthly = monthly
        await bot.round()
        world.clock.advance(2 * MINUTE)
        await until(partial(shows, board, f"{monthly:,}"), "the board is edited")
    assert len(world.telegram.texts(ANN)) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(403, "Forbidden: bot was blocked by the user"),
        bad_request("not enough rights to send text messages to the chat"),
        bad_request("chat not found"),
        Refusal(403, "Forbidden", page="<html>The firewall forbids this</html>"),
    ],
    ids=lambda refusal: refusal.description if refusal.page is None else "a firewall's page",
)
async def test_a_refused_edit_does_not_end_a_board(world: World, refusal: Refusal) -> None:
    """While it is refused /status names it; a restart keeps that; soon after the refusal has passed it is current."""
    (alice,) = world.accounts("alice")
    settings = {**CALM, "TELEGRAM_CHAT_IDS": f"{ANN},{BOB}"}
    bot = await world.host(**settings)
    board = await bot.answer("/board")
    await until(lambda: board.pinned, "the board is pinned")
    world.telegram.fail(refusal, ["editMessageText", "sendMessage"], ANN, times=None)
    alice.monthly = 9_000
    await bot.round()
    world.clock.advance(2 * MINUTE)
    await world.telegram.wait_for_call("editMessageText")
    await bot.stop()
    bot = await world.host(**settings)
    status = await bot.asked("/status", BOB)
    assert f"the board of chat {ANN} was last current" in status
    world.telegram.heal()
    world.clock.advance(16 * MINUTE)
    await until(partial(shows, board, "9,000"), "the board is edited")

    async def well() -> bool:
        return "The bot is well" in await bot.asked("/status", BOB)

    await until(well, "/status names it no more")


@pytest.mark.parametrize("words", ["message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"])
async def test_a_board_that_cannot_be_edited_is_replaced(world: World, words: str) -> None:
    """A new one is posted and pinned; the old one goes."""
    (alice,) = world.accounts("alice")
    bot = await world.host(**CALM)
    old = await bot.answer("/board")
    world.telegram.fail(bad_request(words), ["editMessageText"])
    alice.monthly = 9_000
    await bot.round()
    world.clock.advance(2 * MINUTE)
    new = await world.told("9,000")
    await until(lambda: new.pinned and old.deleted, "the new board has taken the old one's place")
    assert new.silent


async def test_a_board_that_may_not_be_pinned_is_pinned_later(world: World) -> None:
    """In a group where the bot may not pin, it says so; once it may, it does."""
    world.accounts("alice")
    bot = await world.host()
    refusal = bad_request("not enough rights to manage pinned messages in the chat")
    world.telegram.fail(refusal, ["pinChatMessage"], times=None)
    board = await bot.answer("/board")
    assert "I may not pin it here" in (await world.told("pin it")).text
    world.telegram.heal()
    world.clock.advance(2 * MINUTE)
    await until(lambda: board.pinned, "the board is pinned")


async def test_a_board_is_ended(world: World) -> None:
    """By /board off; it comes no more."""
    world.accounts("alice")
    bot = await world.host(**CALM)
    board = await bot.answer("/board")
    assert "The board is gone" in await bot.asked("/board off")
    assert board.deleted
    assert "There is no board here" in await bot.asked("/board off")
    assert "Say /board for one message" in await bot.asked("/board everywhere")


async def test_the_board_of_a_chat_that_leaves_goes(new_world: World) -> None:
    """It would say for ever what is true now."""
    world = new_world
    world.accounts("alice")
    bot = await world.host()
    code = (await bot.asked("/invite")).partition("?start=")[2].split()[0]
    await bot.asked(f"/start {code}", BOB)
    await bot.quiet()
    board = await bot.answer("/board", BOB)
    await until(lambda: board.pinned, "the board is pinned")
    assert "no longer paired" in await bot.asked("/leave", BOB)
    world.clock.advance(2 * MINUTE)
    await until(lambda: board.deleted, "the board is taken down")
