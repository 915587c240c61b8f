"""One send: what Telegram answers, and what that means for delivery."""

import asyncio

import pytest
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat.request import AiohttpRequest
from bot.chat.sender import GONE_FOR_GOOD, TelegramPost, reason_of, result_of
from bot.chat.service import make_bot
from bot.chat.text import Button, Entity, Message
from bot.core.delivery import Delivered, Later, Moved, Never, Parcel, Story
from bot.core.model import Chat, Notification
from bot.demo.telegram import (
    BOT_BLOCKED,
    CHAT_NOT_FOUND,
    Refusal,
    SimulatedTelegram,
    bad_request,
    server_error,
    too_many_requests,
)
from tests.chat_live.desk import TOKEN, ZONE
from tests.fakes import CHAT, NOW, Clock, notice

HELLO = Message("🔴 Studio: low", (Entity("bold", 3, 6),), ((Button("Credits", "credits:1"),),), silent=True)


@pytest.fixture
def post(bot: Bot) -> TelegramPost:
    """The post under test."""
    return TelegramPost(bot, Clock(), ZONE)


async def test_a_message_arrives_as_it_was_made(post: TelegramPost, telegram: SimulatedTelegram) -> None:
    """Text, entities, buttons, silence and topic arrive; no link is ever shown in small."""
    assert await post.send(HELLO, Chat(-100333, 45)) == Delivered(1)
    (sent,) = telegram.messages
    assert (sent.text, sent.thread_id, sent.silent) == (HELLO.text, 45, True)
    assert sent.entities == [{"type": "bold", "offset": 3, "length": 6}]
    assert sent.buttons == [[("Credits", "credits:1")]]
    assert sent.link_preview == {"is_disabled": True}


@pytest.mark.parametrize(
    ("refusal", "result"),
    [
        (too_many_requests(17), Later("Telegram asks for a pause", retry_after=17.0)),
        (BOT_BLOCKED, Never("Forbidden: bot was blocked by the user")),
        (Refusal(403, "Forbidden: bot was kicked from the supergroup chat"), Never),
        (CHAT_NOT_FOUND, Never("Chat not found")),
        (bad_request("not enough rights to send text messages to the chat"), Never),
        (bad_request("message thread not found"), Never),
        (bad_request("TOPIC_CLOSED"), Never),
        (
            Refusal(401, "Unauthorized"),
            Later("Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN"),
        ),
        (Refusal(404, "Not Found"), Later("Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN")),
        (server_error(500, "Internal Server Error"), Later),
        (server_error(502, page="<html>Bad Gateway</html>"), Later),
        (too_many_requests(9, with_parameters=False), Later),
        (Refusal(400, "Bad Request", {"migrate_to_chat_id": -1009}), Moved(-1009)),
    ],
    ids=lambda value: str(getattr(value, "description", ""))[:40],
)
async def test_each_refusal_means_what_it_means(
    post: TelegramPost, telegram: SimulatedTelegram, refusal: Refusal, result: object
) -> None:
    """Each answer of Telegram is delivered, later, moved or never, as delivery needs it, after one request only."""
    telegram.fail_send(None, refusal, times=None)
    found = await post.send(HELLO, CHAT)
    assert isinstance(found, result) if isinstance(result, type) else found == result
    assert not (isinstance(found, Later) and found.refused)
    assert [method for method, _ in telegram.calls].count("sendMessage") == 1
    assert telegram.messages == []


async def test_what_telegram_finds_wrong_goes_once_more_as_bare_text(
    post: TelegramPost, telegram: SimulatedTelegram
) -> None:
    """If entities or buttons are refused, the words still arrive, in the same place and as silently."""
    telegram.fail_send(111, bad_request("can't parse entities"))
    assert isinstance(await post.send(HELLO, CHAT), Delivered)
    (sent,) = telegram.messages
    assert (sent.text, sent.entities, sent.buttons, sent.silent) == (HELLO.text, [], [], True)


async def test_what_is_wrong_even_bare_is_refused(post: TelegramPost, telegram: SimulatedTelegram) -> None:
    """A message that Telegram refuses both ways is told as refused, so that it will not hold up the others for ever."""
    result = await post.send(Message("  "), CHAT)
    assert result == Later("Message text is empty", refused=True)


