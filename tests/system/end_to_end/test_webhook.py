"""The webhook through the real bot: every change of an alert, whoever is silent and whatever Telegram does."""

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from bot.simulator.webhook import SimulatedReceiver
from bot.support.backoff import Backoff
from bot.telegram.text.replies import status_message
from tests.support.given import UTC_ZONE
from tests.support.world import ANN, PATIENCE, World, until

SECRET = "whsec_" + b64encode(b"MARKED-bytes-of-a-signing-key-01").decode()


def rows(world: World, where: str = "true") -> int:
    """How many events the database holds."""
    with closing(sqlite3.connect(world.database)) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM events WHERE {where}").fetchone()[0]
    return count


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatedReceiver]:
    """A receiver, and a bot that tries again soon."""
    monkeypatch.setattr("bot.features.webhook.sender.PATIENCE", Backoff(0.05, 0.2))
    monkeypatch.setattr("bot.features.webhook.sender.MAX_IDLE_S", 0.05)
    async with SimulatedReceiver() as server:
        yield server


async def test_each_change_of_an_alert_goes_out_signed_and_in_order(world: World, receiver: SimulatedReceiver) -> None:
    """Fired, worsened, resolved, while Telegram takes nothing and everything is muted: no chat plays a part."""
    (alice,) = world.accounts("alice", monthly=9_000)
    bot = await world.host(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=SECRET)
    await bot.asked("/mute all 10h everywhere")
    world.telegram.away = True
    for count, monthly in enumerate((1_000, 0, 9_000), 2):
        alice.monthly = monthly
        while len(receiver.events) < count:  # a check that still runs can have asked before
            await bot.round()
    got = await receiver.wait_for(4, PATIENCE)
    assert [one["type"] for one in got] == ["notice", "alert.firing", "alert.worsened", "alert.resolved"]
    assert [one["data"]["value"] for one in got] == [None, 1000, 0, 9000]
    assert "muted in every chat by Ann" in got[0]["data"]["text"]
    for one in receiver.received:
        at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
        assert one.headers["webhook-signature"] == Webhook(SECRET).sign(one.id, at, one.body)


async def test_a_receiver_that_is_away_shows_in_status_alone(world: World, receiver: SimulatedReceiver) -> None:
    """/healthz stays well and Telegram gets its message at once; /status says since when and why, until it is back."""
    (alice,) = world.accounts("alice", monthly=9_000)
    bot = await world.host(WEBHOOK_URL=receiver.url)
    receiver.status = 500
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await receiver.wait_for_attempts(2, PATIENCE)
    assert (await bot.page("/healthz")).status == 200
    text = status_message(await bot.status(), world.clock(), UTC_ZONE).text
    assert "1 problem" in text.partition("\n")[0]
    assert "Problem: the webhook has taken nothing since" in text
    assert "it answers 500." in text
    assert "Webhook: 1 event waiting" in text
    assert "webhook_waiting 1.0" in (await bot.page("/metrics")).text
    receiver.status = 204
    await receiver.wait_for(1, PATIENCE)
    await bot.logged("WEBHOOK_URL takes events again")
    assert len({one.id for one in receiver.received}) == 1
    assert "Webhook: no events waiting" in status_message(await bot.status(), world.clock(), UTC_ZONE).text
    assert "marked-path" not in bot.log


async def test_an_ack_a_pause_and_its_end_are_notices(world: World, receiver: SimulatedReceiver) -> None:
    """What people do is told too, with the account that it concerns."""
    world.accounts("alice", monthly=0)
    bot = await world.host(WEBHOOK_URL=receiver.url)
    message = await world.told("out of credits")
    world.telegram.tap(message, "Ack")
    await receiver.wait_for(2, PATIENCE)
    await bot.asked("/pause alice 3h")
    await bot.asked("/resume alice")
    got = await receiver.wait_for(4, PATIENCE)
    assert [one["type"] for one in got] == ["alert.firing", "notice", "notice", "notice"]
    assert {one["data"]["account"] for one in got} == {"pixverse:alice@example.com"}
    assert got[1]["data"]["rule"] == "low_credits"
    assert "acknowledged by Ann" in got[1]["data"]["text"]
    assert "paused the checks of" in got[2]["data"]["text"]
    assert "go on: resumed by Ann" in got[3]["data"]["text"]


