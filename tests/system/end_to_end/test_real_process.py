"""The program itself, with the waits that it has in earnest, where other tests host its parts and shorten them."""

import pytest

from bot.simulator.telegram.service import Refusal, SimulatedChat
from tests.integration.end_to_end.test_delivery import PASSING
from tests.support.world import ANN, GROUP, PATIENCE, World, until


async def test_refusals_that_pass_lose_nothing_in_the_real_process(world: World) -> None:
    """The program itself, with its real waits: each chat refuses its first messages in its own way, and is told."""
    chats = range(500, 500 + len(PASSING))
    for chat, refusal in zip(chats, PASSING, strict=True):
        world.telegram.add_chat(SimulatedChat(chat))
        world.telegram.fail_send(chat, refusal, times=3)
    world.accounts("alice", monthly=0)
    world.greeted(*chats)
    bot = await world.start(CHECK_EVERY="60s", TELEGRAM_CHAT_IDS=",".join(map(str, chats)))
    await until(
        lambda: all(world.telegram.texts(chat) for chat in chats),
        lambda: f"every chat is told; its log:\n{bot.log}",
        timeout=90,
    )
    assert all(world.count("out of credits", chat) == 1 for chat in chats)


async def test_a_bot_that_starts_before_its_owner_pressed_start_in_the_real_process(new_world: World) -> None:
    """The program itself: the critical alert and the greeting are told with /start."""
    late = 77
    new_world.accounts("alice", monthly=0)
    bot = await new_world.start(CHECK_EVERY="60s", TELEGRAM_CHAT_IDS=late)
    await new_world.telegram.wait_for_call("sendMessage")
    await until(lambda: "hat not found" in bot.log, "the chat is not there yet")
    new_world.telegram.add_chat(SimulatedChat(late, title="Late"))
    new_world.telegram.say(late, "/start")
    await new_world.told("credit-bot watches 1 account", late)
    await new_world.told("out of credits", late)
    await until(lambda: any(f'"chat_id": {late}' in scope for scope, _ in new_world.telegram.commands), "the menu")


async def test_unblocked_in_the_real_process(world: World) -> None:
    """The program itself: blocked while an alert is due, unblocked, /start: the alert."""
    (alice,) = world.accounts("alice")
    bot = await world.start()
    await world.pixverse.wait_for_looks(alice.email, timeout=PATIENCE)
    world.telegram.block(ANN)
    alice.monthly = 0
    await until(lambda: "blocked by the user" in bot.log, "the alert is refused")
    world.telegram.unblock(ANN)
    world.telegram.say(ANN, "/start")
    await world.told("out of credits")


@pytest.mark.parametrize("topic", [1, 45])
async def test_a_topic_that_is_none_in_the_real_process(world: World, topic: int) -> None:
    """The program itself: General by its id, and a deleted topic; every alert arrives in the group."""
    world.telegram.chats[GROUP].topics = {46}
    world.accounts("alice", monthly=0)
    await world.start(CHECK_EVERY="60s", TELEGRAM_CHAT_IDS=f"{GROUP}/{topic}")
    told = await world.told("out of credits", GROUP)
    assert told.thread_id is None


async def test_a_portal_at_the_start_does_not_end_the_real_process(world: World) -> None:
    """A login page in Telegram's place, under a 401: the program waits, and goes on when Telegram is there."""
    world.accounts("alice", monthly=0)
    world.telegram.between = Refusal(401, "", page="<html>Log in to the hotel's network</html>")
    bot = await world.start(ready=False)
    await until(lambda: bot.process.returncode is not None or "trying again" in bot.log, "the bot has asked Telegram")
    world.telegram.between = None
    await bot.ready()
    await world.told("out of credits")
