"""The webhook on a real database, to a receiver that takes, refuses, redirects, hangs or is away."""

import json
import logging
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from bot.domain.alerts import Severity
from bot.domain.events import Event, EventType, WaitingEvent
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.features.webhook.payload import body_of
from bot.features.webhook.receiver import NotTaken, Receiver
from bot.features.webhook.sender import EventSender
from bot.simulator.webhook import SimulatedReceiver
from bot.storage import events
from bot.storage.database import Store
from bot.support.backoff import Backoff
from bot.support.metrics import Metrics
from bot.support.proxies import parse_proxy
from tests.support.builders import DAY, HOUR, MINUTE, NOW

SECRET = "whsec_" + b64encode(b"thirty-two bytes of a signing key").decode()
SOON = 60.0


def notice(text: str) -> Event:
    """A notice that is told apart by a name."""
    facts = Facts(name=text, email=f"{text}@example.com")
    subject = f"pixverse:{text}@example.com"
    return Event(EventType.NOTICE, Notification("", NotificationKind.GONE, Severity.INFO, subject=subject, facts=facts))


class Scene:
    """Events in a database, a clock, and a receiver that takes them or does not."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.seconds = 0.0
        self.failing: NotTaken | None = None
        self.tries: list[tuple[str, dict[str, Any]]] = []
        self.took: list[dict[str, Any]] = []
        self.sender = self.started()

    def started(self) -> EventSender:
        """The sender as after a start of the bot."""
        self.metrics = Metrics()
        sender = EventSender(
            self.store,
            self.connected,
            lambda one: body_of(one, ZoneInfo("UTC")),
            lambda: self.now,
            lambda: self.seconds,
            self.metrics,
        )
        sender.backoff = Backoff(1.0, 300.0, jitter=lambda: 0.0)
        return sender

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Scene"]:
        yield self

    async def take(self, webhook_id: str, body: str) -> NotTaken | None:
        self.tries.append((webhook_id, json.loads(body)))
        if not self.failing:
            self.took.append(json.loads(body))
        return self.failing

    async def put(self, *texts: str) -> None:
        async with self.store.write() as connection:
            await events.put(connection, [notice(text) for text in texts], self.now)

    @property
    def accounts(self) -> list[str]:
        """The names of what was taken, in order."""
        return [(one["data"]["account"] or "dropped").removeprefix("pixverse:").partition("@")[0] for one in self.took]

    def forward(self, span: timedelta) -> None:
        self.now += span
        self.seconds += span.total_seconds()


@pytest.fixture
def scene(store: Store) -> Scene:
    """A sender on an empty database."""
    return Scene(store)


async def test_events_go_out_in_order_and_once(scene: Scene) -> None:
    """More than one read from the database at once; nothing is left, and nothing is sent again."""
    names = [f"a{number}" for number in range(2 * events.AT_ONCE + 1)]
    await scene.put(*names)
    assert await scene.sender.look() == 5.0
    assert scene.accounts == names
    assert len({webhook_id for webhook_id, _ in scene.tries}) == len(names)
    await scene.sender.look()
    assert len(scene.tries) == len(names)


async def test_a_receiver_that_is_away_keeps_the_order_and_the_ids(scene: Scene) -> None:
    """The first event is tried ever more rarely, the later ones wait behind it; a restart changes nothing."""
    await scene.put("a")
    scene.failing = NotTaken("answers 500")
    waits = []
    for _ in range(10):
        before = len(scene.tries)
        while len(scene.tries) == before:
            scene.forward(timedelta(seconds=await scene.sender.look()))
        waits.append(scene.sender._next_send_at - scene.seconds)
        await scene.put(f"b{len(waits)}")
    assert {webhook_id for webhook_id, _ in scene.tries} == {scene.tries[0][0]}
    assert len({json.dumps(body) for _, body in scene.tries}) == 1
    state = await scene.sender.state()
    assert (state.waiting, state.oldest_at, state.failure) == (11, NOW, "answers 500")
    assert state.failing_since is not None
    scene.sender = scene.started()
    scene.failing = None
    await scene.sender.look()
    assert scene.accounts == ["a", *(f"b{number}" for number in range(1, 11))]
    assert scene.tries[-11][0] == scene.tries[0][0]
    assert (await scene.sender.state()).failing_since is None


async def test_the_waits_double_up_to_five_minutes(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """1, 2, 4 … 300 s, said once; a receiver that asks for longer gets it, up to that."""
    caplog.set_level(logging.DEBUG)
    await scene.put("a")
    scene.failing = NotTaken("answers 503")
    waits = [scene.sender._put_off(scene.failing) for _ in range(11)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert [one.levelno for one in caplog.records if "answers 503" in one.message].count(logging.WARNING) == 1
    assert Scene(scene.store).sender._put_off(NotTaken("answers 429", 120.0)) == 120
    assert Scene(scene.store).sender._put_off(NotTaken("answers 429", 1e8)) == 300


async def test_after_seven_days_the_oldest_are_dropped_and_that_is_said(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, in the metrics, in /status, and to the receiver, in the place of what it misses."""
    caplog.set_level(logging.WARNING)
    scene.failing = NotTaken("cannot be reached: Connection refused")
    await scene.put("a", "b")
    await scene.sender.look()
    scene.forward(6 * DAY)
    await scene.put("c")
    await scene.sender.look()
    assert (await scene.sender.state()).waiting == 3
    scene.forward(DAY + MINUTE)
    await scene.sender.look()
    state = await scene.sender.state()
    assert (state.waiting, state.dropped) == (1, 2)
    assert "dropped: 2 (the receiver cannot be reached: Connection refused)" in caplog.text
    first = scene.tries[-1]
    assert first[1]["type"] == "notice"
    scene.forward(6 * DAY)
    await scene.put("d")
    await scene.sender.look()
    assert (await scene.sender.state()).dropped == 3
    assert "credit_bot_webhook_dropped_total 3.0" in generate_latest(scene.metrics.registry).decode()
    scene.failing = None
    scene.forward(HOUR)
    await scene.sender.look()
    assert scene.accounts == ["dropped", "d"]
    assert "3 events dropped" in scene.took[0]["data"]["text"]
    assert scene.tries[-2][0] != first[0]
    assert (await scene.sender.state()).dropped == 0


