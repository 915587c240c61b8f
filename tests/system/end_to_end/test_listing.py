"""Which accounts are watched, as useapi.net's list changes."""

import pytest

from bot.simulator.pixverse import Fault, SimulatedAccount
from tests.support.world import ANN, EVERY, World, until


async def test_an_account_no_longer_listed_is_said_once_and_a_new_one_is_watched(world: World) -> None:
    """Gone from the list: said once, with the last number, and not asked for again. New in it: watched at once."""
    world.accounts("alice", "bob", "carol")
    bot = await world.host()
    world.pixverse.remove("bob@example.com")
    world.accounts("dora", monthly=180)
    await bot.asked("/check")
    await world.told("dora@example.com: 180 credits left")
    await bot.asked("/credits bob")  # the answer to /check may come in between
    await world.told("Not listed at useapi.net since")
    await bot.asked("/check")
    message = await world.told("bob@example.com: no longer listed at useapi.net")
    assert message.silent
    assert "Last known: 12,450 credits" in message.text
    looks = world.pixverse.looks("bob@example.com")
    for _ in range(2):
        await bot.round()
    answer = await bot.asked("/credits")
    await bot.quiet()
    assert "\n3 accounts" in answer
    assert world.count("no longer listed") == 1
    assert world.pixverse.looks("bob@example.com") == looks
    world.pixverse.add(SimulatedAccount("bob@example.com", monthly=180))
    await bot.asked("/check")
    await world.told("bob@example.com: 180 credits left")


async def test_no_account_listed_is_said_once_and_waited_for(world: World) -> None:
    """A source that lists none is said once and asked again each round; the first account is then watched by itself."""
    world.clock.speed = 1
    bot = await world.host(CHECK_EVERY="1s")
    message = await world.told("useapi.net lists no PixVerse account: add one")
    assert message.text.startswith("🟠")
    assert "No account is watched yet" in await bot.asked("/credits")
    asked = len(world.pixverse.requests)
    world.accounts("alice", monthly=180)
    await world.told("useapi.net lists 1 account, now watched")
    await world.told("alice@example.com: 180 credits left")
    await bot.quiet()
    assert world.count("lists no PixVerse account") == 1
    assert len(world.pixverse.requests) > asked


async def checked(world: World) -> None:
    """Say /check, and wait until the list was asked for and the round is told."""
    before = world.count("accounts, 1 needs you")
    world.telegram.say(ANN, "/check")
    await until(lambda: world.count("accounts, 1 needs you") > before, "the round is told")


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (Fault(404, times=1), 1),
        (Fault(body={}, times=1), 1),
        (Fault(404, "404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"}), 5),
        (Fault(404, "<html><head><title>404 Not Found</title></head><center>nginx</center></html>"), 5),
        (Fault(403, '{"message":"Forbidden"}', {"x-amzn-ErrorType": "ForbiddenException"}), 5),
    ],
)
async def test_a_list_that_is_none_ends_nobodys_watch(world: World, fault: Fault, times: int) -> None:
    """An empty list for one look, or a page of something in between for many: nobody is gone, and the ack stays."""
    world.accounts("alice", monthly=0)
    world.accounts("bob")
    bot = await world.host()
    message = await world.told("alice@example.com: out of credits")
    world.telegram.tap(message, "Ack")
    await until(lambda: "Acknowledged by Ann" in message.text, "the ack")
    world.pixverse.fail(fault, accounts_page=True)
    for _ in range(times):
        await checked(world)
    await until(lambda: world.count("Checking 2 accounts") == times, "all are looked at")
    assert "acknowledged by Ann" in await bot.asked("/alerts")
    world.pixverse.heal()
    for _ in range(2):
        await checked(world)
        await bot.round()
    await bot.quiet()
    assert world.pixverse.looks("bob@example.com") > times
    for said in ("no longer listed", "add one", "cannot be read"):
        assert world.count(said) == 0
    assert world.count("alice@example.com: out of credits") == 1


async def test_a_404_that_lasts_says_perhaps_no_account(world: World) -> None:
    """At a first start where the list answers 404 in nobody's words: unavailable first, after an hour "perhaps"."""
    world.pixverse.fail(Fault(404, ""), accounts_page=True)
    bot = await world.host()
    unread = "the list of accounts cannot be read"
    await bot.logged(unread)
    for _ in range(3):
        before = bot.log.count(unread)
        world.clock.advance(EVERY)
        await until(lambda before=before: bot.log.count(unread) > before, "it is asked again")  # type: ignore[misc]
    message = await world.told("useapi.net cannot be read since")
    assert "404 without a word" in message.text
    assert world.count("perhaps lists no") == 0
    world.clock.advance(EVERY)
    message = await world.told("useapi.net perhaps lists no PixVerse account")
    assert message.text.startswith("🟠")
    assert "perhaps lists no PixVerse account" in await bot.asked("/alerts")
    assert "Perhaps no account is configured there" in (await world.check()).out
    assert "Perhaps no account is configured there" in (await world.doctor()).out
    world.pixverse.heal()
    world.accounts("alice")
    await bot.asked("/check")
    await world.told("useapi.net lists 1 account, now watched")


async def test_a_list_that_fails_leaves_everybody_watched(world: World) -> None:
    """Whatever becomes of the list, those who were known are looked at and told of as before."""
    (alice,) = world.accounts("alice")
    world.accounts("bob")
    bot = await world.host()
    world.pixverse.fail(Fault(502, "<html>Bad gateway</html>"), accounts_page=True)
    await bot.asked("/check")
    alice.monthly = 180
    await bot.round()
    await world.told("alice@example.com: 180 credits left")
    await bot.quiet()
    assert len([text for text in world.telegram.texts(ANN) if "cannot be read" in text]) == 0


async def test_an_account_listed_with_an_error_whose_looks_fail_is_broken(world: World) -> None:
    """The list's own error makes a failed look certain: told at the first look, in the list's words."""
    alice, bob = world.accounts("alice", "bob")
    alice.listed_error = bob.listed_error = "Login failed: password was changed"
    bot = await world.host()
    await bot.quiet()
    assert not world.telegram.texts(ANN), "as long as it can be read, nothing is wrong"
    world.pixverse.fail(Fault(503), alice.email)
    await bot.round()
    message = await world.told("alice@example.com: cannot be read since")
    assert "session broken. Login failed: password was changed" in message.text
    assert "remove the account and add it again" in message.text
    assert world.count("bob@example.com") == 0


async def test_the_settings_accounts_are_the_users_wish(world: World) -> None:
    """With ACCOUNTS no list is asked for; who is taken out of it is no longer watched, and nothing is said of that."""
    world.accounts("alice", "bob")
    bot = await world.host(ACCOUNTS="alice@example.com,bob@example.com")
    await bot.stop()
    bot = await world.host(ACCOUNTS="bob@example.com, nobody@example.com")
    await world.told("nobody@example.com: cannot be read")
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1
    assert "\n2 accounts" in await bot.asked("/credits")
    assert not [look for look in world.pixverse.requests if look.path.endswith("/accounts")]
