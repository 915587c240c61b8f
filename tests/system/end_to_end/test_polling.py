"""Telegram's side in trouble: alerts do not depend on the polling, and the polling always comes back."""

import pytest

from bot.simulator.telegram.service import Refusal
from bot.telegram import polling
from tests.support.world import PATIENCE, TELEGRAM_TOKEN, World, until


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "Telegram refuses the bot token"),
        (404, "Telegram refuses the bot token"),
        (409, "another program polls with the same bot token (409)"),
        (502, "Telegram cannot be reached"),
    ],
)
async def test_refused_polling_stops_no_alert_and_comes_back(world: World, status: int, words: str) -> None:
    """401, 404, 409 and 502 to getUpdates: said in words, alerts arrive all the same, commands work afterwards."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.kill_polling(status)
    await bot.logged(words)
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    page = await bot.page("/healthz")
    assert page.status == 200
    assert words in " ".join(page.json["notes"]) or "again" in bot.log
    assert "out of credits" in await bot.asked("/alerts")
    await bot.logged("Telegram answers the polling again")


async def test_polling_that_hangs_is_given_up_and_begun_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A getUpdates that is never answered ends by itself, alerts arrive meanwhile, and commands work afterwards."""
    monkeypatch.setattr(polling, "POLL_SECONDS", 1)
    monkeypatch.setattr(polling, "SPARE_SECONDS", 1)
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.hang(methods={"getUpdates"})
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await bot.logged("Telegram does not answer in time")
    assert "out of credits" in await bot.asked("/alerts")


async def test_dead_polling_is_unhealthy_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polling unanswered for over two minutes: 503, and the reason in words, also for /metrics' outbox to be read."""
    monkeypatch.setattr("bot.domain.health.POLLING_WAIT", 0.5)
    world.accounts("alice")
    bot = await world.host()
    world.telegram.conflict(times=None)

    async def failing() -> bool:
        return bool((await bot.health())["polling"] == "failing")

    await until(failing, "the page says that the polling is dead")
    page = await bot.page("/healthz")
    assert page.status == 503
    assert page.json["status"] == "failing"
    assert any("409" in problem for problem in page.json["problems"])


async def test_an_update_that_cannot_be_understood_keeps_no_command_waiting(world: World) -> None:
    """It is skipped and counted, /status says so, and its text stands in no log."""
    world.accounts("alice")
    bot = await world.host()
    for chat in (None, {"id": "PRIVATE"}, ["PRIVATE"]):
        world.telegram.push({"message": {"message_id": 1, "date": 1, "chat": chat, "text": "/credits PRIVATE"}})
    status = await bot.asked("/status")
    assert "The bot is well" in status
    assert "3 updates were skipped: this version cannot read what Telegram sent" in status
    await until(lambda: not world.telegram.pending_updates, "all are confirmed")
    assert "credit_bot_updates_skipped_total 3.0" in (await bot.page("/metrics")).text
    assert "3 updates were skipped" in " ".join((await bot.health())["notes"])
    assert bot.log.count("cannot be understood") == 3
    assert "PRIVATE" not in bot.log
    assert "Traceback" not in bot.log


async def test_a_webhook_of_another_program_is_taken_away_at_the_start(world: World) -> None:
    """Its host is said, and commands are answered."""
    world.accounts("alice")
    world.telegram.set_webhook("https://hooks.example.com/SECRET")
    bot = await world.host()
    assert "The bot is well" in await bot.asked("/status")
    assert "A webhook at hooks.example.com was set for this bot; it was taken away" in bot.log
    assert "SECRET" not in bot.log


async def test_a_webhook_set_while_the_bot_runs_is_taken_away_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log and /status say so. One that comes back is left; the pages say why no command is answered."""
    monkeypatch.setattr("bot.domain.health.POLLING_WAIT", 0.5)
    world.accounts("alice")
    bot = await world.host()
    world.telegram.set_webhook("https://hooks.example.com/SECRET")
    status = await bot.asked("/status")
    assert "Another program set a webhook at hooks.example.com for this bot; it was taken away" in status
    await bot.logged("another program set a webhook at hooks.example.com (409); it was taken away")
    world.telegram.set_webhook("https://hooks.example.com/SECRET")
    await bot.logged("another program set a webhook at hooks.example.com again (409)")

    async def failing() -> bool:
        return bool((await bot.health())["polling"] == "failing")

    await until(failing, "the page says that nobody is heard")
    page = await bot.page("/healthz")
    assert page.status == 503
    assert any("hooks.example.com again" in problem for problem in page.json["problems"])
    assert world.telegram.webhook
    assert "another program polls" not in bot.log
    assert "SECRET" not in bot.log + page.text


async def test_a_refused_bot_token_ends_the_start_in_words(world: World) -> None:
    """Telegram refuses the token at the start: exit code 69, in words that do not hold the token, no traceback."""
    world.accounts("alice")
    world.telegram.token = "1:another"
    ended = await world.run("run")
    assert ended.code == 69
    assert "TELEGRAM_BOT_TOKEN: Telegram refuses it" in ended.err
    assert TELEGRAM_TOKEN not in ended.err
    assert TELEGRAM_TOKEN.partition(":")[2] not in ended.err
    assert "Traceback" not in ended.err


async def test_telegram_down_at_the_start_is_waited_for(world: World) -> None:
    """A network that is down is waited for: the watch goes on, and everything is told once Telegram is back."""
    world.accounts("alice", monthly=0)
    port = world.telegram.port
    await world.telegram.stop()
    bot = await world.host()
    await bot.logged("Telegram cannot be reached")
    await world.pixverse.wait_for_looks(timeout=PATIENCE)
    await world.telegram.start(port)
    await world.told("out of credits")
    assert "The bot is well" in await bot.asked("/status")


@pytest.mark.parametrize("code", [200, 401, 403, 404])
async def test_a_portal_at_the_start_does_not_end_the_bot(world: World, code: int) -> None:
    """A login page in Telegram's place, with a 401 or 404 too, is waited for: it refuses no token."""
    world.accounts("alice", monthly=0)
    world.telegram.between = Refusal(code, "", page="<html>Log in to the hotel's network</html>")
    bot = await world.host()
    await bot.logged("trying again")
    world.telegram.between = None
    await world.told("out of credits")
