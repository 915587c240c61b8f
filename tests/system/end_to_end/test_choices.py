"""Names that fit several accounts, through the whole bot: a button for each does what was asked, for who may."""

import re

import pytest

from bot.simulator.telegram.service import SimulatedMessage
from tests.support.world import ADMIN, ANN, BOB, GROUP, MEMBER, World, until
from tests.system.end_to_end.test_silences import tapped

BOT = "@credit_demo_bot"
GONE = "This button no longer works. /alerts shows what is firing."


def labels(message: SimulatedMessage) -> list[str]:
    """The buttons below a message."""
    return [label for row in message.buttons for label, _ in row]


def data(message: SimulatedMessage) -> list[str]:
    """What those buttons say when they are tapped."""
    return [data for row in message.buttons for _, data in row]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/credits al", "alice@example.com"),
        ("/mute al 2h", r"alice@example\.com is muted until .*\(2 h\)\.\nIn this chat only"),
        ("/mute al 1h 30m everywhere", r"alice@example\.com is muted until .*\(1 h 30 min\)\.\nIn every chat"),
        ("/unmute al", r"alice@example\.com was not muted"),
        ("/pause al 3h", r"alice@example\.com"),
        ("/resume al", r"alice@example\.com"),
    ],
)
async def test_a_button_does_what_was_asked_for_the_account_that_was_meant(
    world: World, command: str, answer: str
) -> None:
    """Each command that takes an account asks which; the answer takes the question's place."""
    world.accounts("alice", "alfred", "bob")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    question = await bot.answer(command)
    assert "fits 2 accounts. Which one?" in question.text
    assert labels(question) == ["alfred@example.com", "alice@example.com"]
    assert all(len(one.encode()) <= 64 for one in data(question))
    assert await tapped(world, question, "alice@example.com") == ""
    await until(lambda: re.search(answer, question.text) is not None, lambda: question.text)
    assert "Which one?" not in question.text


async def test_a_history_is_drawn_for_the_span_that_was_asked_for(world: World) -> None:
    """The picture stands below the question, which can be answered once more."""
    world.accounts("alice", "alfred")
    bot = await world.host()
    question = await bot.answer("/history al 30d")
    for name in ("alice@example.com", "alfred@example.com"):
        before = len(world.telegram.messages)
        await tapped(world, question, name)
        picture = await world.told(f"{name}, last 30 days", after=before)
        assert picture.photo is not None


async def test_who_may_is_asked_again_at_the_tap(world: World) -> None:
    """A member may ask for numbers by a button, and not mute by one that an administrator was shown."""
    world.accounts("alice", "alfred")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{GROUP}")
    question = await bot.answer(f"/mute{BOT} al 2h", GROUP, user_id=ADMIN)
    said = await tapped(world, question, "alice@example.com", MEMBER)
    assert said.startswith("Only administrators of this group can mute.")
    assert "Which one?" in question.text
    await tapped(world, question, "alice@example.com", ADMIN)
    await until(lambda: "is muted until" in question.text, "it is muted")
    numbers = await bot.answer(f"/credits{BOT} al", GROUP, user_id=MEMBER)
    assert await tapped(world, numbers, "alice@example.com", MEMBER) == ""


async def test_many_matches_are_cut_with_a_hint(world: World) -> None:
    """Eight buttons at most; how many more fit is said, and what to do."""
    world.accounts(*(f"studio{number:02}" for number in range(12)))
    bot = await world.host()
    question = await bot.answer("/credits studio")
    assert "“studio” fits 12 accounts. Which one?" in question.text
    assert "4 more fit. Tap one, or say more of the name: /credits studio00@example.com" in question.text
    assert labels(question) == [f"studio{number:02}@example.com" for number in range(8)]


async def test_a_button_of_an_account_that_is_gone_and_forged_ones_are_answered_in_words(world: World) -> None:
    """Old and forged data does nothing: who is no longer watched, other commands, spans and lengths of no button."""
    world.accounts("alice", "alfred")
    bot = await world.host()
    question = await bot.answer("/mute al 2h")
    tag = data(question)[1].split(":")[2]
    texts = question.text
    for forged in (
        f"pick:leave:{tag}:",
        f"pick:reload:{tag}:",
        f"pick:mute:{tag}:",
        f"pick:mute:{tag}:0",
        f"pick:mute:{tag}:9999999999",
        f"pick:mute:{tag}:2h",
        f"pick:history:{tag}:14d",
        f"pick:mute:{'0' * 12}:7200",
        f"pick:mute:{tag}",
        "pick:mute:alice@example.com:7200",
    ):
        question.buttons = [[("forged", forged)]]
        assert await tapped(world, question, "forged") == GONE, forged
    assert question.text == texts
    assert "Silenced here" not in await bot.asked("/status")