async def test_the_second_try_may_meet_something_else(post: TelegramPost, telegram: SimulatedTelegram) -> None:
    """What the bare text meets is what counts."""
    telegram.fail_send(111, bad_request("BUTTON_DATA_INVALID"))
    telegram.fail_send(111, too_many_requests(5))
    assert await post.send(HELLO, CHAT) == Later("Telegram asks for a pause", retry_after=5.0)


async def test_a_lost_answer_is_tried_again(post: TelegramPost, telegram: SimulatedTelegram) -> None:
    """A connection that ends without an answer may have delivered: later, and the text holds no address."""
    telegram.lose_answers()
    result = await post.send(HELLO, CHAT)
    assert isinstance(result, Later)
    assert TOKEN not in result.failure
    assert "127.0.0.1" not in result.failure
    assert len(telegram.messages) == 1


async def test_no_telegram_at_all_is_later(post: TelegramPost, telegram: SimulatedTelegram) -> None:
    """A host that refuses connections is later, in words and without the token."""
    await telegram.stop()
    result = await post.send(HELLO, CHAT)
    assert isinstance(result, Later)
    assert result.failure.startswith("Telegram cannot be reached: ")
    assert TOKEN not in result.failure


async def test_a_hanging_telegram_is_given_up(telegram: SimulatedTelegram) -> None:
    """An answer that never comes ends in words after the read timeout."""
    telegram.hang()
    hasty = Bot(TOKEN, base_url=f"{telegram.url}/bot", request=AiohttpRequest(1, read_timeout=0.05))
    async with asyncio.timeout(10), hasty:
        assert await TelegramPost(hasty, Clock(), ZONE).send(HELLO, CHAT) == Later("Telegram did not answer in time")


async def test_a_proxy_that_answers_nonsense_is_later(telegram: SimulatedTelegram, post: TelegramPost) -> None:
    """A page in place of JSON, with status 200, is no delivery."""
    telegram.fail_send(None, Refusal(200, "OK", page="<html>Please log in to the hotel's network</html>"))
    assert isinstance(await post.send(HELLO, CHAT), Later)


@pytest.mark.parametrize("words", GONE_FOR_GOOD)
def test_a_400_that_no_try_will_change_is_final(words: str) -> None:
    """Each of Telegram's ways to say that a chat is gone is final, in any case."""
    assert isinstance(result_of(BadRequest(f"Bad Request: {words.upper()}")), Never)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RetryAfter(3), Later),
        (ChatMigrated(-5), Moved),
        (Forbidden("blocked"), Never),
        (BadRequest("odd"), Later),
        (TimedOut(), Later),
        (NetworkError("no"), Later),
        (InvalidToken(), Later),
        (Conflict("other"), Later),
        (TelegramError("new kind"), Later),
    ],
)
def test_every_error_of_the_library_is_a_result(error: TelegramError, kind: type) -> None:
    """Each class of error is told apart, though BadRequest and TimedOut are network errors too; unknown ones too."""
    assert isinstance(result_of(error), kind)
    assert result_of(BadRequest("odd")) == Later("odd", refused=True)


def test_reasons_are_one_short_line() -> None:
    """Telegram's words are kept on one line and not too many."""
    result = result_of(NetworkError("a\n b " + "x" * 500))
    assert isinstance(result, Later)
    assert "\n" not in result.failure
    assert len(result.failure) < 250


@pytest.mark.parametrize("words", ["", "  ", "\ud800"], ids=["none", "blank", "half"])
def test_a_refusal_without_words_has_a_reason_that_can_be_stored(words: str) -> None:
    """An empty description, or one of half a character, is told as such and fails no database."""
    assert reason_of(BadRequest(words)) == "no reason given"


def test_a_parcel_is_written_as_far_as_it_fits(post: TelegramPost) -> None:
    """Five hundred accounts in one parcel: what is written is what the message names, and fits Telegram's limit."""
    told = [Notification(number, CHAT, notice(f"n{number}", f"u{number}@example.com"), NOW) for number in range(500)]
    part, message = post.write(Parcel(tuple(Story((one,)) for one in told)))
    assert 1 < len(part.stories) < 500
    assert len(message.text.encode("utf-16-le")) // 2 <= 4096


def test_the_client_talks_to_the_address_of_the_settings() -> None:
    """TELEGRAM_API_URL is where every request goes."""
    made = make_bot(TOKEN, "http://127.0.0.1:9")
    assert made.base_url == f"http://127.0.0.1:9/bot{TOKEN}"
    assert made.base_file_url == f"http://127.0.0.1:9/file/bot{TOKEN}"
