"""Alerts on their way to the phone: nothing is lost, nothing said twice, whoever is away meanwhile."""

import re
import time
from dataclasses import replace

import pytest

from bot.outbox.results import REFUSALS
from bot.simulator.telegram.service import FIREWALL, PORTAL, Refusal, SimulatedChat, bad_request, too_many_requests
from bot.support.backoff import Backoff
from tests.support.world import ANN, BOB, GROUP, MEMBER, PATIENCE, World, until

NOT_BY_ITSELF = replace(REFUSALS, first=(600.0,), steady=600.0)
"""What comes within a test's patience was brought by a sign of life."""


async def test_an_alert_raised_while_telegram_is_away_survives_kill_9_and_says_that_it_is_late(world: World) -> None:
    """Nothing is lost: Telegram away, kill -9, restart; the alert then arrives, and says how late it is."""
    (alice,) = world.accounts("alice")
    bot = await world.start()
    await world.pixverse.wait_for_looks(alice.email, timeout=PATIENCE)
    world.telegram.away = True
    alice.monthly = 0
    failed = time.monotonic()
    await bot.logged("was not told")
    await bot.kill()
    bot = await world.start(ready=False)
    await bot.logged("Telegram cannot be reached")
    await until(lambda: time.monotonic() - failed > 6, "long enough to be called late")
    world.telegram.away = False
    message = await world.told("out of credits")
    assert "delayed" in message.text.splitlines()[0]
    assert "Telegram did not take messages from" in message.text
    await world.pixverse.wait_for_looks(alice.email, world.pixverse.looks(alice.email) + 2, PATIENCE)
    assert world.count("out of credits") == 1
    assert await bot.stop() == 0


async def test_two_thresholds_crossed_while_telegram_is_away_are_one_message(world: World) -> None:
    """What was overtaken is merged: one message, for the worst rung, that says it is delayed and rings."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.away = True
    alice.monthly = 2900
    await bot.round()
    await bot.logged("was not told")
    alice.monthly = 180
    await bot.round()
    world.telegram.away = False
    message = await world.told("180 credits left (1.2 %)")
    await bot.quiet()
    assert message.text.startswith("🟠 alice@example.com: 180 credits left (1.2 %) · delayed 15 min")
    assert not message.silent
    assert len(world.telegram.texts(ANN)) == 1


async def test_what_fired_and_recovered_while_telegram_was_away_is_one_message_that_tells_both(world: World) -> None:
    """Fired and resolved while Telegram was down becomes one message that tells both."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.away = True
    alice.monthly = 0
    await bot.round()
    await bot.logged("was not told")
    alice.monthly = 15000
    await bot.round()
    world.telegram.away = False
    message = await world.told("15,000 credits again")
    await bot.quiet()
    assert "Not told in time: out of credits" in message.text
    assert "delayed" in message.text
    assert len(world.telegram.texts(ANN)) == 1


async def test_flapping_inside_the_margin_says_one_thing(world: World) -> None:
    """A rung counts as left only above it by a tenth; the daily refill neither resolves nor re-arms anything."""
    (alice,) = world.accounts("alice", monthly=2990)
    bot = await world.host()
    for monthly, daily in ((3010, 0), (2995, 0), (3200, 60), (2900, 60), (3299, 0), (3000, 0)):
        alice.monthly, alice.daily = monthly, daily
        await bot.round()
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1
    alice.monthly, alice.daily = 3301, 0
    await bot.round()
    await world.told("3,301 credits again")


async def test_a_restart_says_nothing_twice(new_world: World) -> None:
    """Neither after kill -9 nor after SIGTERM is an alert, a greeting or anything else said again."""
    world = new_world
    world.accounts("alice", "bob", monthly=0)
    bot = await world.start()
    await world.told("2 accounts are low on credits")
    await bot.quiet()
    said = world.telegram.texts(ANN)
    assert sum("credit-bot watches 2 accounts" in text for text in said) == 1
    await bot.kill()
    for end in ("kill", "stop"):
        seen = world.pixverse.looks()
        bot = await world.start(CHECK_EVERY="60s")
        await world.pixverse.wait_for_looks(count=seen + 2, timeout=PATIENCE)
        await bot.saved(2)
        await bot.quiet()
        await (bot.kill() if end == "kill" else bot.stop())
    assert world.telegram.texts(ANN) == said


