"""Escalation through the real bot: who is told when nobody acts, once, and what happens there."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.world import ANN, BOB, GROUP, MEMBER, ProcessBot, World, until
from tests.system.end_to_end.test_second_channel import read
from tests.system.end_to_end.test_silences import tapped

HALF_AN_HOUR = timedelta(minutes=30)
ESCALATE = {"ESCALATE_AFTER": "30m", "ESCALATE_CHAT_IDS": str(BOB)}
WHY = "Escalated: nobody has acknowledged it since"


async def test_nobody_acted_so_another_chat_is_told_once_and_of_the_end(world: World) -> None:
    """No sooner than after half an hour, once over reminders, checks and a restart; the end answers the message."""
    (alice,) = world.accounts("alice")
    bot = await world.host(**ESCALATE, REMIND_EVERY="1h", DIGEST_AT="09:00")
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await bot.round()
    await bot.quiet()
    assert world.telegram.texts(BOB) == []
    world.clock.advance(timedelta(minutes=15))
    escalated = await world.told(WHY, BOB)
    assert escalated.text.startswith("🔴 alice@example.com: out of credits\n")
    assert not escalated.silent
    assert escalated.labels == ["Ack", "Open PixVerse"]
    await bot.stop()
    bot = await world.host(**ESCALATE, REMIND_EVERY="1h", DIGEST_AT="09:00")
    for _ in range(8):
        await bot.round()
    await bot.quiet()
    await world.told("still out of credits")
    assert len(world.telegram.texts(BOB)) == 1
    assert world.count("Escalated", ANN) == 0
    alice.monthly = 15_000
    await bot.round()
    over = await world.told("15,000 credits again", BOB)
    assert over.reply_to == escalated.message_id
    await until(lambda: "Over since" in escalated.text, "the message says that it is over")
    assert escalated.labels == []


async def test_an_ack_ends_the_wait_and_one_that_was_undone_begins_it_again(world: World) -> None:
    """Somebody is at it: no further chat is woken. Undone, it waits for the whole time once more."""
    (alice,) = world.accounts("alice")
    bot = await world.host(**ESCALATE)
    alice.monthly = 0
    await bot.round()
    alert = await world.told("out of credits")
    assert (await tapped(world, alert, "Ack")).startswith("Acknowledged by Ann")
    for _ in range(4):
        await bot.round()
    assert (await tapped(world, alert, "Undo ack")).startswith("Undone by Ann")
    await bot.round()
    await bot.quiet()
    assert world.telegram.texts(BOB) == []
    world.clock.advance(timedelta(minutes=16))
    await world.told(WHY, BOB)


async def test_what_a_chat_silenced_for_itself_does_not_matter(world: World) -> None:
    """Ann muted everything: nobody can know of it there, so Bob is told. A mute of every chat withholds it."""
    alice, carol = world.accounts("alice", "carol")
    bot = await world.host(**ESCALATE, TELEGRAM_CHAT_IDS=f"{ANN},{GROUP}")
    await bot.asked("/mute all 1d", ANN)
    await bot.asked("/mute carol 2h everywhere", ANN)
    alice.monthly = carol.monthly = 0
    await bot.round()
    await bot.round()
    world.clock.advance(timedelta(minutes=15))
    await world.told("alice@example.com: out of credits", BOB)
    await bot.round()
    await bot.quiet()
    assert world.count("carol", BOB) == 0
    world.clock.advance(timedelta(minutes=75))
    await world.told("carol@example.com: out of credits", GROUP)
    await bot.round()
    await bot.quiet()
    assert world.count("carol", BOB) == 0, "it waits from the end of the mute"
    world.clock.advance(timedelta(minutes=16))
    await world.told("carol@example.com: out of credits", BOB)


async def test_the_other_chat_acknowledges_what_it_got_and_can_do_nothing_else(world: World) -> None:
    """It hears who acknowledged what it got, and of nothing else; commands and forged taps get no answer."""
    alice, carol = world.accounts("alice", "carol")
    bot = await world.host(**(ESCALATE | {"ESCALATE_CHAT_IDS": f"{BOB},{GROUP}"}))
    alice.monthly = 0
    await bot.round()
    ours = await world.told("alice@example.com: out of credits")
    carol.monthly = 700
    await bot.round()
    warning = await world.told("carol@example.com: 700 credits left")
    world.clock.advance(timedelta(minutes=15))
    there, group = await world.told(WHY, BOB), await world.told(WHY, GROUP)
    for text in ("/credits", "/status", "/mute all 1h"):
        world.telegram.say(BOB, text)
    assert "Only administrators" in await tapped(world, group, "Ack", MEMBER)
    assert (await tapped(world, there, "Ack")).startswith("Acknowledged by Bob")
    await world.told("alice@example.com: acknowledged by Bob")
    await world.told("alice@example.com: acknowledged by Bob", GROUP)
    assert "Undo ack" in there.labels
    assert (await tapped(world, there, "Undo ack")).startswith("Undone by Bob")
    assert (await tapped(world, ours, "Ack")).startswith("Acknowledged by Ann")
    await world.told("alice@example.com: acknowledged by Ann", BOB)
    await tapped(world, warning, "Ack")
    await bot.quiet()
    assert world.count("carol", BOB) + world.count("carol", GROUP) == 0
    assert len(world.telegram.texts(BOB)) == 2
    assert "This chat's id is 8" in await bot.asked("/start", BOB)


async def test_a_chat_that_is_told_anyway_gets_it_with_all_its_buttons(world: World) -> None:
    """It stands in both settings: the message comes once more, and goes on as any."""
    (alice,) = world.accounts("alice")
    bot = await world.host(ESCALATE_AFTER="30m", ESCALATE_CHAT_IDS=ANN)
    alice.monthly = 0
    await bot.round()
    await bot.round()
    world.clock.advance(timedelta(minutes=15))
    escalated = await world.told(WHY)
    assert escalated.labels == ["Ack", "Snooze 1 h", "Snooze 1 day", "Credits", "Open PixVerse"]
    alice.monthly = 15_000
    await bot.round()
    assert (await world.told("credits again")).reply_to == escalated.message_id
    await bot.quiet()
    assert world.count("credits again") == 1


async def test_a_refused_token_is_escalated_as_one_alert(world: World) -> None:
    """What stops everything, once; the source's end is told there too."""
    world.accounts("alice", "bob")
    bot = await world.host(**ESCALATE)
    world.pixverse.token, token = "user:other", world.pixverse.token
    await bot.round()
    await bot.round()
    world.clock.advance(timedelta(minutes=15))
    await world.told(WHY, BOB)
    await bot.round()
    world.pixverse.token = token
    await bot.round()
    await world.told("can be read again", BOB)
    assert len(world.telegram.texts(BOB)) == 2


