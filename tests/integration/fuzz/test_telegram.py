"""Telegram's answers of any shape: no update and no answer ends the polling, or keeps the next question unanswered."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Iterator
from io import StringIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from telegram import Bot
from telegram.request import RequestData

from bot.commands.updates import TelegramService
from bot.domain.chats import Chat
from bot.outbox.results import Migrated, Rejected, Retry, Sent
from bot.support.backoff import Backoff
from bot.support.metrics import Metrics
from bot.telegram import polling
from bot.telegram.client import AiohttpRequest, checked
from bot.telegram.sender import TelegramNotifier
from bot.telegram.text.layout import Message
from tests.integration.fuzz.shapes import JSON, NEAR, PLAIN, TEXTS, bodies
from tests.support.desk import TOKEN, ZONE, FakeScope
from tests.support.fakes import SOON, Clock

OWNER = {"id": 111, "type": "private", "first_name": "Owner"}
PERSON = {"id": 111, "is_bot": False, "first_name": "Owner"}
IDS = st.sampled_from([0, 1, -1, 111, 2**31, 2**63, -(2**70)])
COMMANDS = st.sampled_from(
    ["/credits ", "/mute ", "/unmute ", "/history ", "/start ", "/check ", "/alerts ", "/help ", "/"]
)
WORDS = st.one_of(
    TEXTS,
    PLAIN,
    st.tuples(COMMANDS, TEXTS).map("".join),
    st.tuples(COMMANDS, st.sampled_from(["Studio ", "all ", "alice@example.com "]), NEAR).map("".join),
    st.sampled_from(["x" * 4096, "/mute " + "👩" * 2045, "/credits " + "\u202e" * 4000, "/history " + "7d " * 1000]),
)
ENTITIES = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["bold", "bot_command", "x"]), "offset": IDS, "length": IDS}),
    max_size=3,
)
MESSAGES = st.fixed_dictionaries(
    {"message_id": IDS, "date": st.sampled_from([0, 1_800_000_000, 2**31]), "chat": st.just(OWNER)},
    optional={
        "from": st.just(PERSON) | st.fixed_dictionaries({"id": IDS, "is_bot": st.booleans(), "first_name": TEXTS}),
        "text": WORDS,
        "entities": ENTITIES,
        "migrate_to_chat_id": IDS,
        "message_thread_id": IDS,
        "is_topic_message": st.booleans(),
        "sender_chat": st.fixed_dictionaries({"id": IDS, "type": st.just("channel")}, optional={"title": TEXTS}),
        "new_chat_title": TEXTS,
    },
)
TAPS = st.fixed_dictionaries(
    {"id": st.just("1"), "from": st.just(PERSON), "chat_instance": st.just("1")},
    optional={
        "data": TEXTS | st.tuples(st.sampled_from(["ack:", "credits:", "alerts:", "snooze1h:"]), TEXTS).map("".join),
        "message": MESSAGES,
        "game_short_name": TEXTS,
    },
)
UPDATES = st.fixed_dictionaries(
    {"update_id": st.integers(1, 10**9)}, optional={"message": MESSAGES, "callback_query": TAPS, "poll": JSON}
)
ODD_UPDATES = st.fixed_dictionaries({"update_id": JSON | IDS}, optional={"message": JSON, "callback_query": JSON})
ANSWERS = st.one_of(
    bodies(),
    st.lists(UPDATES | ODD_UPDATES | JSON, max_size=3).map(
        lambda told: json.dumps({"ok": True, "result": told}).encode()
    ),
    JSON.map(lambda told: json.dumps({"ok": True, "result": told}).encode()),
    st.fixed_dictionaries(
        {"ok": JSON}, optional={"result": JSON, "description": JSON, "error_code": JSON, "parameters": JSON}
    ).map(lambda told: json.dumps(told).encode()),
)
NUMBERS: st.SearchStrategy[Any] = st.sampled_from([0, 1, -5, 3.5, 10**9, 10**30, "12", "soon", None, True, [], {}])
REFUSALS = st.fixed_dictionaries(
    {
        "ok": st.just(False),
        "error_code": st.sampled_from([400, 403, 429, 500]),
        "description": st.sampled_from(["Bad Request: chat not found", "Too Many Requests"]) | TEXTS,
        "parameters": st.fixed_dictionaries({}, optional={"retry_after": NUMBERS, "migrate_to_chat_id": NUMBERS}),
    }
).map(lambda told: json.dumps(told).encode())
QUESTION = {
    "update_id": 2**40,
    "message": {"message_id": 9, "date": 1, "chat": OWNER, "from": PERSON, "text": "/lastquestion"},
}
SENT = {"message_id": 10, "date": 1, "chat": OWNER, "text": "x"}


PRIVATE = "PRIVATE"
"""What somebody wrote, wherever it may turn up."""

WRITTEN = {
    "message_id": 9,
    "date": 1,
    "chat": OWNER,
    "from": PERSON,
    "text": f"/credits {PRIVATE}",
    "entities": [{"type": "bot_command", "offset": 0, "length": 8}],
    "reply_to_message": {"message_id": 8, "date": 1, "chat": OWNER, "text": PRIVATE},
}
TAPPED = {"id": "1", "from": PERSON, "chat_instance": "1", "data": f"credits:{PRIVATE}", "message": WRITTEN}
SOUND: list[dict[str, Any]] = [{"message": WRITTEN}, {"callback_query": TAPPED}]


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """An update that is sound but for one place, which holds anything, or a kind that nobody knows."""
    update: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(SOUND))))
    place: Any = update
    keys: list[Any] = list(update)
    while True:
        key = draw(st.sampled_from(keys))
        inner = place[key]
        keys = list(inner) if isinstance(inner, dict) else [0] if isinstance(inner, list) else []
        if not keys or draw(st.integers(0, 3)) == 0:
            break
        place = inner
    place[key] = draw(JSON | st.none() | st.binary(max_size=8).map(lambda some: some.decode("latin-1")) | IDS)
    return update if draw(st.booleans()) else {draw(TEXTS): update}


class Wire(AiohttpRequest):
    """Telegram as far as the client sees it: prepared answers to the polling, and yes to everything else."""

    def __init__(self, *answers: bytes, sending: tuple[int, bytes] | None = None) -> None:
        """The answers, in order; then nothing more comes. ``sending`` is what every message is answered with."""
        super().__init__(1, read_timeout=1.0)
        self.answers = list(answers)
        self.sending = sending
        self.said: list[str] = []
        self.news = asyncio.Event()

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: object, **named: object
    ) -> tuple[int, bytes]:
        """Answers."""
        call = url.rpartition("/")[2]
        if call == "getUpdates":
            if request_data and request_data.parameters.get("limit") == 1:  # the end confirms what was handled
                return 200, b'{"ok": true, "result": []}'
            if not self.answers:
                await asyncio.Event().wait()
            return checked(200, {}, self.answers.pop(0))
        if call == "sendMessage" and request_data:
            self.said.append(str(request_data.parameters["text"]))
            self.news.set()
            if self.sending:
                return checked(self.sending[0], {}, self.sending[1])
        result: Any = {"getMe": {**PERSON, "is_bot": True, "username": "bot"}, "sendMessage": SENT}.get(call, True)
        return 200, json.dumps({"ok": True, "result": result}).encode()


@pytest.fixture(autouse=True)
def at_once() -> Iterator[None]:
    """Failures are not waited after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polling, "USUAL", Backoff(0.0))
        patch.setattr(polling, "seconds_of", lambda _: 0.0)
        yield


