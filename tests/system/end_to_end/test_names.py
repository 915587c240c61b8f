"""Names of any content: whatever the API or the settings hold, messages arrive."""

from datetime import timedelta

import pytest

from bot.simulator.pixverse import Fault
from tests.support.world import ANN, World

NAMES = {
    "markup": "<b>Pro</b> *bold* _it_ [x](http://evil.example) `c` & &amp;",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪💥" * 20,
    "right to left": "\u202eخطة شهرية\u202c \u2067\u05e4\u05e8\u05d5\u2069 \u200f",
    "lines": "Pro\r\n\r\n🔴 Studio: out of credits\n\u2028\u2029\x85fake",
    "long": "x" * 5000,
    "long emoji": "🎬" * 5000,
    "invisible": "\u200b\u2060\ufeff\u00ad\u3164",
    "controls": "\x00\x01\x1b[31mred\x07\ufffe",
    "combining": "Z̸̢̛͖̭̝̑̏͗͠" * 300,
    "surrogate": "\ud83d half",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_messages_arrive_whatever_a_plan_is_called(world: World, name: str) -> None:
    """A plan's name, the next plan's and a listing's error of any content: the messages arrive, in their own lines."""
    soon = world.clock() + timedelta(hours=30)
    alice, bob, carol = world.accounts("alice", "bob", "carol", plan_name=name, price=name)
    alice.cancelled_at, alice.ends_at = world.clock(), soon
    bob.next_plan_name, bob.ends_at = f"{name} next", soon
    carol.listed_error = name
    world.pixverse.fail(Fault(503, {"error": name}), carol.email)
    bot = await world.host()
    await world.told("alice@example.com")
    await world.told("bob@example.com")
    await world.told("carol@example.com")
    await bot.quiet()
    card = await bot.asked("/credits alice")
    assert "12,450 credits of 15,000" in card
    assert "3 accounts" in await bot.asked("/credits")
    assert "3 alerts" in await bot.asked("/alerts")
    for text in world.telegram.texts(ANN):
        assert not any(line.startswith("🔴 Studio") for line in text.splitlines())
        assert "http://evil.example" not in text or "[x](http" in text
        assert len(text) < 4096
    assert "was not told" not in bot.log
    assert "An answer could not be sent" not in bot.log


async def test_labels_of_any_content(world: World) -> None:
    """A label may hold anything that ACCOUNTS can: it is shown as it is, and the account is found by it."""
    world.accounts("alice", "bob", monthly=0)
    bot = await world.host(ACCOUNTS=f"💥 שלום _*`[& <alice@example.com>, {'L' * 3000} <bob@example.com>")
    await world.told("2 accounts are low on credits")
    assert "alice@example.com" in await bot.asked("/credits שלום")
    assert "bob@example.com" in await bot.asked("/credits LLL")
