"""Accounts that change together are told together: the first at once, and all others in one message."""

import re
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.simulator.pixverse import Fault, SimulatedAccount
from bot.simulator.telegram.service import SimulatedMessage
from tests.support.world import ANN, HostedBot, World, until

TWELVE = [f"a{number:02}" for number in range(12)]
LOW = 1_000
SECOND = timedelta(seconds=1)
RULES: dict[str, Any] = {"RUNS_OUT_WITHIN": "", "PLAN_ENDS_WITHIN": ""}

SHORT_MINUTE = """
from datetime import timedelta
from bot.checks import sweeps
from bot.cli.main import main
from bot.evaluation import sweep
sweep.LATELY = sweeps.LATELY = timedelta(seconds=4)
raise SystemExit(main(["run"]))
"""
"""The bot, with a minute of four seconds: who was checked within that is not swept."""


def emails_in(message: SimulatedMessage) -> set[str]:
    """Whom a message names."""
    return set(re.findall(r"a\d\d@example\.com", message.text))


def next_places(world: World) -> list[tuple[datetime, str]]:
    """When each account is checked next, the soonest first."""
    with sqlite3.connect(world.database) as connection:
        rows = connection.execute("SELECT next_check_at, email FROM accounts ORDER BY 1").fetchall()
    return [(datetime.fromtimestamp(at / 1e6, UTC), email) for at, email in rows]


def with_delays(world: World) -> None:
    """Lets each answer take a time of its own, up to two seconds, so that no two looks end together."""
    for number, email in enumerate(world.pixverse.accounts):
        world.pixverse.fail(Fault(delay=0.15 * (number + 1)), email)


async def next_is_checked(world: World) -> str:
    """Lets time pass until the next account is due, and says which that is, once it is asked for."""
    at, email = next_places(world)[0]
    before = world.pixverse.looks(email)
    world.clock.advance(at - world.clock() + SECOND / 10)
    await until(lambda: world.pixverse.looks(email) > before, f"{email} is checked")
    return email


async def all_unchecked_for_a_minute(world: World, bot: HostedBot) -> None:
    """Lets time pass until that is so, with the usual checks that come first."""
    minute = timedelta(seconds=65)
    while next_places(world)[0][0] < world.clock() + minute:
        await next_is_checked(world)
        await bot.saved(world.pixverse.looks())
    world.clock.advance(minute)


async def twelve(world: World, **settings: object) -> tuple[HostedBot, list[SimulatedAccount]]:
    """A bot that watches twelve accounts, all checked over a minute ago."""
    accounts = world.accounts(*TWELVE)
    bot = await world.host(CHECK_EVERY="6h", **RULES, **settings)
    await all_unchecked_for_a_minute(world, bot)
    return bot, accounts


async def test_twelve_accounts_that_fall_together_are_two_messages_of_the_real_process(strict_world: World) -> None:
    """The first is told at once, the others in one message; each is checked once more for it, and not twice."""
    world = strict_world
    accounts = world.accounts(*TWELVE)
    bot = await world.start(script=SHORT_MINUTE, CHECK_EVERY="60s", **RULES)
    await bot.saved(12)
    first_round = {look.email: look.at for look in world.pixverse.requests if look.email}
    with_delays(world)
    for account in accounts:
        account.monthly = LOW
    begun = len(world.pixverse.requests)
    places = next_places(world)
    first = await world.telegram.wait_for(lambda message: bool(emails_in(message)), 90, ANN)
    await until(lambda: len(world.telegram.texts(ANN)) >= 2, "the others are told")
    second = world.telegram.messages[1]
    whose = emails_in(first)
    assert 1 <= len(whose) <= 3, "on a busy machine two may be saved as one"
    assert emails_in(second) == set(world.pixverse.accounts) - whose
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 2
    since = [look for look in world.pixverse.requests[begun:] if look.email]
    assert first.accepted - min(look.at for look in since if look.email in whose) < 20, "it waits for nobody"
    in_turn = {email for at, email in places if email not in whose and at <= datetime.now(UTC)}
    counts = Counter(look.email for look in since if look.at < second.accepted)
    assert all(counts[email] == 1 for email in world.pixverse.accounts if email not in in_turn)
    assert all(look.at - first_round[look.email or ""] > 3.9 for look in since if look.email not in in_turn)