async def test_what_recovered_while_the_bot_was_off_is_escalated_nowhere(world: World) -> None:
    """It checks first: hours later the old number says nothing. What still holds is told after that check."""
    alice, carol = world.accounts("alice", "carol")
    bot = await world.host(**ESCALATE)
    alice.monthly = carol.monthly = 0
    await bot.round()
    await world.told("2 accounts")
    await bot.quiet()
    await bot.stop()
    world.clock.advance(timedelta(hours=5))
    alice.monthly = 15_000
    await world.host(**ESCALATE)
    await world.told("carol@example.com: out of credits", BOB)
    await world.told("alice@example.com: 15,000 credits again")
    assert world.count("alice", BOB) == 0


async def test_a_paused_account_waits_for_its_check(world: World) -> None:
    """A person works there; after the pause a check decides."""
    (alice,) = world.accounts("alice")
    bot = await world.host(**ESCALATE)
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await bot.asked("/pause alice 2h")
    world.clock.advance(timedelta(minutes=90))
    await bot.asked("/status")
    await bot.quiet()
    assert world.telegram.texts(BOB) == []
    alice.monthly = 15_000
    world.clock.advance(timedelta(minutes=31))
    await world.told("15,000 credits again")
    await bot.quiet()
    assert world.telegram.texts(BOB) == []


async def test_a_source_whose_accounts_were_all_paused_waits_for_their_checks(world: World) -> None:
    """The end of the pause makes them due: what recovered meanwhile is escalated nowhere."""
    world.accounts("alice", "bob")
    bot = await world.host(**ESCALATE)
    world.pixverse.token, token = "user:other", world.pixverse.token
    await bot.round()
    await world.told("refuses the API token")
    await bot.asked("/pause all 2h")
    world.pixverse.token = token
    world.clock.advance(timedelta(minutes=121))
    await world.told("can be read again")
    await bot.quiet()
    assert world.telegram.texts(BOB) == []


async def test_telegram_away_and_a_kill_between_lose_nothing_and_repeat_nothing(world: World) -> None:
    """Killed right before it is due and again while Telegram refuses: one message, once Telegram takes it."""
    (alice,) = world.accounts("alice")
    settings: dict[str, Any] = {"ESCALATE_AFTER": "6s", "ESCALATE_CHAT_IDS": BOB}
    bot: ProcessBot = await world.start(**settings)
    await bot.saved(1)
    alice.monthly = 0
    await world.told("out of credits")
    await bot.kill()
    bot = await world.start(**settings)
    world.telegram.block(BOB)
    await bot.logged("it is escalated")
    await bot.logged(f"Chat {BOB} refuses messages")
    await bot.kill()
    world.telegram.unblock(BOB)
    bot = await world.start(**settings)
    await world.told(WHY, BOB)
    before = await bot.looks()
    await bot.saved(before + 3)
    await bot.quiet()
    assert len(world.telegram.texts(BOB)) == 1
    assert "it is escalated" not in bot.log
    assert await bot.stop() == 0


async def test_the_second_channel_gets_it_and_its_end_while_telegram_works(world: World, letters: Path) -> None:
    """Without a chat of the setting, once, and nothing that Telegram took."""
    (alice,) = world.accounts("alice", monthly=700)
    bot = await world.host(ESCALATE_AFTER="30m", FALLBACK_URLS="ntfy://topic")
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await bot.round()
    world.clock.advance(timedelta(minutes=15))
    await bot.logged("Nobody acknowledged: 1 went out by ntfy")
    for _ in range(3):
        await bot.round()
    alice.monthly = 15_000
    await bot.round()
    await until(lambda: len(read(letters)) == 2, "two letters")
    first, last = read(letters)
    assert first["title"] == "🔴 alice@example.com: out of credits"
    assert WHY in first["body"]
    assert "15,000 credits again" in last["title"]
    assert (await bot.health())["outbox"] == 0
