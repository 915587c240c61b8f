"""``/history`` from the question to the picture: through the real bot, its database and a real drawing process."""

import sqlite3
from datetime import timedelta

import pytest

from bot.features.history.drawing import PNG
from bot.simulator.pixverse import Fault
from tests.support.world import ANN, GROUP, MEMBER, World

pytest.importorskip("matplotlib")


async def test_a_picture_and_the_same_in_words(world: World) -> None:
    """In a private chat: a PNG as a photo, what was spent and the number now below it, and "sending" meanwhile."""
    (alice,) = world.accounts("alice", daily_allowance=0)  # at midnight a daily refill would count as spent
    bot = await world.host(ACCOUNTS="Studio <alice@example.com>")
    for monthly in (12_000, 9_000, 4_000):
        alice.monthly = monthly
        await bot.round()
    await bot.quiet()
    sent = await bot.answer("/history")
    assert sent.photo is not None
    assert sent.photo.startswith(PNG)
    assert len(sent.photo) > 10_000
    first, *rest = sent.text.splitlines()
    assert first.startswith("Studio, last 7 days: now 4,000 (26 %)")
    assert rest[0].startswith("Spent 8,450")
    assert rest[1].startswith("Lowest 4,000 ")
    assert [(entity["type"], entity["offset"], entity["length"]) for entity in sent.entities] == [("bold", 0, 6)]
    actions = [values for method, values in world.telegram.calls if method == "sendChatAction"]
    assert [action["action"] for action in actions] == ["upload_photo"]


async def test_a_topic_gets_its_picture_in_the_topic(world: World) -> None:
    """In a group's topic, with several accounts: the picture goes to the topic that asked."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{GROUP}/45")
    alice.monthly, bob.monthly = 9_000, 8_000
    await bot.round()
    sent = await bot.answer("/history@credit_demo_bot 30d", GROUP, user_id=MEMBER, thread_id=45)
    assert sent.photo is not None
    assert (sent.chat_id, sent.thread_id) == (GROUP, 45)
    assert sent.text.splitlines()[0] == "2 accounts, last 30 days, the most urgent first"
    assert "bob@example.com: now 8,000 (53 %), spent 4,450" in sent.text


async def test_what_has_not_changed_is_drawn_as_a_flat_line(world: World) -> None:
    """One reading is a line up to now, with its thresholds."""
    world.accounts("alice")
    bot = await world.host()
    sent = await bot.answer("/history alice 90d")
    assert sent.photo is not None
    assert "last 90 days: now 12,450 (83 %)\nKnown and unchanged since" in sent.text


async def test_wrong_words_get_an_example_that_works(world: World) -> None:
    """A wrong span or name gets an example, and the example is right."""
    world.accounts("alfred", "alice")
    bot = await world.host()
    for said, answered in {
        "/history alice 14d": "“14d” is not a span. Try /history alfred@example.com 7d, or 30d, 90d.",
        "/history zoe": "No single account is called “zoe”. Say /history alfred@example.com 7d",
        "/history al 30d": "“al” fits 2 accounts. Which one?",
        "/history 7d 30d": "is not a span",
    }.items():
        assert answered in await bot.asked(said), said
    assert "last 7 days: now" in await bot.asked("/history alfred@example.com 7d")


async def test_a_picture_that_fails_leaves_the_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that cannot draw costs the picture and no word of the answer."""
    monkeypatch.setattr("bot.features.history.drawing.ChartRenderer.__init__.__defaults__", (("false",), 5.0))
    (alice,) = world.accounts("alice")
    bot = await world.host()
    alice.monthly = 9_000
    await bot.round()
    sent = await bot.answer("/history")
    assert sent.photo is None
    assert "now 9,000 (60 %)" in sent.text
    assert sent.text.endswith("The picture could not be drawn; the log says why.")


async def test_outages_and_pauses_are_kept_for_the_picture(world: World) -> None:
    """A look that fails begins a gap, one that works ends it, and nothing is written in between."""
    world.accounts("alice")
    bot = await world.host()
    world.pixverse.fail(Fault(596))
    await bot.round()
    await bot.round()
    world.pixverse.heal()
    await bot.round()
    await bot.stop()
    world.clock.advance(timedelta(days=1))
    bot = await world.host()
    await bot.stop()
    with sqlite3.connect(world.database) as connection:
        rows = connection.execute("SELECT account, until - since, kind FROM outages ORDER BY since").fetchall()
    connection.close()
    assert [(account.partition(":")[2], kind) for account, _, kind in rows] == [
        ("alice@example.com", "broken"),
        ("", "not running"),
    ]
    assert all(length > 0 for _, length, _ in rows)
