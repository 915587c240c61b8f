"""Times in which nobody was watching, and the start after them."""

import asyncio
import signal
from datetime import timedelta

from tests.support.world import ANN, BOB, EVERY, World, until

MISSED = "Nobody was watching"


async def test_a_first_start_greets_each_chat_once_and_says_nothing_else(new_world: World) -> None:
    """The first time a chat is used it gets one silent greeting that names no account; a later start is silent."""
    world = new_world
    world.accounts("alice")
    bot = await world.host()
    greeting = await world.told("credit-bot watches 1 account for this chat")
    assert greeting.silent
    assert "alice" not in greeting.text
    await bot.quiet()
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    await world.told("credit-bot watches 1 account for this chat", BOB)
    await bot.round()
    await bot.quiet()
    assert (len(world.telegram.texts(ANN)), len(world.telegram.texts(BOB))) == (1, 1)


async def test_after_more_than_three_intervals_off_one_message_says_so(world: World) -> None:
    """Off for over three intervals: one silent message from when to when; off for less: none."""
    world.accounts("alice")
    bot = await world.host()
    await bot.stop()
    world.clock.advance(2 * EVERY)
    bot = await world.host()
    await bot.quiet()
    assert not world.telegram.texts(ANN)
    await bot.stop()
    world.clock.advance(timedelta(hours=2))
    bot = await world.host()
    message = await world.told(MISSED)
    assert message.silent
    assert "No checks ran for 2 h" in message.text
    await bot.round()
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1


async def test_a_process_that_was_killed_or_stopped_for_long_says_so_once(world: World) -> None:
    """Kill -9 and a later start, and SIGSTOP with a later SIGCONT: each is one message, and the watch goes on."""
    (alice,) = world.accounts("alice")
    bot = await world.start()
    await world.pixverse.wait_for_looks(count=1)
    await bot.saved(1)
    await bot.kill()
    await asyncio.sleep(3.5)  # the downtime itself is what is tried
    bot = await world.start()
    await world.told(MISSED)
    await bot.quiet()
    bot.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(4.5)
    bot.process.send_signal(signal.SIGCONT)
    await until(lambda: world.count(MISSED) == 2, "the second downtime is told")
    alice.monthly = 0
    await world.told("out of credits")
    await bot.quiet()
    assert world.count(MISSED) == 2
    assert await bot.stop() == 0
