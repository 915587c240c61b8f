"""/healthz, /metrics, ``credit-bot health`` and the heartbeat."""

import asyncio
import socket
from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.simulator.pixverse import Fault
from bot.simulator.server import LocalServer
from bot.simulator.telegram.service import BOT_BLOCKED
from bot.telegram.text.replies import status_message
from tests.support.world import ANN, BOB, EVERY, World, answering, until


class Heartbeat(LocalServer):
    """A service that waits for heartbeats."""

    def __init__(self) -> None:
        super().__init__()
        self.beats = 0

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        yield web.get("/ping/{check}", self.beat)

    async def beat(self, _request: web.Request) -> web.Response:
        self.beats += 1
        return web.Response(text="OK")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def test_healthz_is_200_while_the_bot_does_its_work(world: World) -> None:
    """200 with the moments of the last round and delivery; one broken account is no reason for 503."""
    world.accounts("alice", monthly=0)
    world.accounts("bob")
    world.pixverse.fail(Fault(596), "bob@example.com")
    bot = await world.host()
    await world.told("out of credits")
    await bot.quiet()
    page = await bot.page("/healthz")
    assert page.status == 200
    assert page.json["last_round_at"]
    assert page.json["last_delivery_at"]
    assert page.json == page.json | {"status": "ok", "outbox": 0, "polling": "ok", "problems": []}
    for path in ("/", "/health", "/metrics/", "/healthz/x", "/%00"):
        assert (await bot.page(path)).status == 404


async def test_healthz_says_what_is_wrong(world: World) -> None:
    """503 with words: nobody can be read; and once a message waits over two minutes for Telegram, that too."""
    world.accounts("alice", "bob")
    bot = await world.host()
    assert (await bot.page("/healthz")).status == 200
    world.pixverse.fail(Fault(401))
    world.telegram.away = True
    for _ in range(3):
        await bot.round()
    await bot.logged("was not told")
    page = await bot.page("/healthz")
    assert page.status == 503
    problems = page.json["problems"]
    assert "no account could be read in the last 31 min" in problems
    assert any(problem.startswith("a message has waited 30 min for Telegram") for problem in problems)
    world.pixverse.heal()
    world.telegram.away = False
    await bot.round()
    await bot.quiet()
    assert (await bot.page("/healthz")).status == 200


async def test_no_round_is_unhealthy(world: World) -> None:
    """503 once no round has ended within twice CHECK_EVERY and a minute, though others than who hangs are read."""
    world.accounts("alice", "bob")
    bot = await world.host()
    world.pixverse.fail(Fault(hang=True), "alice@example.com")
    for _ in range(3):
        await bot.round(looks=1)
    page = await bot.page("/healthz")
    assert page.status == 503
    assert page.json["problems"] == ["no round of checks ended in the last 31 min"]
    await world.pixverse.stop()