async def test_a_lost_answer_loses_nothing(world: World) -> None:
    """An answer that is lost may have been a delivery: the message is sent again, once, and then known as told."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.lose_answers(1)
    alice.monthly = 0
    await bot.round()
    await until(lambda: world.count("out of credits") == 2, "the message comes again")
    await bot.quiet()
    await bot.round()
    await bot.quiet()
    assert world.count("out of credits") == 2


async def test_a_crash_between_sending_and_recording_repeats_the_message_and_never_loses_it(world: World) -> None:
    """Kill -9 at the very moment at which Telegram accepts a message: after a restart it comes again, once."""
    (alice,) = world.accounts("alice")
    bot = await world.start()
    await world.pixverse.wait_for_looks(alice.email, timeout=PATIENCE)
    unwatch = world.telegram.on_change(lambda _: bot.kill_now())
    alice.monthly = 0
    await bot.process.wait()
    unwatch()
    assert world.count("out of credits") == 1
    bot = await world.start(CHECK_EVERY="60s")
    await until(lambda: world.count("out of credits") == 2, "the message comes again")
    await bot.quiet()
    first, second = [message for message in world.telegram.messages if "out of credits" in message.text]
    assert first.buttons == second.buttons, "both copies name the same alert"
    assert await bot.stop() == 0
    assert world.count("out of credits") == 2


async def test_429_on_one_chat_delays_no_other_and_its_wait_is_obeyed(world: World) -> None:
    """``retry_after`` holds for its chat alone, and no try is made before it is over, not even after a restart."""
    (alice,) = world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    world.telegram.fail_send(ANN, too_many_requests(3))
    alice.monthly = 0
    before = time.monotonic()
    await bot.round()
    await bot.logged("was not told")
    bobs = await world.told("out of credits", BOB)
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    anns = await world.told("out of credits", ANN)
    assert bobs.accepted < anns.accepted
    assert anns.accepted - before > 3
    await bot.quiet()
    assert (world.count("out of credits", ANN), world.count("out of credits", BOB)) == (1, 1)
    assert sum(name == "sendMessage" for name, _ in world.telegram.calls) == 3


async def test_a_migrated_group_is_followed_and_remembered(world: World) -> None:
    """A group that became a supergroup gets its alerts there, also after a restart, and its commands are answered."""
    old, new = -55, -100555
    world.telegram.add_chat(world.telegram.migrate(GROUP, old))
    (alice,) = world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=old)
    await world.told("credit-bot watches 1 account", old)
    world.telegram.migrate(old, new)
    alice.monthly = 180
    await bot.round()
    await world.told("180 credits left", new)
    assert "low credits" in await bot.asked("/alerts", new, user_id=MEMBER)
    await bot.stop()
    calls = len(world.telegram.calls)
    bot = await world.host(TELEGRAM_CHAT_IDS=old)
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits", new)
    assert "out of credits" in await bot.asked("/alerts", new, user_id=MEMBER)
    assert not [params for _, params in world.telegram.calls[calls:] if params.get("chat_id") == old]
    assert not world.count("credit-bot watches", new), "greeted once, before it moved"


async def test_a_blocked_chat_is_told_of_and_the_others_get_theirs(world: World) -> None:
    """A chat that refuses is named by /status, /healthz and the log; it is told once it takes messages again."""
    (alice,) = world.accounts("alice")
    world.refusals = REFUSALS
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    world.telegram.block(ANN)
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits", BOB)
    await bot.logged(f"Chat {ANN} refuses messages: Forbidden: bot was blocked by the user; trying again in 10 s")
    status = await bot.asked("/status", BOB)
    blocked = rf"Cannot write to chat {ANN}: Forbidden: bot was blocked by the user"
    told = rf"{blocked}, since .*\d:\d\d UTC, next try .*\d:\d\d UTC"
    assert re.search(told, status)
    assert "The bot is well" not in status
    page = await bot.page("/healthz")
    assert page.status == 200
    assert any(
        note.startswith(f"chat {ANN}: Forbidden: bot was blocked by the user, since") for note in page.json["notes"]
    )
    world.telegram.unblock(ANN)
    await world.told("out of credits", ANN)
    await bot.quiet()
    assert "Cannot write" not in await bot.asked("/status", BOB)


PASSING = [
    bad_request("TOPIC_CLOSED"),
    Refusal(400, "Logged out"),
    bad_request("MESSAGE_SEND_TEMPORARILY_RESTRICTED"),
    bad_request("not enough rights to send text messages to the chat"),
    bad_request("chat not found"),
    bad_request("can't parse entities"),
    Refusal(403, "Forbidden: bot was kicked from the group chat"),
    Refusal(401, "Unauthorized"),
    Refusal(404, "Not Found"),
    FIREWALL,
    PORTAL,
    replace(PORTAL, code=401),
    replace(PORTAL, code=404),
    Refusal(302, "", page="", headers={"Location": "http://login.example.net/"}),
]


@pytest.mark.parametrize("refusal", PASSING, ids=lambda one: f"{one.code} {one.description or one.page[:20]}")
async def test_a_refusal_that_passes_loses_nothing(
    world: World, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sends are refused some times, whatever the words or the page: the alert is told soon after, and once."""
    monkeypatch.setattr("bot.outbox.dispatcher.USUAL", Backoff(0.1, longest=0.5))  # after a page in between
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.fail_send(ANN, refusal, times=3)  # a message that is found wrong has three forms
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await bot.quiet()
    assert sum(name == "sendMessage" for name, _ in world.telegram.calls) == 4
    assert world.count("out of credits") == 1
    assert "The bot is well" in await bot.asked("/status")


