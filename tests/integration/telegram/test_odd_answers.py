"""Answers that Telegram would not give: a proxy's page, a library too old for what Telegram says."""

import json

import pytest
from telegram import Bot

from bot.commands.permissions import Access
from bot.outbox.results import Migrated, Retry, SendResult, Sent
from bot.telegram.authors import User
from bot.telegram.calls import UnreadableAnswerError, answered
from bot.telegram.client import AiohttpRequest, checked
from bot.telegram.sender import TelegramNotifier
from bot.telegram.text.layout import Message
from tests.support.desk import TOKEN, ZONE
from tests.support.fakes import CHAT, GROUP, Clock


class Answering(AiohttpRequest):
    """Gives one answer to everything."""

    def __init__(self, status: int, answer: object) -> None:
        super().__init__(1, read_timeout=1.0)
        self.answer = status, json.dumps(answer).encode()

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        """The answer."""
        status, body = self.answer
        return checked(status, {}, body)


def refusal(code: int, **parameters: object) -> dict[str, object]:
    """A refusal as Telegram writes it."""
    return {"ok": False, "error_code": code, "description": "Too Many Requests", "parameters": parameters}


async def test_an_administrator_that_cannot_be_read_hides_no_other() -> None:
    """Who leads a group is read one by one: a shape that nobody knows makes none of the others a member."""
    members = [
        None,
        {"status": "new", "user": None},
        {"status": "creator"},
        {"user": {"id": "7"}},
        {"user": {"id": 7}, "status": "unheard of"},
    ]
    wire = Answering(200, {"ok": True, "result": members})
    access = Access(Bot(TOKEN, request=wire, get_updates_request=wire), lambda: (GROUP,), frozenset())
    assert await access.may_change("supergroup", GROUP.chat_id, User(7, "Ann"))
    assert not await access.may_change("supergroup", GROUP.chat_id, User(8, "Bob"))


@pytest.mark.parametrize("members", [None, 5, {}, "x"])
async def test_administrators_that_cannot_be_read_are_none(members: object) -> None:
    """Then nobody may change anything."""
    wire = Answering(200, {"ok": True, "result": members})
    access = Access(Bot(TOKEN, request=wire, get_updates_request=wire), lambda: (GROUP,), frozenset())
    assert not await access.may_change("supergroup", GROUP.chat_id, User(7, "Ann"))


async def test_an_answer_of_an_unknown_shape_is_an_error_of_telegrams() -> None:
    """Whatever the library raises when it parses one, whoever called has one kind of error to expect."""
    wire = Answering(200, {"ok": True, "result": {"message_id": 5, "chat": None}})
    bot = Bot(TOKEN, request=wire, get_updates_request=wire)
    with pytest.raises(UnreadableAnswerError):
        await answered(bot.edit_message_text("x", 1, 5))
    with pytest.raises(UnreadableAnswerError):
        await answered(bot.get_me())


async def sent(status: int, answer: object) -> SendResult:
    """What becomes of a message that is answered so."""
    wire = Answering(status, answer)
    return await TelegramNotifier(Bot(TOKEN, request=wire, get_updates_request=wire), Clock(), ZONE).send(
        Message("x"), CHAT
    )


@pytest.mark.parametrize("result", [None, [], {}, {"message_id": 5}, "sent"])
async def test_a_message_whose_answer_cannot_be_read_is_not_sent_for_ever(result: object) -> None:
    """Telegram says that it took it, so the chat has it, whatever else the answer holds."""
    assert await sent(200, {"ok": True, "result": result}) == Sent(None)


@pytest.mark.parametrize("answer", [None, 5, [], {}, {"error": "log in first"}, {"ok": False}])
async def test_what_is_not_telegrams_answer_is_tried_again_without_end(answer: object) -> None:
    """A proxy's own JSON says nothing of the message: it is kept and tried until Telegram itself answers."""
    result = await sent(200, answer)
    assert isinstance(result, Retry)


@pytest.mark.parametrize("wait", [-5, 0, 10**30, "12", None, True, [], {}])
async def test_a_pause_that_cannot_be_meant_is_none(wait: object) -> None:
    """Neither a pause without end nor one that ends before it begins is kept."""
    result = await sent(429, refusal(429, retry_after=wait))
    assert isinstance(result, Retry)
    assert "in between" not in result.failure
    assert result.retry_after is None


async def test_what_telegram_does_say_is_heard() -> None:
    """A pause, and where a group has gone."""
    paused = await sent(429, refusal(429, retry_after=7))
    assert isinstance(paused, Retry)
    assert paused.retry_after == 7
    assert await sent(400, refusal(400, migrate_to_chat_id=-1005)) == Migrated(-1005)
