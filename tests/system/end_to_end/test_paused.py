"""Pauses through the whole bot: while one lasts nobody is asked about the account, and everything else goes on."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

from bot.simulator.pixverse import Fault
from bot.simulator.telegram.service import SimulatedMessage
from tests.support.world import ANN, BOB, EVERY, HostedBot, World, until

BOTH = f"{ANN},{BOB}"
ALICES, BOBS = "alice@example.com", "bob@example.com"
HOUR = timedelta(hours=1)


async def tapped(world: World, message: SimulatedMessage, label: str) -> str:
    """Taps a button; gives the little notice."""
    query = world.telegram.tap(message, label)
    shown = world.telegram.callback_answers
    await until(lambda: any(answer.query_id == query for answer in shown), f"the tap on {label} is answered")
    return next(answer.text for answer in shown if answer.query_id == query)


async def restarted(world: World, bot: HostedBot, looks_at: str, **settings: object) -> HostedBot:
    """The bot after a restart, once it has looked at somebody again."""
    await bot.stop()
    before = world.pixverse.looks(looks_at)
    again = HostedBot(world, world.environment(settings), world.refusals)
    world._bots.append(again)
    await again.begin()
    await until(lambda: world.pixverse.looks(looks_at) > before, f"a look at {looks_at}")
    return again


async def test_nobody_is_asked_about_who_is_paused(world: World) -> None:
    """No round, question, tap, reload or restart asks for it; the end is told, and it is checked at once."""
    world.accounts("alice", monthly=0)
    world.accounts("bob")
    looks = world.pixverse.looks
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    alert = await world.told("out of credits")
    assert "alice@example.com is paused until" in await bot.asked("/pause\nalice\n90m")
    for _ in range(3):
        await bot.round(1)
    card = await bot.answer("/credits alice")
    assert "Paused until" in card.text
    await tapped(world, card, "Refresh")
    page = await bot.answer("/credits")
    assert "alice@example.com · paused until" in page.text
    assert "🟢 alice" not in page.text
    await tapped(world, page, "Refresh")
    before = len(world.telegram.messages)
    await tapped(world, alert, "Credits")
    await world.told("Paused until", after=before)
    before = len(world.telegram.messages)
    assert "1 account is paused;" in await bot.asked("/check")
    await world.told("paused until", after=before + 1)
    assert "out of credits" in await bot.asked("/alerts", BOB)
    assert "1 paused" in await bot.asked("/status")
    assert "paused" in await bot.asked("/history alice 7d")
    await bot.asked("/reload")
    bot = await restarted(world, bot, BOBS, TELEGRAM_CHAT_IDS=BOTH)
    assert "Paused until" in await bot.asked("/credits alice")
    assert looks(ALICES) == 1
    metrics = (await bot.page("/metrics")).text
    assert len(re.findall(r"^credit_bot_account_paused\{.*\} 1\.0$", metrics, re.MULTILINE)) == 1
    for _ in range(3):
        await bot.round(1)
    for chat in (ANN, BOB):
        line = await world.told("⚪ Checks of", chat)
        assert (line.text, line.silent) == ("⚪ Checks of alice@example.com go on.", True)
    await until(lambda: looks(ALICES) == 2, "a look at once")
    await bot.quiet()
    assert [world.count("Nobody was watching", chat) for chat in (ANN, BOB)] == [0, 0]
    assert "paused" not in await bot.asked("/credits alice")


async def test_the_other_chat_hears_of_it_and_may_end_it(world: World) -> None:
    """One silent line there, with a button: checks go on at once, and the first chat is told by whom."""
    world.accounts("alice", "bob")
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    answer = await bot.answer("/pause all 3h")
    assert "Accounts that are added meanwhile are paused too" in answer.text
    line = await world.told("paused the checks of", BOB)
    assert line.text.startswith("⚪ Ann paused the checks of all accounts until ")
    assert line.silent
    world.accounts("carol")
    await bot.asked("/check")
    await until(lambda: world.count("carol@example.com") > 0, "the new one is shown")
    world.clock.advance(HOUR)
    assert "checks paused until" in await bot.asked("/alerts", BOB)
    assert world.pixverse.looks() == 2
    assert (await tapped(world, line, "Resume checks")).startswith("Resumed by Bob")
    assert not line.buttons
    told = await world.told("go on: resumed by Bob")
    assert (told.text, told.silent) == ("⚪ Checks of all accounts go on: resumed by Bob.", True)
    await until(lambda: world.pixverse.looks() == 5, "everyone is looked at, with who came meanwhile")
    assert await tapped(world, answer, "Resume checks") == "This pause is over. /alerts shows what is paused."
    assert not answer.buttons
    await bot.quiet()
    assert world.count("⚪ Checks of", BOB) == 0
    assert "paused" not in await bot.asked("/status", BOB)


async def test_a_look_under_way_has_ended_when_the_pause_is_confirmed(world: World) -> None:
    """Whoever reads "is paused" may log in: no request about the account is open any more."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(delay=1.5), ALICES)
    world.clock.advance(EVERY)
    await until(lambda: world.pixverse.looks(ALICES) == 2, "a slow look has begun")
    await bot.asked("/pause alice 1h")
    assert await bot.looks() == 4, "it is saved when the answer comes, though it takes longer than a pause"


