"""What a message says once its alert is over, through the whole bot: in its text, without its buttons, answered."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from bot.simulator.telegram.service import SimulatedMessage
from tests.support.world import ADMIN, ANN, BOB, EVERY, GROUP, World, until
from tests.system.end_to_end.test_silences import tapped


def labels(message: SimulatedMessage) -> list[str]:
    """The buttons below a message."""
    return [label for row in message.buttons for label, _ in row]


def awaiting(world: World) -> int:
    """Of how many alerts a message is still to say that they are over."""
    with closing(sqlite3.connect(world.database)) as connection:
        found: Sequence[int] = connection.execute("SELECT count(*) FROM outbox WHERE awaits_end").fetchone()
    return found[0]


async def marked(world: World, message: SimulatedMessage, words: str = "Over since ") -> None:
    """Wait until a message says that its alert is over."""
    await until(lambda: words in message.text, lambda: f"the message says so: {message.text!r}")


async def test_a_message_whose_alert_is_over_says_so_and_loses_its_buttons(world: World) -> None:
    """In each chat, in each message of the alert; the numbers can still be asked for; the recovery answers it."""
    (alice,) = world.accounts("alice", monthly=2_400)
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{GROUP}/45")
    first = await world.told("2,400 credits left")
    await bot.recorded()  # a message is written again as of the moment that stands in the database
    alice.monthly = 0
    await bot.round()
    worse, groups = await world.told("out of credits"), await world.told("out of credits", GROUP)
    said = worse.text
    await bot.recorded()
    alice.monthly = 15_000
    await bot.round()
    recovery = await world.told("15,000 credits again")
    for message in (first, worse, groups):
        await marked(world, message)
        assert labels(message) == ["Credits"]
        assert [entity["type"] for entity in message.entities][-1] == "bold"
    assert worse.text.startswith(f"{said}\nOver since ")
    assert recovery.reply_to == worse.message_id
    assert not recovery.buttons
    assert (await world.told("15,000 credits again", GROUP)).reply_to == groups.message_id
    await until(lambda: awaiting(world) == 0, "nothing waits any more")
    before = len(world.telegram.messages)
    assert await tapped(world, worse, "Credits") == ""
    await world.told("15,000", after=before)


async def test_one_message_of_several_accounts_tells_each_ones_own_end(world: World) -> None:
    """Two of three recover: the message names them, keeps its buttons and who is at the third; then all are over."""
    alice, bob, carol = world.accounts("alice", "bob", "carol", monthly=0)
    bot = await world.host()
    message = await world.told("3 accounts are low on credits")
    await bot.recorded()
    assert (await tapped(world, message, "Ack")).startswith("Acknowledged by Ann")
    alice.monthly = bob.monthly = 15_000
    await bot.round()
    await marked(world, message, "Over: ")
    assert "alice@example.com since " in message.text.splitlines()[-2]
    assert "bob@example.com since " in message.text.splitlines()[-2]
    assert message.text.splitlines()[-1].startswith("Acknowledged by Ann")
    assert labels(message) == ["Ack", "Snooze 1 h", "Snooze 1 day", "Credits", "Open PixVerse", "Undo ack"]
    carol.monthly = 15_000
    await bot.round()
    await marked(world, message, "All over since ")
    assert labels(message) == ["Credits"]
    assert "Acknowledged" not in message.text
    assert message.text.count("since") == 1


async def test_what_ended_while_the_bot_was_off_is_marked_after_the_start(world: World) -> None:
    """Over a restart nothing is forgotten: a message told before it says when its alert ended."""
    (alice,) = world.accounts("alice", monthly=0)
    bot = await world.host()
    message = await world.told("out of credits")
    await bot.stop()
    alice.monthly = 15_000
    world.clock.advance(EVERY)
    await world.host()
    await world.told("15,000 credits again")
    await marked(world, message)


@pytest.mark.parametrize("gone", ["deleted", "blocked"])
async def test_what_telegram_will_not_have_edited_stays_and_nobody_fights(world: World, gone: str) -> None:
    """A deleted message is let go; a chat that refuses is tried later; neither is an error, and the recovery comes."""
    (alice,) = world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    message, bobs = await world.told("out of credits"), await world.told("out of credits", BOB)
    await bot.recorded()
    if gone == "deleted":
        message.deleted = True
    else:
        world.telegram.chats[ANN].blocked = True
    alice.monthly = 15_000
    await bot.round()
    await marked(world, bobs)
    if gone == "deleted":
        assert (await world.told("15,000 credits again")).reply_to is None
        await until(lambda: awaiting(world) == 0, "it is let go")
        edits = [call for method, call in world.telegram.calls if method == "editMessageText"]
        assert len([call for call in edits if call["chat_id"] in (ANN, str(ANN))]) == 1
    else:
        await until(lambda: awaiting(world) == 1, "the refused one waits")
        world.telegram.chats[ANN].blocked = False
        await bot.asked("/start")
        await marked(world, message)
    assert "Traceback" not in bot.log
    assert "ERROR" not in bot.log


async def test_one_line_tells_what_holds_and_undo_brings_back_what_is_left(world: World) -> None:
    """Ack, Ack, Snooze 1 day, Snooze 1 h: one line, the last; undone, the line of the ack, which still holds."""
    world.accounts("alice", monthly=0)
    await world.host(TELEGRAM_CHAT_IDS=f"{GROUP}")
    message = await world.told("out of credits", GROUP)
    base = message.text
    for label in ("Ack", "Ack", "Snooze 1 day", "Snooze 1 h"):
        said = await tapped(world, message, label, ADMIN)
    await until(lambda: message.text == f"{base}\n{said}", "the last tap is noted, alone")
    assert message.text.removeprefix(base).count("\n") == 1
    assert labels(message)[5:] == ["Undo snooze"]
    assert (await tapped(world, message, "Undo snooze", ADMIN)).startswith("Undone by Ada")
    await until(lambda: labels(message)[5:] == ["Undo ack"], "the ack holds")
    assert message.text.removeprefix(base).startswith("\nAcknowledged by Ada")
    await tapped(world, message, "Undo ack", ADMIN)
    await until(lambda: labels(message)[5:] == [], "nothing holds")
    assert message.text.removeprefix(base).startswith("\nUndone by Ada")
    assert message.text.removeprefix(base).count("\n") == 1