async def test_the_clock_of_a_dropped_notice_does_not_drop_it(scene: Scene) -> None:
    """The notice about dropped events waits as long as it has to."""
    scene.failing = NotTaken("answers 500")
    await scene.put("a")
    for _ in range(3):
        scene.forward(8 * DAY)
        await scene.sender.look()
    scene.failing = None
    scene.forward(HOUR)
    await scene.sender.look()
    assert [one["type"] for one in scene.took] == ["notice"]


async def test_metrics_count_what_waits(scene: Scene) -> None:
    """How many, for how long, and how the attempts ended."""
    await scene.put("a", "b")
    scene.failing = NotTaken("answers 500")
    await scene.sender.look()
    scene.forward(HOUR)
    await scene.put("c")
    await scene.sender.look()
    text = generate_latest(scene.metrics.registry).decode()
    assert "credit_bot_webhook_waiting 3.0" in text
    assert "credit_bot_webhook_age_seconds 3600.0" in text
    assert 'credit_bot_webhook_sends_total{result="failed"} 2.0' in text


def receiver_at(url: str, secret: str | None = SECRET, **more: Any) -> Receiver:
    """A receiver, by this machine's clock."""
    return Receiver(SecretStr(url), SecretStr(secret) if secret else None, None, lambda: datetime.now(UTC), **more)


async def sent(receiver: Receiver) -> NotTaken | None:
    """One event over real HTTP."""
    async with receiver.connected() as post:
        return await post.take("msg_1", body_of(WaitingEvent(1, "msg_1", notice("Zoë"), NOW), ZoneInfo("UTC")))


async def test_the_librarys_own_code_verifies_the_signature() -> None:
    """As a receiver does it; a changed body, another id or another secret is refused."""
    async with SimulatedReceiver() as server:
        assert await sent(receiver_at(server.url)) is None
        (got,) = server.received
    assert Webhook(SECRET).verify(got.body, got.headers) == got.event
    assert got.event["data"]["label"] == "Zoë" or got.event["data"]["label"] is None
    others = (got.body.replace("notice", "notIce"), got.headers), (got.body, got.headers | {"webhook-id": "msg_2"})
    for body, headers in others:
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + b64encode(b"another key").decode()).verify(got.body, got.headers)


async def test_without_a_secret_nothing_is_signed() -> None:
    """The id and the time still go along."""
    async with SimulatedReceiver() as server:
        assert await sent(receiver_at(server.url, None)) is None
        (got,) = server.received
    assert "webhook-signature" not in got.headers
    assert got.id == "msg_1"
    assert re.fullmatch(r"\d{10}", got.headers["webhook-timestamp"])
    assert got.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_takes_it(status: int) -> None:
    """Whatever it means by it."""
    async with SimulatedReceiver() as server:
        server.status = status
        assert await sent(receiver_at(server.url)) is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_neither_followed_nor_taken(status: int) -> None:
    """It could lead anywhere: to another host, with all the emails."""
    async with SimulatedReceiver() as server:
        server.status, server.answer_headers = status, {"Location": f"{server.address}/elsewhere"}
        failed = await sent(receiver_at(server.url))
        assert failed
        assert "a redirect, which is not followed" in failed.why
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("status", "headers", "why", "wait"),
    [
        (500, {}, "answers 500", 0),
        (401, {}, "compare WEBHOOK_SECRET", 0),
        (410, {}, "answers 410", 0),
        (429, {"Retry-After": "17"}, "answers 429", 17),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "answers 503", 0),
    ],
)
async def test_any_other_answer_does_not_take_it(status: int, headers: dict[str, str], why: str, wait: float) -> None:
    """Also one by which a receiver means that it wants nothing more: its owner empties WEBHOOK_URL."""
    async with SimulatedReceiver() as server:
        server.status, server.answer_headers = status, headers
        failed = await sent(receiver_at(server.url))
    assert failed
    assert why in failed.why
    assert failed.retry_after == wait


async def test_no_answer_is_a_reason_without_the_address() -> None:
    """It hangs, closes the connection, is not there, has no such name, speaks no TLS; the path is a secret."""
    async with SimulatedReceiver() as server:
        server.hangs = True
        hangs = await sent(receiver_at(server.url, timeout=0.2))
        server.hangs, server.away = False, True
        closes = await sent(receiver_at(server.url))
        plain = await sent(receiver_at(server.url.replace("http:", "https:")))
    gone = await sent(receiver_at(server.url))
    unknown = await sent(receiver_at("http://nobody.invalid/marked-path"))
    through = Receiver(SecretStr(server.url), None, parse_proxy("http://127.0.0.1:9", "HTTP_PROXY"), lambda: NOW)
    proxied = await sent(through)
    told = [one.why for one in (hangs, closes, plain, gone, unknown, proxied) if one]
    assert told[0] == "does not answer within 0 s"
    assert told[3] == "cannot be reached: Connection refused"
    assert told[4] == "cannot be reached: its name cannot be found"
    assert told[5].startswith("The proxy http://127.0.0.1:9 (HTTP_PROXY) cannot be reached")
    assert len(told) == 6
    assert not any("marked-path" in one for one in told)
