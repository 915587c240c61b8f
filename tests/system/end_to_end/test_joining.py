"""Who joins while something is wrong is told: by a link, by the settings, by the accounts file read again."""

import re

from bot.simulator.telegram.service import server_error
from tests.support.world import ANN, BOB, CREATOR, GROUP, HostedBot, World, until

LINK = re.compile(r"\?start=([\w-]+)")


async def goes_on_as_any_chat(world: World, bot: HostedBot, chat_id: int) -> None:
    """A chat that joined gets the recovery of what it found, and the next fall, once each."""
    alice, before = world.pixverse.accounts["alice@example.com"], len(world.telegram.messages)
    for credits, said in ((15_000, "15,000 credits again"), (0, "out of credits")):
        alice.monthly = credits
        await bot.round(1)
        await world.told(f"alice@example.com: {said}", chat_id, after=before)
    await bot.quiet()
    assert sum(one.chat_id == chat_id for one in world.telegram.messages[before:]) == 2


async def test_whoever_opens_the_link_is_told_what_fires(new_world: World) -> None:
    """The greeting names the account at 0 and rings; its Ack is an ack; a second chat by /invite hears the same."""
    world = new_world
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS="")
    await until(lambda: bool(LINK.findall(bot.log)), "a link in the log")
    greeting = await bot.answer(f"/start {LINK.findall(bot.log)[0]}")
    lines = greeting.text.splitlines()
    assert lines[0] == "🔴 This chat is paired with credit-bot, which watches 1 account · 1 alert now"
    assert lines[1] == "🔴 alice@example.com: out of credits"
    assert not greeting.silent
    world.telegram.tap(greeting, "Ack")
    await until(lambda: "Acknowledged by Ann" in greeting.text, "it is acknowledged")
    code = (await bot.asked("/invite")).partition("?start=")[2].split()[0]
    second = await bot.answer(f"/start {code}", BOB)
    assert second.text.splitlines()[1] == "🔴 alice@example.com: out of credits, acknowledged by Ann"
    assert second.silent, "somebody is at it"
    await bot.quiet()
    assert (world.count("out of credits"), world.count("out of credits", BOB)) == (1, 1)
    await goes_on_as_any_chat(world, bot, BOB)


async def test_a_chat_that_comes_into_the_settings_is_told_what_fires(world: World) -> None:
    """At the next start its greeting names what fires, rings, and is said once; the old chat hears nothing again."""
    world.accounts("alice", monthly=0)
    world.accounts("bob")
    bot = await world.host()
    await world.told("out of credits")
    await bot.stop()
    topic = f"{GROUP}/45"
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{topic}")
    greeting = await world.told("credit-bot watches", GROUP)
    await bot.quiet()
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{topic}")
    await bot.quiet()
    assert greeting.thread_id == 45
    assert greeting.text.splitlines()[:2] == [
        "🔴 credit-bot watches 2 accounts for this chat · 1 alert now",
        "🔴 alice@example.com: out of credits",
    ]
    assert not greeting.silent
    assert (world.count("credit-bot watches", GROUP), world.count("out of credits")) == (1, 1)
    world.telegram.tap(greeting, "Snooze 1 day", CREATOR)
    await until(lambda: "Snoozed by Cleo" in greeting.text, "it is snoozed")
    assert "nooze" not in await bot.asked("/status")
    await goes_on_as_any_chat(world, bot, GROUP)


async def test_a_mute_of_every_chat_holds_for_who_joins(new_world: World) -> None:
    """What is muted everywhere is named when the mute ends, and not before."""
    world = new_world
    world.accounts("alice", monthly=0)
    bot = await world.host()
    await world.told("out of credits")
    await bot.asked("/mute all 1d everywhere")
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    greeting = await world.told("credit-bot watches", BOB)
    assert greeting.silent
    await bot.quiet()
    assert world.count("alice", BOB) == 0
    await bot.asked("/unmute", BOB)
    await world.told("alice@example.com: out of credits", BOB)
    await bot.quiet()
    assert world.count("out of credits") == 1


FILE = """
[[source]]
name = "studio"
chats = [{ann}]
[[source.account]]
email = "alice@example.com"
chats = {alices}
[[source.account]]
email = "bob@example.com"
chats = [{bob}]
"""


async def test_a_chat_that_is_told_of_more_accounts_hears_what_fires_there(world: World) -> None:
    """A reload gives an account to another chat: it gets the alert as the first one did, and its end; Ann nothing new.

    A chat that the file names for the first time is greeted with it.
    """
    world.accounts("alice", monthly=0)
    world.accounts("bob")
    file = world.folder / "accounts.toml"

    def write(*alices: int) -> None:
        file.write_text(FILE.format(ann=ANN, bob=BOB, alices=list(alices)))

    write(ANN)
    bot = await world.host(ACCOUNTS_FILE=file, TELEGRAM_CHAT_IDS=f"{ANN}")
    await world.told("alice@example.com: out of credits")
    await bot.quiet()
    assert world.count("alice", BOB) == 0
    write(ANN, BOB)
    await bot.asked("/reload")
    alert = await world.told("alice@example.com: out of credits", BOB)
    assert not alert.silent
    assert "delayed" not in alert.text
    world.telegram.add_chat(world.telegram.chats[BOB].__class__(9, title="Cleo"))
    write(ANN, BOB, 9)
    await bot.asked("/reload")
    greeting = await world.told("credit-bot watches 1 account", 9)
    assert "🔴 alice@example.com: out of credits" in greeting.text
    assert not greeting.silent
    await bot.quiet()
    assert [world.count("out of credits", chat) for chat in (ANN, BOB, 9)] == [1, 1, 1]
    await goes_on_as_any_chat(world, bot, BOB)
    await goes_on_as_any_chat(world, bot, 9)


async def test_a_greeting_is_kept_while_telegram_is_away(new_world: World) -> None:
    """Paired, and Telegram refuses for a moment: the greeting with what fires comes all the same."""
    world = new_world
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS="")
    await until(lambda: bool(LINK.findall(bot.log)), "a link in the log")
    world.telegram.fail_send(ANN, server_error(), times=2)
    world.telegram.say(ANN, f"/start {LINK.findall(bot.log)[0]}")
    greeting = await world.told("This chat is paired")
    assert "out of credits" in greeting.text