async def test_metrics_tell_credits_by_account_and_bucket(world: World) -> None:
    """Names credit_bot_*; credits by account and bucket, plan end, alerts, looks by result, sends, the outbox."""
    world.accounts("alice", daily=5, package=7)
    world.accounts("bob", monthly=180, omit={"credit_daily"})
    world.accounts("carol")
    world.pixverse.fail(Fault(596), "carol@example.com")
    bot = await world.host(ACCOUNTS="Studio <alice@example.com>, bob@example.com, carol@example.com")
    await world.told("180 credits left")
    await world.told("carol@example.com: cannot be read")
    await bot.quiet()
    page = await bot.page("/metrics")
    lines = page.text.splitlines()
    for line in (
        'credit_bot_credits{account="Studio",bucket="monthly"} 12450.0',
        'credit_bot_credits{account="Studio",bucket="daily"} 5.0',
        'credit_bot_credits{account="Studio",bucket="package"} 7.0',
        'credit_bot_credits{account="bob@example.com",bucket="monthly"} 180.0',
        'credit_bot_credits_monthly_allowance{account="Studio"} 15000.0',
        'credit_bot_account_readable{account="carol@example.com"} 0.0',
        'credit_bot_alerts{measure="credits",severity="warning"} 1.0',
        'credit_bot_alerts{measure="failures",severity="warning"} 1.0',
        'credit_bot_checks_total{result="ok"} 2.0',
        'credit_bot_checks_total{result="broken"} 1.0',
        'credit_bot_sends_total{result="delivered"} 2.0',
        "credit_bot_outbox_depth 0.0",
        "credit_bot_outbox_age_seconds 0.0",
    ):
        assert line in lines
    assert 'account="bob@example.com",bucket="daily"' not in page.text, "what is not known has no line"
    assert 'credit_bot_credits{account="carol@example.com"' not in page.text
    assert any(line.startswith('credit_bot_plan_end_timestamp_seconds{account="Studio"}') for line in lines)
    names = {line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")}
    assert all(name.startswith("credit_bot_") for name in names)


async def test_emails_are_masked_where_others_can_read_the_pages(world: World) -> None:
    """Where HTTP_LISTEN is no loopback address, an email without a label is shown as a…@example.com, on both pages."""
    world.accounts("alice", "anna", "bob")
    named = "alice@example.com, anna@example.com, Studio <bob@example.com>"
    bot = await world.host(HTTP_LISTEN="0.0.0.0:0", ACCOUNTS=named)
    text = (await bot.page("/metrics")).text + (await bot.page("/healthz")).text
    assert 'account="a…@example.com",bucket="monthly"' in text
    assert 'account="a…@example.com #2"' in text
    assert 'account="Studio"' in text
    assert not any(email in text for email in ("alice@", "anna@", "bob@"))


async def test_health_asks_the_running_bot(world: World) -> None:
    """``credit-bot health``: 0 and ok while it is well, 1 and why when it is not or nobody answers."""
    world.accounts("alice")
    address = f"127.0.0.1:{free_port()}"
    bot = await world.host(HTTP_LISTEN=address)
    await bot.quiet()
    ended = await world.run("health", HTTP_LISTEN=address)
    assert (ended.code, ended.out) == (0, "ok\n")
    world.clock.advance(timedelta(hours=2))
    world.pixverse.fail(Fault(503))
    sick, deaf, off, bad = await asyncio.gather(
        world.run("health", HTTP_LISTEN=address),
        world.run("health", HTTP_LISTEN=f"127.0.0.1:{free_port()}"),
        world.run("health", HTTP_LISTEN=""),
        world.run("health", HTTP_LISTEN="here"),
    )
    assert sick.code == 1
    assert sick.out.startswith("failing: ")
    assert deaf.code == 1
    assert "The bot does not answer at" in deaf.out
    assert off.code == 1
    assert "HTTP_LISTEN is empty" in off.out
    assert bad.code == 1
    assert "HTTP_LISTEN" in bad.out


async def test_the_heartbeat_is_asked_after_whole_rounds_only(world: World) -> None:
    """HEARTBEAT_URL is asked after every round that worked whole, and not after one in which anybody failed."""
    world.accounts("alice", "bob")
    async with Heartbeat() as heartbeat:
        bot = await world.host(HEARTBEAT_URL=f"{heartbeat.address}/ping/secret")
        await until(lambda: heartbeat.beats == 1, "the first round is told")
        world.pixverse.fail(Fault(596), "bob@example.com")
        for _ in range(3):
            await bot.round()
        await world.told("bob@example.com: cannot be read")
        assert heartbeat.beats == 1
        world.pixverse.heal()
        await bot.round()
        await until(lambda: heartbeat.beats == 2, "the next whole round is told")
    await bot.round()
    await bot.logged("HEARTBEAT_URL cannot be reached")
    assert "secret" not in bot.log
    assert world.telegram.texts(ANN)
    world.clock.advance(EVERY)


async def test_nobody_can_be_told_and_health_is_red(world: World) -> None:
    """The only chat is blocked while an alert fires: 503, no heartbeat, /status red; an end is no reason for that."""
    (alice,) = world.accounts("alice")
    async with Heartbeat() as heartbeat:
        bot = await world.host(HEARTBEAT_URL=f"{heartbeat.address}/ping/secret")
        await until(lambda: heartbeat.beats == 1, "a bot that is well")
        world.telegram.block(ANN)
        alice.monthly = 0
        await bot.round()
        await until(lambda: heartbeat.beats == 2, "the alert is only just due")
        await bot.logged("refuses messages")
        assert (await bot.page("/healthz")).status == 200
        world.clock.advance(timedelta(minutes=3))
        page = await answering(bot, 503)
        assert any("has reached nobody" in problem for problem in page.json["problems"])
        await bot.round()
        await bot.logged("No heartbeat: an alert has reached nobody")
        alice.monthly = 15000
        await bot.round()
        await until(lambda: heartbeat.beats == 3, "nothing fires any more")
        world.clock.advance(timedelta(minutes=3))
        page = await bot.page("/healthz")
        assert page.status == 200
        assert any(note.startswith(f"chat {ANN}: Forbidden") for note in page.json["notes"])
    world.telegram.unblock(ANN)
    await world.told("credits again")


async def test_status_is_red_while_nobody_can_be_told(world: World) -> None:
    """Sends are refused and answers are not: whoever asks sees red, in Telegram's own words."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    alice.monthly = 0
    world.telegram.fail_send(ANN, BOT_BLOCKED, times=None)
    await bot.round()
    await bot.logged("refuses messages")
    world.clock.advance(timedelta(minutes=3))
    await answering(bot, 503)
    status = status_message(await bot.status(), world.clock(), ZoneInfo("UTC")).text
    assert status.startswith("🔴 2 problems")
    assert f"Cannot write to chat {ANN}: Forbidden: bot was blocked by the user, since" in status


async def test_a_greeting_or_a_second_chat_leaves_health_green(new_world: World) -> None:
    """A chat that refuses its greeting, or an alert that another chat has, is a note and no 503."""
    (alice,) = new_world.accounts("alice")
    new_world.telegram.block(ANN)
    bot = await new_world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    await bot.logged(f"Chat {ANN} refuses messages")
    await bot.recorded()
    new_world.clock.advance(timedelta(minutes=5))
    assert (await bot.page("/healthz")).status == 200
    alice.monthly = 0
    await bot.round()
    await new_world.told("out of credits", BOB)
    await bot.recorded()
    new_world.clock.advance(timedelta(minutes=5))
    page = await bot.page("/healthz")
    assert page.status == 200, page.text
    assert any(note.startswith(f"chat {ANN}: Forbidden") for note in page.json["notes"])


async def test_without_pages_the_bot_does_its_work(world: World) -> None:
    """An empty HTTP_LISTEN switches the pages off, and nothing else."""
    world.accounts("alice", monthly=0)
    bot = await world.host(HTTP_LISTEN="")
    await world.told("out of credits")
    assert bot.port is None