async def heard(wire: Wire, said: str) -> bool:
    """Whether something was said, after everything that was asked is dealt with."""
    async with asyncio.timeout(SOON):
        while not any(said in words for words in wire.said):
            wire.news.clear()
            await wire.news.wait()
    return True


async def until_first(work: Awaitable[bool], task: asyncio.Task[None]) -> bool:
    """The work's answer, or the error that ended the task meanwhile."""
    doing = asyncio.ensure_future(work)
    await asyncio.wait([doing, task], return_when=asyncio.FIRST_COMPLETED)
    if not doing.done():
        doing.cancel()
        await task
    return await doing


@given(ANSWERS)
async def test_after_any_answer_the_next_question_is_answered(answer: bytes) -> None:
    """Whatever getUpdates brings, and whatever is in an update, the polling goes on and who asks next is answered."""
    wire = Wire(answer, json.dumps({"ok": True, "result": [QUESTION]}).encode())
    bot = Bot(TOKEN, request=wire, get_updates_request=wire)
    service = TelegramService(bot, lambda _: FakeScope(), lambda: (Chat(111),), frozenset(), ZONE, Metrics())
    task = asyncio.create_task(service.run())
    try:
        assert await until_first(heard(wire, "lastquestion"), task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await service.stop()


class Queue(Wire):
    """Telegram's own way with updates: each comes again until it is confirmed."""

    def __init__(self, *updates: Any) -> None:
        """Numbered from 1 on."""
        super().__init__()
        self.updates = [{**update, "update_id": number} for number, update in enumerate(updates, 1)]

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: object, **named: object
    ) -> tuple[int, bytes]:
        """Answers."""
        if url.rpartition("/")[2] == "getUpdates" and request_data:
            offset = request_data.parameters.get("offset") or 0
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
            if self.updates:
                return 200, json.dumps({"ok": True, "result": self.updates}).encode()
        return await super().do_request(url, method, request_data, *timeouts, **named)


