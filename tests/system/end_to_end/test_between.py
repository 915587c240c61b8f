"""Answers that are not useapi.net's, and its own that name one account: who is blamed, when, and in which words."""

import pytest

from bot.simulator.pixverse import Fault
from tests.field.catalogue import USEAPI
from tests.support.world import ANN, World

SEEN = {one.name: one for one in USEAPI}
ALICE = "alice@example.com"
BETWEEN = "Something between the bot and useapi.net answers"


def fault(name: str, times: int | None = None) -> Fault:
    """An answer of the catalogue, to so many questions."""
    one = SEEN[name]
    return Fault(one.status, one.body, dict(one.headers), times=times)


PASSING = (
    "Cloudflare, just a moment",
    "Cloudflare, banned signature, problem JSON",
    "nginx 400",
    "nginx 404",
    "nginx 401",
    "Kong 404",
    "AWS gateway 403",
    "portal's 200",
    "portal's redirect",
)


@pytest.mark.parametrize("name", PASSING)
async def test_a_page_of_something_in_between_blames_nobody(world: World, name: str) -> None:
    """One such page for one look of everybody: nobody is told; one that lasts is told as what it is, once."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(fault(name))
    await bot.round()
    world.pixverse.heal()
    await bot.round()
    await bot.quiet()
    assert world.telegram.texts(ANN) == []
    world.pixverse.fail(fault(name))
    for _ in range(4):
        await bot.round()
    message = await world.told("useapi.net cannot be read since")
    assert f"{BETWEEN}: {SEEN[name].status}" in message.text
    assert (SEEN[name].says or "") in message.text
    for blame in ("token", "ACCOUNTS", "subscription", "unknown account"):
        assert blame not in message.text
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1


async def test_a_page_before_one_account_is_counted_and_told(world: World) -> None:
    """Where only one account meets the page, that account is told of after UNREADABLE_AFTER, with the page's name."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(fault("nginx 404"), ALICE)
    for _ in range(2):
        await bot.round()
    await bot.quiet()
    assert world.telegram.texts(ANN) == []
    await bot.round()
    message = await world.told(f"{ALICE}: cannot be read since")
    assert f"unavailable. {BETWEEN}: 404, a page of nginx" in message.text
    assert "take it out" not in message.text


async def test_a_failed_login_is_one_accounts_and_told_at_once(world: World) -> None:
    """500 "Login failed" is that account's broken session: told at the first look, with what to do."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(fault("login failed"), ALICE)
    await bot.round()
    message = await world.told(f"{ALICE}: cannot be read since")
    assert "session broken. Login failed: invalid credentials" in message.text
    assert "remove the account and add it again" in message.text


async def test_a_failed_refresh_may_pass(world: World) -> None:
    """596 "Failed to refresh session: 500" is counted; where it lasts, it is told with what to do."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(fault("refresh of the session failed"), ALICE)
    for _ in range(2):
        await bot.round()
    await bot.quiet()
    assert world.telegram.texts(ANN) == []
    await bot.round()
    message = await world.told(f"{ALICE}: cannot be read since")
    assert "Failed to refresh session: 500 Internal Server Error" in message.text
    assert "If it lasts, remove the account" in message.text
    world.pixverse.heal()
    await bot.round()
    await world.told(f"{ALICE}: can be read again")
