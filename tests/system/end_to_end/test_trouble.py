"""useapi.net in trouble: the right one alert, no low reading that is none, and nobody else delayed."""

from functools import partial
from typing import Any

import pytest

from bot.simulator.pixverse import Fault
from bot.targets.active import source_of
from tests.support.world import ANN, EVERY, PATIENCE, USEAPI_TOKEN, World, until

UNUSABLE: dict[str, dict[str, Any]] = {
    "missing": {"omit": {"credit_monthly"}},
    "null": {"overrides": {"credit_monthly": None}},
    "string": {"overrides": {"credit_monthly": "12450"}},
    "flag": {"overrides": {"credit_monthly": True}},
    "package": {"omit": {"credit_package"}},
    "nothing": {"omit": {"credit_monthly", "credit_daily", "credit_package"}},
}
"""What becomes of an account's body, by the account's name."""
FAULTS = {
    "cut": Fault(cut=True),
    "html": Fault(body="<html><head><title>Just a moment</title></head><body>0 credits</body></html>"),
    "half": Fault(body='{"credit_daily": 0, "credit_monthly": 0, "credit_pack'),
    "list": Fault(body="[0]"),
}


@pytest.mark.parametrize(("status", "words"), [(401, "refuses the API token"), (402, "subscription has lapsed")])
async def test_a_refusal_of_all_accounts_is_one_message(world: World, status: int, words: str) -> None:
    """401 and 402 concern the whole source: one critical alert on the first look, and one recovery."""
    world.accounts("alice", "bob", "carol")
    bot = await world.host()
    world.pixverse.fail(Fault(status))
    for _ in range(3):
        await bot.round()
    message = await world.told(words)
    assert message.text.startswith("🔴 useapi.net")
    assert "none of the 3 accounts is watched" in message.text
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1
    world.pixverse.heal()
    for _ in range(2):
        await bot.round()
    await world.told("useapi.net can be read again")
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 2


async def test_a_refused_token_at_the_first_start_is_one_alert_and_no_end(world: World) -> None:
    """401 on the list at the first start: one alert, the bot lives, and watches once the token is accepted."""
    world.accounts("alice", monthly=180)
    world.clock.speed = 1
    world.pixverse.token = "another"
    bot = await world.host(CHECK_EVERY="1s")
    message = await world.told("refuses the API token")
    assert "no account is watched" in message.text
    asked = len(world.pixverse.requests)
    await until(lambda: len(world.pixverse.requests) >= asked + 2, "the list is asked for again")
    assert "API token refused" in await bot.asked("/alerts")
    assert "0 watched" in await bot.asked("/status")
    assert world.count("refuses the API token") == 1
    world.pixverse.token = USEAPI_TOKEN
    await world.told("useapi.net can be read again")
    await world.told("180 credits left")