async def test_the_plans_end_is_told_in_a_pause(world: World) -> None:
    """It is known, so time alone tells it: warned of, and told once it has passed; the numbers with their age."""
    ends_at = datetime.now(UTC) + timedelta(days=10)
    world.accounts("alice", ends_at=ends_at, cancelled_at=datetime.now(UTC) - timedelta(days=9))
    bot = await world.host()
    await bot.asked("/pause alice 20d")
    await bot.quiet()
    assert world.count("plan ends") == 0
    world.clock.advance(timedelta(days=4))
    warned = await world.told("alice@example.com: plan ends")
    assert "read " in warned.text
    assert "just now" not in warned.text
    world.clock.advance(timedelta(days=7))
    await world.told("alice@example.com: plan ended", after=world.telegram.messages.index(warned) + 1)
    assert world.pixverse.looks(ALICES) == 1


async def test_all_paused_is_well(world: World) -> None:
    """Longer than any interval: /healthz says 200, /status that all is well, and nobody missed the watch."""
    world.accounts("alice", "bob")
    bot = await world.host()
    await bot.asked("/pause all 12h")
    for _ in range(4):
        world.clock.advance(timedelta(hours=2))
        await asyncio.sleep(0.3)
        health = await bot.page("/healthz")
        assert health.status == 200, health.text
    assert "The bot is well" in await bot.asked("/status")
    world.clock.advance(timedelta(hours=4, minutes=5))
    await until(lambda: world.pixverse.looks() == 4, "they are looked at again")
    await bot.quiet()
    assert (await bot.page("/healthz")).status == 200
    assert world.count("Nobody was watching") == 0


async def test_a_pause_outlives_the_death_of_the_process(world: World) -> None:
    """Killed in a pause: the next start looks at the others each second, and not at who is paused."""
    world.accounts("alice", "bob")
    looks = world.pixverse.looks
    bot = await world.start()
    await until(lambda: looks(ALICES) > 0 and looks(BOBS) > 0, "the first looks")
    await world.telegram.wait_for_call("getUpdates")
    said = await bot.asked("/pause alice 90m")
    before, others = looks(ALICES), looks(BOBS)
    assert "is paused until" in said
    await until(lambda: looks(BOBS) >= others + 3, "three seconds")
    await bot.kill()
    others = looks(BOBS)
    bot = await world.start()
    await until(lambda: looks(BOBS) >= others + 3, "three seconds more")
    assert looks(ALICES) == before
    world.telegram.say(ANN, "/resume alice")
    await until(lambda: looks(ALICES) > before, "it is looked at again")