@pytest.mark.parametrize("announced", [True, False], ids=["unblocked", "unblocked and written"])
async def test_whoever_unblocks_the_bot_is_told_at_once(world: World, announced: bool) -> None:
    """Blocked while an alert is due: with the unblocking, or the first words after it, the alert comes at once."""
    world.refusals = NOT_BY_ITSELF
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.block(ANN)
    alice.monthly = 0
    await bot.round()
    await bot.logged("refuses messages: Forbidden: bot was blocked by the user; trying again in 600 s")
    world.telegram.unblock(ANN, announce=announced)
    if not announced:
        world.telegram.say(ANN, "/start")
    await world.told("out of credits")
    await bot.quiet()
    assert "Cannot write" not in await bot.asked("/status")


@pytest.mark.parametrize("credits", [0, 15000])
async def test_a_bot_that_starts_before_its_owner_pressed_start(new_world: World, credits: int) -> None:
    """Greeting, alert and menu wait for the chat, and come with /start."""
    late = 77
    new_world.refusals = NOT_BY_ITSELF
    new_world.accounts("alice", monthly=credits)
    bot = await new_world.host(TELEGRAM_CHAT_IDS=late)
    await bot.logged(f"Chat {late} refuses messages: Chat not found")
    await bot.logged(f"The command menu of chat {late} could not be set")
    new_world.telegram.add_chat(SimulatedChat(late, title="Late"))
    new_world.telegram.say(late, "/start")
    await new_world.told("credit-bot watches 1 account", late)
    if not credits:
        await new_world.told("out of credits", late)
    await until(lambda: any(f'"chat_id": {late}' in scope for scope, _ in new_world.telegram.commands), "the menu")
    await bot.quiet()


async def test_alerts_of_a_topic_that_is_gone_or_none_arrive_in_the_group(world: World) -> None:
    """The topic 45 was deleted: its alerts are told in the group, and say where they were meant for."""
    world.telegram.chats[GROUP].topics = {46}
    world.accounts("alice", monthly=0)
    await world.host(TELEGRAM_CHAT_IDS=f"{GROUP}/45,{GROUP}/46")
    words = "Meant for topic 45, which takes no messages (Message thread not found)"
    lost = await world.telegram.wait_for(lambda told: "out of credits" in told.text and words in told.text, PATIENCE)
    assert lost.thread_id is None
    assert lost.buttons
    assert (await world.telegram.wait_for(lambda told: told.thread_id == 46, PATIENCE)).chat_id == GROUP