async def test_503_for_all_is_one_alert_after_so_many_rounds_and_one_recovery(world: World) -> None:
    """An outage that every account shares is the source's, after UNREADABLE_AFTER; none is told for its accounts."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(503))
    for _ in range(2):
        await bot.round()
    await bot.quiet()
    assert not world.telegram.texts(ANN)
    for _ in range(3):
        await bot.round()
    message = await world.told("useapi.net cannot be read since")
    assert "Critical: none of the 2 accounts is watched" in message.text
    world.pixverse.heal()
    for _ in range(2):
        await bot.round()
    await world.told("useapi.net can be read again")
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 2


@pytest.mark.parametrize("status", [404, 596])
async def test_an_account_that_is_missing_or_broken_is_told_at_the_first_look(world: World, status: int) -> None:
    """404 and 596 are certain, and so fire on the first look: as a warning, with what to do and the last number."""
    alice, _ = world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(status), alice.email)
    await bot.round()
    message = await world.told("alice@example.com: cannot be read since")
    assert message.text.startswith("🟠")
    assert "add" in message.text.lower()
    assert "Last known: 12,450 credits (83 %)" in message.text
    world.pixverse.heal()
    await bot.round()
    await world.told("alice@example.com: can be read again, 12,450 credits")
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 2


async def test_a_missing_field_never_reads_as_low(world: World) -> None:
    """No body that is no reading fires low credits; the account becomes unreadable, with its last number and age."""
    bodies = {account.email.split("@")[0]: account for account in world.accounts(*UNUSABLE)}
    world.accounts(*FAULTS, "fine")
    bot = await world.host(UNREADABLE_AFTER=2)
    for name, change in UNUSABLE.items():
        vars(bodies[name]).update(change)
    for name, fault in FAULTS.items():
        world.pixverse.fail(fault, f"{name}@example.com")
    await bot.round()
    await bot.quiet()
    assert not world.telegram.texts(ANN)
    await bot.round()
    await bot.quiet()
    said = "\n".join(world.telegram.texts(ANN))
    assert "cannot be read" in said
    assert all(f"{name}@example.com" in said for name in (*UNUSABLE, *FAULTS))
    assert "fine@example.com" not in said
    list_of_all = await bot.asked("/credits")
    card = await bot.asked("/credits missing")
    await bot.round()
    await bot.quiet()
    assert not any("low" in text or "out of" in text for text in world.telegram.texts(ANN))
    assert list_of_all.count("unknown · last 12,450 at") == len(UNUSABLE) + len(FAULTS)
    assert list_of_all.count("30 min ago: answer unusable") == len(UNUSABLE) + len(FAULTS) - 1
    assert list_of_all.count("30 min ago: unavailable") == 1, "a web page is nobody's answer"
    assert "Cannot be read since" in card
    assert "Last known: 12,450 credits of 15,000 (83 %) · read" in card
    assert "30 min ago" in card
    assert " · 0" not in list_of_all


async def test_an_account_never_read_shows_no_number(world: World) -> None:
    """What was never read is unknown in the chat and absent from /metrics: never a 0."""
    world.accounts("alice", omit={"credit_monthly"})
    bot = await world.host()
    card = await bot.asked("/credits")
    assert "Never read yet." in card
    assert "0 credits" not in card
    metrics = (await bot.page("/metrics")).text
    assert "credit_bot_credits{" not in metrics
    assert 'credit_bot_account_readable{account="alice@example.com"} 0.0' in metrics


async def test_a_hanging_account_delays_nobody(world: World) -> None:
    """While one account's looks hang, the others' go on and their alerts come at once."""
    alice, bob, _ = world.accounts("alice", "bob", "carol")
    bot = await world.host()
    world.pixverse.fail(Fault(hang=True), alice.email)
    await bot.round(looks=2)
    bob.monthly = 180
    await bot.round(looks=2)
    await world.told("bob@example.com: 180 credits left")
    await bot.logged("pixverse:alice@example.com is due again, and the check before still runs")
    assert "bob@example.com" in await bot.asked("/alerts")
    world.pixverse.heal()
    await world.pixverse.stop()  # which ends the hanging request, and with it the test at once


async def test_a_wait_that_useapi_net_asks_for_is_obeyed(world: World) -> None:
    """429 with Retry-After: the account is left alone for so long, and the others are not."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(429, headers={"Retry-After": "3000"}, times=1), alice.email)
    await bot.round()
    for _ in range(3):
        await bot.round(looks=1)
    assert world.pixverse.looks(alice.email) == 2
    assert world.pixverse.looks(bob.email) == 5
    await bot.quiet()
    world.clock.advance(EVERY)
    await world.pixverse.wait_for_looks(alice.email, 3, PATIENCE)
    assert not world.telegram.texts(ANN)


async def test_a_fleet_asked_for_at_once_takes_its_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """/check with more accounts than are looked at together: waiting for one's turn is no outage of the server."""
    monkeypatch.setattr("bot.app.source_of", partial(source_of, timeout=2.5))
    monkeypatch.setattr("bot.app.IN_FLIGHT", 4)
    monkeypatch.setattr("bot.checks.runner.IN_FLIGHT", 4)
    world.accounts(*(f"account{number}" for number in range(28)))
    bot = await world.host()
    world.pixverse.fail(Fault(delay=0.5))
    assert "Checking 28 accounts now" in await bot.asked("/check")
    answer = await world.told("28 accounts", after=1)
    assert "none needs you" in answer.text
    assert "unknown" not in answer.text
    assert world.pixverse.looks() == 56, "nobody is looked at twice at once"
    assert world.pixverse.most_in_flight <= 4 + 1, "beside a question for the list"
