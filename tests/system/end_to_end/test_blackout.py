"""Nothing can be read: /credits and /status are red at the first failed round, with the reason; counts are true."""

import pytest

from bot.simulator.pixverse import Fault
from tests.support.world import ANN, EVERY, World, until

REASONS = {
    401: "API token refused. Unauthorized",
    402: "useapi.net subscription lapsed. Payment Required",
    503: "unavailable. Service Unavailable",
}


@pytest.mark.parametrize("status", REASONS)
async def test_red_at_the_first_failed_round(world: World, status: int) -> None:
    """All accounts fail for one look: the list and the state of the bot say so at once; health keeps its window."""
    world.accounts("alice", "bob", "carol")
    bot = await world.host()
    world.pixverse.fail(Fault(status))
    await bot.round()
    await bot.quiet()
    credits = await bot.asked("/credits")
    assert credits.startswith("🔴 None of 3 accounts can be read since")
    assert f"Reason: {REASONS[status]}." in credits
    state = await bot.asked("/status")
    assert state.startswith("🔴 1 problem")
    assert "Problem: none of 3 accounts can be read since" in state
    assert REASONS[status] in state
    assert (await bot.page("/healthz")).status == 200, "one answer of useapi.net restarts no container"
    for _ in range(2):
        await bot.round()
    world.clock.advance(EVERY / 5)
    assert (await bot.page("/healthz")).status == 503
    assert (await bot.asked("/status")).startswith("🔴 1 problem")
    world.pixverse.heal()
    await bot.round()
    await bot.quiet()
    assert "\n3 accounts, none needs you" in await bot.asked("/credits")
    assert (await bot.asked("/status")).startswith("🟢 The bot is well")


async def test_one_account_that_fails_alone_is_no_blackout(world: World) -> None:
    """As long as one account can be read, the others are counted as unknown."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(503), "bob@example.com")
    await bot.round()
    answer = await bot.asked("/credits")
    assert answer.startswith("12,450 credits in 1 of 2 accounts")
    assert "\n2 accounts, none needs you · 1 unknown" in answer
    assert (await bot.asked("/status")).startswith("🟢 The bot is well")


async def test_the_only_account_is_all_there_is(world: World) -> None:
    """With one account its card is red when it cannot be read."""
    world.accounts("alice")
    bot = await world.host()
    world.pixverse.fail(Fault(503))
    await bot.round()
    card = await bot.asked("/credits")
    assert card.startswith("🔴 alice@example.com")
    assert "Problem: the one account cannot be read since" in await bot.asked("/status")


async def test_a_list_that_cannot_be_read_is_said(world: World) -> None:
    """At a first start it is why nobody is watched; later a note, for the accounts are read all the same."""
    page = "<html><head><title>Just a moment...</title></head><body>cloudflare</body></html>"
    world.pixverse.fail(Fault(403, page), accounts_page=True)
    bot = await world.host()
    await bot.logged("the list of accounts cannot be read")
    for question in ("/credits", "/status"):
        answer = await bot.asked(question)
        assert answer.startswith("🔴"), answer
        assert "403, a page of Cloudflare" in answer
    world.pixverse.heal()
    world.accounts("alice")
    world.telegram.say(ANN, "/check")
    await world.told("12,450 credits of 15,000")
    world.pixverse.fail(Fault(403, page), accounts_page=True)
    world.telegram.say(ANN, "/check")
    await until(lambda: bot.log.count("the list of accounts cannot be read") == 2, "the list fails again")
    await until(lambda: world.count("12,450 credits of 15,000") == 2, "the round is told")
    state = await bot.asked("/status")
    assert state.startswith("🟢 The bot is well")
    assert "⚪ The list of accounts at useapi.net cannot be read since" in state


@pytest.mark.parametrize("status", [401, 503])
async def test_the_counts_of_an_outage_and_its_end_are_true(world: World, status: int) -> None:
    """By the real clock, where looks are spread: none is watched, and at the end all are, told once."""
    world.clock.speed = 1
    world.accounts("alice", "bob", "carol")
    bot = await world.host(CHECK_EVERY="3s", UNREADABLE_AFTER="2")
    world.pixverse.fail(Fault(status))
    message = await world.told("none of the 3 accounts is watched")
    assert "1 of 3" not in message.text
    world.pixverse.heal()
    over = await world.told("useapi.net can be read again")
    assert "3 accounts watched again." in over.text
    await bot.quiet()
    assert world.count("not yet") == 0
    assert len(world.telegram.texts(ANN)) == 2


async def test_who_still_fails_after_an_outage_is_told_by_itself(world: World) -> None:
    """The recovery says what is true of all, and the account that still fails has an alert of its own."""
    world.accounts("alice", "bob", "carol")
    bot = await world.host()
    world.pixverse.fail(Fault(503))
    for _ in range(3):
        await bot.round()
    await world.told("none of the 3 accounts is watched")
    world.pixverse.heal()
    world.pixverse.fail(Fault(500), "carol@example.com")
    await bot.round()
    over = await world.told("useapi.net can be read again")
    assert "2 of 3 accounts watched again; 1 still fails, told for each if it lasts." in over.text
    await world.told("carol@example.com: cannot be read since")
    world.pixverse.heal()
    await bot.round()
    await world.told("carol@example.com: can be read again")
