"""Each answer that Telegram, or what stands before it, was seen to give: what the bot makes of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.domain.boards import BoardEdited, BoardLost
from bot.domain.chats import Chat
from bot.features.board import text
from bot.outbox.results import Migrated, Rejected, Retry
from bot.telegram import sender
from bot.telegram.client import make_bot
from bot.telegram.sender import NoTopic, Wrong
from bot.telegram.text.layout import Message
from tests.field.catalogue import TELEGRAM, FieldAnswer
from tests.field.wire import answering

TOKEN = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"
KINDS = {"plain": Wrong, "no_thread": NoTopic, "refused": Rejected, "wait": Retry, "moved": Migrated, "network": Retry}


def asked(method: str) -> list[FieldAnswer]:
    """The answers to one of the bot's questions."""
    return [answer for answer in TELEGRAM if answer.to == method]


@asynccontextmanager
async def talking(answer: FieldAnswer) -> AsyncIterator[Bot]:
    """A bot to which everything is answered alike."""
    async with answering(answer) as url:
        bot = make_bot(TOKEN, url)
        yield bot
        for request in bot._request:
            await request.shutdown()


async def error_of(answer: FieldAnswer) -> TelegramError | None:
    """What sending a message to a topic comes to."""
    async with talking(answer) as bot:
        try:
            await sender.post(bot, Message("hello"), Chat(-100123, 45))
        except TelegramError as error:
            return error
    return None


def description(answer: FieldAnswer) -> str:
    """Telegram's own words, without the name of the status before them, in small letters."""
    words: str = json.loads(answer.body)["description"]
    return words.partition(": ")[2].lower() or words.lower()


@pytest.mark.parametrize("answer", asked("sendMessage"), ids=str)
async def test_a_send_is_judged_by_telegrams_own_words(answer: FieldAnswer) -> None:
    """The message, its topic, the chat, a pause, a move, or the network; a refusal keeps Telegram's words."""
    error = await error_of(answer)
    if answer.expect == "taken":
        assert error is None
        return
    assert error is not None
    result = sender.result_of(error, in_topic=True)
    assert type(result) is KINDS[answer.expect], error
    if isinstance(result, Retry):
        assert result.retry_after == answer.seconds
    if isinstance(result, Migrated):
        assert result.chat_id == answer.chat
    if isinstance(result, Rejected):
        assert description(answer) in result.failure.lower()
    if answer.expect == "network":
        assert not isinstance(error, BadRequest | Forbidden | InvalidToken | Conflict)


@pytest.mark.parametrize("answer", asked("getMe"), ids=str)
async def test_only_telegram_itself_refuses_the_token(answer: FieldAnswer) -> None:
    """A portal's 401 and a proxy's 404 end no start."""
    async with talking(answer) as bot:
        with pytest.raises(InvalidToken if answer.expect == "token" else NetworkError) as caught:
            await bot.get_me()
    assert isinstance(caught.value, InvalidToken) is (answer.expect == "token")


@pytest.mark.parametrize("answer", asked("getUpdates"), ids=str)
async def test_the_polling_tells_another_poller_from_a_webhook_and_from_the_network(answer: FieldAnswer) -> None:
    """Three troubles with three mends."""
    async with talking(answer) as bot:
        with pytest.raises(TelegramError) as caught:
            await bot.get_updates(timeout=0)
    conflict = answer.expect in ("poller", "webhook")
    assert isinstance(caught.value, Conflict) is conflict
    assert not isinstance(caught.value, InvalidToken)
    if conflict:
        assert ("webhook" in str(caught.value).lower()) is (answer.expect == "webhook")


@pytest.mark.parametrize("answer", asked("editMessageText"), ids=str)
async def test_an_edit_that_cannot_be_made_has_its_meaning(answer: FieldAnswer) -> None:
    """Nothing to change is as good as changed; what cannot be edited is replaced."""
    async with talking(answer) as bot:
        with pytest.raises(TelegramError) as caught:
            await bot.edit_message_text("new", 7, 8)
    assert isinstance(text.result_of(caught.value), {"unchanged": BoardEdited, "replace": BoardLost}[answer.expect])


@pytest.mark.parametrize("answer", asked("pinChatMessage"), ids=str)
async def test_a_pin_that_is_refused_is_a_refusal(answer: FieldAnswer) -> None:
    """And nothing else."""
    async with talking(answer) as bot:
        with pytest.raises(BadRequest):
            await bot.pin_chat_message(7, 8)


def test_no_question_is_forgotten() -> None:
    """Each answer of the catalogue is tried by one of the tests above."""
    tried = {"sendMessage", "getMe", "getUpdates", "editMessageText", "pinChatMessage"}
    assert {answer.to for answer in TELEGRAM} == tried
