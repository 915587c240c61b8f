"""Which accounts are watched, as useapi.net's list changes."""

from bot.demo.pixverse import Fault, SimulatedAccount
from tests.end_to_end.world import ANN, World


async def test_an_account_no_longer_listed_is_said_once_and_a_new_one_is_watched(world: World) -> None:
    """Gone from the list: said once, with the last number, and not asked for again. New in it: watched at once."""
    world.accounts("alice", "bob", "carol")
    bot = await world.host()
    world.pixverse.remove("bob@example.com")
    world.accounts("dora", monthly=180)
    await bot.asked("/check")
    message = await world.told("bob@example.com: no longer listed at useapi.net")
    assert message.silent
    assert "Last known: 12,450 credits" in message.text
    await world.told("dora@example.com: 180 credits left")
    looks = world.pixverse.looks("bob@example.com")
    for _ in range(2):
        await bot.round()
    answer = await bot.asked("/credits")
    await bot.quiet()
    assert answer.startswith("3 accounts")
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


async def test_a_passing_404_of_the_list_ends_nobodys_watch(world: World) -> None:
    """The list answers 404 once: it is asked for again at once, and nobody is taken for gone."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(404, times=1), accounts_page=True)
    await bot.asked("/check")
    await bot.round()
    await bot.quiet()
    assert world.count("no longer listed") == 0
    assert (await bot.asked("/credits")).startswith("2 accounts")


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
    assert (await bot.asked("/credits")).startswith("2 accounts")
    assert not [look for look in world.pixverse.requests if look.path.endswith("/accounts")]
