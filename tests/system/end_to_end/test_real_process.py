"""The program itself, with the waits that it has in earnest, where other tests host its parts and shorten them."""

from base64 import b64encode

import pytest
from standardwebhooks import Webhook

from bot.simulator.telegram.service import Refusal, SimulatedChat
from bot.simulator.webhook import SimulatedReceiver
from tests.support.world import ANN, GROUP, PATIENCE, World, until
from tests.system.end_to_end.test_delivery import PASSING


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


async def test_a_receiver_that_is_away_gets_everything_after_kills_in_the_real_process(world: World) -> None:
    """The program itself, killed at any moment, twice: all changes in order, signed, each with one id."""
    secret = "whsec_" + b64encode(b"thirty-two bytes of a signing key").decode()
    (alice,) = world.accounts("alice", monthly=9_000)
    receiver = SimulatedReceiver()
    await receiver.start()
    receiver.away = True
    bot = await world.start(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=secret)
    await world.pixverse.wait_for_looks(alice.email, timeout=PATIENCE)
    for monthly, words in ((0, "out of credits"), (9_000, "9,000 credits again"), (1_000, "1,000 credits")):
        alice.monthly = monthly
        await world.told(words)
        if monthly:
            await receiver.wait_for_attempts(len(receiver.received) + 1, PATIENCE)
            await bot.kill()
            bot = await world.start(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=secret)
    await receiver.stop()  # the port itself is gone, too
    alice.monthly = 9_000
    await until(lambda: world.count("9,000 credits again") == 2, "the second recovery")
    receiver.away = False
    await receiver.start(receiver.port)
    changes = 4  # and a notice for each restart that took long

    def changed() -> bool:
        return len([one for one in receiver.events if one["type"] != "notice"]) >= changes

    await until(changed, "all changes are taken")
    await receiver.stop()
    first = list({one.id: one for one in receiver.received if one.taken}.values())
    told = [one.event for one in first if one.event["type"] != "notice"]
    assert [one["type"] for one in told] == ["alert.firing", "alert.resolved"] * 2
    assert [one["data"]["value"] for one in told] == [0, 9_000, 1_000, 9_000]
    attempts = [one for one in receiver.received if one.id == first[0].id]
    assert attempts[0] is receiver.received[0], "it kept its id over both kills"
    assert len({one.body for one in attempts}) == 1
    for one in receiver.received[-4:]:
        assert Webhook(secret).verify(one.body, one.headers) == one.event