@given(st.lists(broken(), min_size=1, max_size=4))
@example([{"message": WRITTEN | {"chat": None}}])
@example([{"message": WRITTEN | {"entities": {PRIVATE: 1}}}])
async def test_a_broken_update_hides_no_other(updates: list[dict[str, Any]]) -> None:
    """The question behind it, in the same answer, is answered; all are confirmed; what was written is not logged."""
    wire = Queue(*updates, {"message": QUESTION["message"]})
    bot = Bot(TOKEN, request=wire, get_updates_request=wire)
    service = TelegramService(bot, lambda _: FakeScope(), lambda: (Chat(111),), frozenset(), ZONE, Metrics())
    log = StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    task = asyncio.create_task(service.run())
    try:
        assert await until_first(heard(wire, "lastquestion"), task)
        await service.polling.confirm()
        assert wire.updates == []
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await service.stop()
        logging.getLogger().removeHandler(handler)
    assert PRIVATE not in log.getvalue()


@given(st.sampled_from([200, 200, 400, 401, 403, 404, 409, 413, 429, 500, 502]), ANSWERS | REFUSALS)
@example(400, b'{"ok": false, "error_code": 400, "description": "\\ud800", "parameters": {}}')
@example(400, b'{"ok": false, "error_code": 400, "description": " ", "parameters": {}}')
async def test_any_answer_to_a_message_is_a_result(status: int, answer: bytes) -> None:
    """Whatever Telegram answers to a message, it was delivered, comes later, moved, or was refused; nothing raises."""
    wire = Wire(sending=(status, answer))
    post = TelegramNotifier(Bot(TOKEN, request=wire, get_updates_request=wire), Clock(), ZONE)
    result = await post.send(Message("words"), Chat(111))
    assert isinstance(result, Sent | Retry | Migrated | Rejected)
    if isinstance(result, Retry) and result.retry_after is not None:
        assert 0 <= result.retry_after < 10**9
    if isinstance(result, Retry | Rejected):
        assert len(result.failure.splitlines()) == 1
        result.failure.encode()
    if isinstance(result, Migrated):
        assert abs(result.chat_id) < 2**63