async def test_without_a_webhook_nothing_is_kept(world: World) -> None:
    """It is off by default: no row, no metric, no line in /status."""
    world.accounts("alice", monthly=0)
    bot = await world.host()
    await world.told("out of credits")
    assert rows(world) == 0
    assert "webhook" not in (await bot.page("/metrics")).text
    assert "ebhook" not in status_message(await bot.status(), world.clock(), UTC_ZONE).text


async def test_doctor_tries_the_receiver(world: World, receiver: SimulatedReceiver) -> None:
    """A signed test notice; without a secret a warning; a receiver that refuses is a failure."""
    world.accounts("alice")
    well = await world.doctor(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=SECRET)
    assert "ok    WEBHOOK_URL                   a test notice was taken, signed" in well.out
    assert Webhook(SECRET).verify(receiver.received[0].body, receiver.received[0].headers)["type"] == "notice"
    unsigned = await world.doctor(WEBHOOK_URL=receiver.url)
    assert "warn  WEBHOOK_SECRET                is empty: events go out unsigned" in unsigned.out
    receiver.status = 500
    ill = await world.doctor(WEBHOOK_URL=receiver.url)
    assert "FAIL  WEBHOOK_URL                   answers 500" in ill.out
    assert ill.code == 1
    assert "marked-path" not in ill.out
    assert "WEBHOOK" not in (await world.doctor()).out


async def test_a_receiver_that_hangs_delays_no_chat_and_no_end(world: World, receiver: SimulatedReceiver) -> None:
    """The message is there while the receiver hangs, and the bot ends in time."""
    (alice,) = world.accounts("alice", monthly=9_000)
    bot = await world.host(WEBHOOK_URL=receiver.url)
    receiver.hangs = True
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await receiver.wait_for_attempts(1, PATIENCE)
    async with asyncio.timeout(10):
        await bot.stop()


async def test_events_older_than_a_week_make_room(world: World, receiver: SimulatedReceiver) -> None:
    """The receiver is away for nine days: it gets what happened in the last seven, and how much is missing."""
    (alice,) = world.accounts("alice", monthly=0)
    bot = await world.host(WEBHOOK_URL=receiver.url)
    await receiver.wait_for(1, PATIENCE)
    receiver.away = True
    alice.monthly = 9_000
    await bot.round()
    await receiver.wait_for_attempts(2, PATIENCE)
    world.clock.advance(timedelta(days=9))
    await bot.logged("events older than 7 days were dropped: 1")
    receiver.away = False
    got = await receiver.wait_for(2, PATIENCE)
    assert "1 event dropped" in got[1]["data"]["text"]
    assert world.count("dropped", ANN) == 0
    await until(lambda: rows(world, "topic = 'dropped'") == 0, "it is taken")


async def test_an_alert_that_is_no_longer_watched_ends_for_the_receiver(
    world: World, receiver: SimulatedReceiver
) -> None:
    """A rule that is switched off, an account that goes: no chat reads of it, and a program would wait without end."""
    world.accounts("alice", "bob", monthly=0)

    def low() -> list[dict[str, Any]]:
        once = {one.id: one.event for one in receiver.received if one.taken}  # a stop can come before it is recorded
        return [one for one in once.values() if one["data"]["rule"] == "low_credits"]

    for settings, count in (
        ({"ACCOUNTS": "Studio <alice@example.com>, bob@example.com"}, 2),
        ({"ACCOUNTS": "Studio <alice@example.com>"}, 3),
        ({"ACCOUNTS": "Studio <alice@example.com>", "LOW_CREDITS": ""}, 4),
    ):
        bot = await world.host(WEBHOOK_URL=receiver.url, HTTP_LISTEN="", **settings)
        while len(low()) < count:
            await receiver.wait_for(len(receiver.events) + 1, PATIENCE)
        await bot.stop()
    assert [one["type"] for one in low()] == ["alert.firing"] * 2 + ["alert.resolved"] * 2
    for one, account in zip(low()[2:], ("bob", "alice"), strict=True):
        assert (one["data"]["account"], one["data"]["severity"]) == (f"pixverse:{account}@example.com", "critical")
        assert one["data"]["value"] is None
        assert "alert closed (credits)" in one["data"]["text"]
