"""A chat is let in by a link, lets others in, and goes: through the real bot and a simulated Telegram."""

import asyncio
import re
from datetime import timedelta

from bot.features.pairing.text import log_line
from bot.support.redaction import redact
from tests.support.world import ANN, BOB, CREATOR, GROUP, MEMBER, Bot, HostedBot, World, until

LINK = re.compile(r"https://t\.me/credit_demo_bot\?start=([\w-]+)")


def links(bot: Bot) -> list[str]:
    """The codes in the log."""
    return LINK.findall(bot.log)


async def first_link(world: World) -> tuple[HostedBot, str]:
    """A bot that knows nobody, and the code in its log."""
    bot = await world.host(TELEGRAM_CHAT_IDS="")
    await until(lambda: bool(links(bot)), "a link in the log")
    (code,) = links(bot)
    return bot, code


async def handled(world: World) -> None:
    """Wait until the bot has taken everything that people said, and had the time to answer it."""
    await until(lambda: not world.telegram.pending_updates, "all updates are taken")
    await asyncio.sleep(0.3)


async def test_the_link_in_the_log_lets_the_first_chat_in(new_world: World) -> None:
    """It is greeted once, has the menu, may ask, and is told what fires, after a restart too."""
    world = new_world
    alice, bob = world.accounts("alice", "bob")
    bot, code = await first_link(world)
    said = await bot.asked(f"/start {code}")
    assert said.startswith("⚪ This chat is paired with credit-bot, which watches 2 accounts\n")
    await bot.logged(f"Chat {ANN} is paired, by Ann: it gets messages from now on, and may ask")
    assert "2 accounts" in await bot.asked("/credits")
    alice.monthly = 0
    await bot.round()
    await world.told("alice@example.com: out of credits")
    await bot.quiet()
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS="")
    bob.monthly = 0
    await bot.round()
    await world.told("bob@example.com: out of credits")
    assert links(bot) == []
    assert world.count("credit-bot") == 1
    assert any(method == "setMyCommands" for method, _ in world.telegram.calls)


async def test_a_wrong_code_gets_nothing_and_the_right_one_works_once(world: World) -> None:
    """No answer to a wrong, a used or an old code; a bare /start says the id as ever."""
    world.accounts("alice")
    bot, code = await first_link(world)
    for wrong in ("hello", "x" * 32, code[:-1]):
        world.telegram.say(BOB, f"/start {wrong}")
    await handled(world)
    assert world.telegram.messages == []
    assert f"This chat's id is {BOB}." in await bot.asked("/start", BOB)
    await bot.asked(f"/start {code}")
    world.telegram.say(BOB, f"/start {code}")
    world.telegram.say(BOB, "/credits")
    await handled(world)
    assert len(world.telegram.texts(BOB)) == 1


async def test_a_flood_of_wrong_codes_does_not_keep_the_right_one_out(world: World) -> None:
    """Of strangers and in the very chat: the link is answered at once, and the flood gets nothing."""
    world.accounts("alice")
    bot, code = await first_link(world)
    for number in range(60):
        for chat in (BOB, ANN):
            world.telegram.say(chat, f"/start {number:032}")
    assert "is paired" in await bot.asked(f"/start {code}")
    await handled(world)
    assert world.telegram.texts(BOB) == []
    assert len(world.telegram.texts(ANN)) == 1
    assert "5 wrong pairing codes in a row" in bot.log


async def test_the_link_is_renewed_while_nobody_is_there(world: World) -> None:
    """After ten minutes the old one is worth nothing, and another stands in the log."""
    world.accounts("alice")
    bot, old = await first_link(world)
    world.clock.advance(timedelta(minutes=11))
    await until(lambda: len(links(bot)) == 2, "a second link")
    world.telegram.say(ANN, f"/start {old}")
    await handled(world)
    assert world.telegram.messages == []
    await bot.quiet()
    assert "is paired" in await bot.asked(f"/start {links(bot)[-1]}")


async def test_an_invitation_lets_a_topic_in_and_leave_ends_it(world: World) -> None:
    """/invite gives a link for a group; who may not is told so; /leave ends it, and the last one brings a new link."""
    alice, bob = world.accounts("alice", "bob")
    bot, code = await first_link(world)
    await bot.asked(f"/start {code}")
    code = (await bot.asked("/invite")).partition("startgroup=")[2].split()[0]
    assert "This chat is paired already" in await bot.asked(f"/start {code}")
    paired = await bot.answer(f"/start@credit_demo_bot {code}", GROUP, user_id=CREATOR, thread_id=45)
    assert paired.thread_id == 45
    assert "is paired" in paired.text
    alice.monthly = 0
    await bot.round()
    told = await world.told("alice@example.com: out of credits", GROUP)
    assert told.thread_id == 45
    await bot.quiet()
    refused = await bot.asked("/leave@credit_demo_bot", GROUP, user_id=MEMBER, thread_id=45)
    assert "is no longer paired" not in refused
    left = await bot.asked("/leave@credit_demo_bot", GROUP, user_id=CREATOR, thread_id=45)
    assert left.startswith("⚪ This chat is no longer paired")
    assert "was the last one" not in left
    bob.monthly = 0
    await bot.round()
    await world.told("bob@example.com: out of credits")
    await bot.quiet()
    assert world.count("bob@example.com", GROUP) == 0
    assert "It was the last one" in await bot.asked("/leave")
    await until(lambda: len(links(bot)) == 2, "a new link")
    await bot.quiet()
    assert "is paired" in await bot.asked(f"/start {links(bot)[-1]}")


async def test_a_configured_chat_invites_and_cannot_leave(world: World) -> None:
    """What stands in TELEGRAM_CHAT_IDS is taken out there; no link stands in the log."""
    world.accounts("alice")
    bot = await world.host()
    assert "it stands in TELEGRAM_CHAT_IDS" in await bot.asked("/leave")
    code = (await bot.asked("/invite")).partition("?start=")[2].split()[0]
    assert "is paired" in await bot.asked(f"/start {code}", BOB)
    assert "No chat is paired" not in bot.log


def test_the_link_is_readable_in_the_log() -> None:
    """What hides secrets in the log leaves the link alone: it is there to be opened."""
    line = log_line("credit_demo_bot", "AbCdEfGhIjKlMnOpQrStUvWxYz-_0123")
    assert redact(line, ["user:4711"]) == line