async def test_a_fall_and_a_refill_are_two_messages_each_at_a_long_interval(world: World) -> None:
    """Whoever is due first is told alone and at once, the rest together; so with the refill, later."""
    bot, accounts = await twelve(world)
    with_delays(world)
    for monthly in (LOW, 15_000):
        for account in accounts:
            account.monthly = monthly
        before, told = world.pixverse.looks(), len(world.telegram.messages)
        whose = await next_is_checked(world)
        await until(lambda told=told: len(world.telegram.messages) >= told + 2, "all are told")  # type: ignore[misc]
        await bot.quiet()
        first, second = world.telegram.messages[told:]
        assert emails_in(first) == {whose}
        assert emails_in(second) == set(world.pixverse.accounts) - {whose}
        assert world.pixverse.looks() - before == 12
        while world.pixverse.looks() - before < 16:  # a quarter of the interval goes by, with its usual checks
            await next_is_checked(world)
            await bot.saved(world.pixverse.looks())
        await all_unchecked_for_a_minute(world, bot)
    assert len(world.telegram.messages) == 4


async def test_what_hangs_holds_the_others_for_a_minute_at_most(world: World) -> None:
    """While one account does not answer, the others' message waits for it, and not for ever."""
    bot, accounts = await twelve(world)
    bot._app._outbox.group_wait = 1.5
    for account in accounts:
        account.monthly = LOW
    _, soonest = next_places(world)[0]
    hanging = next(email for email in world.pixverse.accounts if email != soonest)
    world.pixverse.fail(Fault(hang=True), hanging)
    await next_is_checked(world)
    await until(lambda: len(world.telegram.messages) >= 2, "the others are told")
    first, second = world.telegram.messages
    assert 1.2 < second.accepted - first.accepted < 50
    assert emails_in(second) == set(world.pixverse.accounts) - emails_in(first) - {hanging}


async def test_a_change_alone_is_told_as_soon_as_ever(world: World) -> None:
    """The others are checked once, and have nothing to tell."""
    bot, accounts = await twelve(world)
    (changed,) = [one for one in accounts if one.email == next_places(world)[0][1]]
    changed.monthly = LOW
    before = world.pixverse.looks()
    await next_is_checked(world)
    message = await world.told(changed.email)
    look = next(one for one in reversed(world.pixverse.requests) if one.email == changed.email)
    assert message.accepted - look.at < 20, "it waits for nobody, whom a minute would be given"
    await until(lambda: world.pixverse.looks() - before >= 12, "the others are checked")
    await bot.quiet()
    assert len(world.telegram.messages) == 1
    assert world.pixverse.looks() - before == 12


async def test_a_kill_while_the_others_are_checked_loses_nothing(strict_world: World) -> None:
    """What is held back stands in the database: the next start tells it, once."""
    world = strict_world
    accounts = world.accounts(*TWELVE)
    bot = await world.start(script=SHORT_MINUTE, CHECK_EVERY="60s", **RULES)
    await bot.saved(12)
    world.pixverse.fail(Fault(delay=12), accounts[-1].email)
    for account in accounts[:-1]:
        account.monthly = LOW
    first = await world.telegram.wait_for(lambda message: bool(emails_in(message)), 90, ANN)

    def held() -> bool:
        with sqlite3.connect(world.database) as connection:
            states = dict(connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
        told = len(emails_in(first))
        return states == {"delivered": told, "pending": 11 - told}

    await until(held, "the others are held back")
    await bot.kill()
    assert len(world.telegram.messages) == 1
    again = await world.start(CHECK_EVERY="60s", **RULES)
    await until(lambda: len(world.telegram.messages) >= 2, "the others are told")
    await again.quiet()
    _, second = world.telegram.messages
    assert emails_in(second) == {one.email for one in accounts[:-1]} - emails_in(first)
