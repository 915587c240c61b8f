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

from bot.domain.chats import Chat
from bot.domain.notifications import Delivery
from bot.outbox.batching import Batch, PendingAlert
from bot.outbox.results import Migrated, Rejected, Retry, Sent
from bot.simulator.telegram.service import (
    BOT_BLOCKED,
    CHAT_NOT_FOUND,
    Refusal,
    SimulatedTelegram,
    bad_request,
    server_error,
    too_many_requests,
)
from bot.telegram.client import AiohttpRequest, make_bot
from bot.telegram.sender import LAST_RESORT, NoTopic, TelegramNotifier, Wrong, reason_of, result_of
from bot.telegram.text.layout import Button, Entity, Message
from tests.field.catalogue import TELEGRAM, FieldAnswer
from tests.support.desk import TOKEN, ZONE
from tests.support.fakes import CHAT, NOW, Clock, notification

TOKEN_REFUSED = "Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN"
FORUM = Chat(-100333, 45)
HELLO = Message("🔴 Studio: low", (Entity("bold", 3, 6),), ((Button("Credits", "credits:1"),),), silent=True)


@pytest.fixture
def post(bot: Bot) -> TelegramNotifier:
    """The post under test."""
    return TelegramNotifier(bot, Clock(), ZONE)


async def test_a_message_arrives_as_it_was_made(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """Text, entities, buttons, silence and topic arrive; no link is ever shown in small."""
    assert await post.send(HELLO, Chat(-100333, 45)) == Sent(1)
    (sent,) = telegram.messages
    assert (sent.text, sent.thread_id, sent.silent) == (HELLO.text, 45, True)
    assert sent.entities == [{"type": "bold", "offset": 3, "length": 6}]
    assert sent.buttons == [[("Credits", "credits:1")]]
    assert sent.link_preview == {"is_disabled": True}


@pytest.mark.parametrize(
    ("refusal", "result"),
    [
        (too_many_requests(17), Retry("Telegram asks for a pause", retry_after=17.0)),
        (BOT_BLOCKED, Rejected("Forbidden: bot was blocked by the user")),
        (Refusal(403, "Forbidden: bot was kicked from the supergroup chat"), Rejected),
        (CHAT_NOT_FOUND, Rejected("Chat not found")),
        (bad_request("not enough rights to send text messages to the chat"), Rejected),
        (bad_request("TOPIC_CLOSED"), Rejected("Topic_closed")),
        (Refusal(400, "Logged out"), Rejected("Logged out")),
        (Refusal(401, "Unauthorized"), Rejected(TOKEN_REFUSED)),
        (Refusal(404, "Not Found"), Rejected(TOKEN_REFUSED)),
        (server_error(500, "Internal Server Error"), Retry),
        (server_error(502, page="<html>Bad Gateway</html>"), Retry),
        (too_many_requests(9, with_parameters=False), Retry),
        (Refusal(400, "Bad Request", {"migrate_to_chat_id": -1009}), Migrated(-1009)),
    ],
    ids=lambda value: str(getattr(value, "description", ""))[:40],
)
async def test_each_refusal_means_what_it_means(
    post: TelegramNotifier, telegram: SimulatedTelegram, refusal: Refusal, result: object
) -> None:
    """Each answer of Telegram is delivered, later, moved or rejected, as delivery needs it, after one request only."""
    telegram.fail_send(None, refusal, times=None)
    found = await post.send(HELLO, CHAT)
    assert isinstance(found, result) if isinstance(result, type) else found == result
    assert [method for method, _ in telegram.calls].count("sendMessage") == 1
    assert telegram.messages == []


async def test_what_telegram_finds_wrong_goes_once_more_as_bare_text(
    post: TelegramNotifier, telegram: SimulatedTelegram
) -> None:
    """If entities or buttons are refused, the words still arrive, in the same place and as silently."""
    telegram.fail_send(111, bad_request("can't parse entities"))
    assert isinstance(await post.send(HELLO, CHAT), Sent)
    (sent,) = telegram.messages
    assert (sent.text, sent.entities, sent.buttons, sent.silent) == (HELLO.text, [], [], True)


async def test_what_is_wrong_even_bare_is_said_to_be_there(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """A message that Telegram finds wrong in every form is replaced by words that hold nothing of it."""
    assert isinstance(await post.send(Message("  ", silent=True), CHAT), Sent)
    (sent,) = telegram.messages
    assert (sent.text, sent.silent) == (LAST_RESORT, True)


async def test_a_message_that_is_too_long_goes_in_pieces(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """What Telegram finds too long arrives whole all the same, cut between lines; the first piece names the message."""
    long = Message("\n".join(f"{number} {'x' * 60}" for number in range(90)))
    assert await post.send(long, CHAT) == Sent(1)
    assert len(telegram.messages) == 3
    assert "\n".join(sent.text for sent in telegram.messages) == long.text


async def test_what_telegram_always_finds_wrong_is_tried_again_by_the_schedule(
    post: TelegramNotifier, telegram: SimulatedTelegram
) -> None:
    """An unknown 400 to every form is a refusal like any other, in Telegram's first words."""
    telegram.fail_send(111, bad_request("ODD_NEW_ERROR"), times=None)
    assert await post.send(HELLO, CHAT) == Rejected("Odd_new_error")


@pytest.mark.parametrize("words", ["message thread not found", "TOPIC_CLOSED", "TOPIC_DELETED", "TOPIC_ID_INVALID"])
async def test_a_topic_that_is_refused_is_left_out_and_that_is_said(
    post: TelegramNotifier, telegram: SimulatedTelegram, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The message goes to the group itself, whole, and says where it was meant to go; the log does too."""
    telegram.fail_send(FORUM.chat_id, bad_request(words))
    assert isinstance(await post.send(HELLO, FORUM), Sent)
    (sent,) = telegram.messages
    assert sent.thread_id is None
    assert sent.text.startswith(f"{HELLO.text}\nMeant for topic 45, which takes no messages (")
    assert sent.buttons == [[("Credits", "credits:1")]]
    assert f"Chat {FORUM}: Telegram refuses the topic" in caplog.text


async def test_a_full_message_without_its_topic_loses_no_line(
    post: TelegramNotifier, telegram: SimulatedTelegram
) -> None:
    """Where no line fits below it, the note about the topic follows, silently."""
    telegram.fail_send(FORUM.chat_id, bad_request("TOPIC_CLOSED"))
    assert await post.send(Message("x" * 4096), FORUM) == Sent(1)
    full, note = telegram.messages
    assert (full.text, note.silent) == ("x" * 4096, True)
    assert note.text.startswith("Meant for topic 45")


async def test_a_group_that_refuses_after_its_topic_refuses(
    post: TelegramNotifier, telegram: SimulatedTelegram
) -> None:
    """Where the group itself takes nothing either, it is what refuses."""
    telegram.fail_send(FORUM.chat_id, bad_request("TOPIC_CLOSED"), times=None)
    assert await post.send(HELLO, FORUM) == Rejected("Topic_closed")


async def test_topic_and_message_may_both_be_wrong(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """Each is mended: bare words in the group, with the topic that was meant."""
    telegram.fail_send(FORUM.chat_id, bad_request("message thread not found"))
    telegram.fail_send(FORUM.chat_id, bad_request("can't parse entities"))
    telegram.fail_send(FORUM.chat_id, bad_request("message thread not found"))
    assert isinstance(await post.send(HELLO, FORUM), Sent)
    (sent,) = telegram.messages
    assert (sent.entities, sent.buttons, sent.thread_id) == ([], [], None)
    assert "Meant for topic 45" in sent.text


async def test_the_topic_general_is_the_group_itself(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """Telegram refuses the id of General: nothing names it."""
    assert isinstance(await post.send(HELLO, Chat(FORUM.chat_id, 1)), Sent)
    (sent,) = telegram.messages
    assert (sent.text, sent.thread_id) == (HELLO.text, None)


async def test_the_second_try_may_meet_something_else(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """What the bare text meets is what counts."""
    telegram.fail_send(111, bad_request("BUTTON_DATA_INVALID"))
    telegram.fail_send(111, too_many_requests(5))
    assert await post.send(HELLO, CHAT) == Retry("Telegram asks for a pause", retry_after=5.0)


async def test_a_lost_answer_is_tried_again(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """A connection that ends without an answer may have delivered: later, and the text holds no address."""
    telegram.lose_answers()
    result = await post.send(HELLO, CHAT)
    assert isinstance(result, Retry)
    assert TOKEN not in result.failure
    assert "127.0.0.1" not in result.failure
    assert len(telegram.messages) == 1


async def test_no_telegram_at_all_is_later(post: TelegramNotifier, telegram: SimulatedTelegram) -> None:
    """A host that refuses connections is later, in words and without the token."""
    await telegram.stop()
    result = await post.send(HELLO, CHAT)
    assert isinstance(result, Retry)
    assert result.failure.startswith("Telegram cannot be reached: ")
    assert TOKEN not in result.failure


async def test_a_hanging_telegram_is_given_up(telegram: SimulatedTelegram) -> None:
    """An answer that never comes ends in words after the read timeout."""
    telegram.hang()
    hasty = Bot(TOKEN, base_url=f"{telegram.url}/bot", request=AiohttpRequest(1, read_timeout=0.05))
    async with asyncio.timeout(10), hasty:
        assert await TelegramNotifier(hasty, Clock(), ZONE).send(HELLO, CHAT) == Retry(
            "Telegram did not answer in time"
        )


async def test_a_proxy_that_answers_nonsense_is_later(telegram: SimulatedTelegram, post: TelegramNotifier) -> None:
    """A page in place of JSON, with status 200, is no delivery."""
    telegram.fail_send(None, Refusal(200, "OK", page="<html>Please log in to the hotel's network</html>"))
    assert isinstance(await post.send(HELLO, CHAT), Retry)


FIELD = [answer for answer in TELEGRAM if answer.to == "sendMessage"]
MEANT = {
    "taken": Sent,
    "refused": Rejected,
    "plain": Wrong,
    "no_thread": NoTopic,
    "wait": Retry,
    "moved": Migrated,
    "network": Retry,
}


@pytest.mark.parametrize("answer", FIELD, ids=str)
async def test_each_answer_seen_in_the_field_means_what_it_means(
    bot: Bot, telegram: SimulatedTelegram, answer: FieldAnswer
) -> None:
    """Every answer that Telegram, or something in between, was ever seen to give to a message."""
    telegram.between = Refusal(answer.status, "", page=answer.body, headers=answer.headers)
    result = await TelegramNotifier(bot, Clock(), ZONE)._send_piece(HELLO, FORUM)
    assert isinstance(result, MEANT[answer.expect])
    if isinstance(result, Retry):
        assert result.retry_after == answer.seconds
    if isinstance(result, Migrated):
        assert result.chat_id == answer.chat
    if isinstance(result, Rejected):
        assert result.failure.lower() in answer.body.decode().lower()


def test_the_table_of_the_field_is_wide() -> None:
    """Fewer than thirty answers to a message would be our own assumptions again."""
    assert len(FIELD) >= 30
    assert {answer.expect for answer in FIELD} == MEANT.keys()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RetryAfter(3), Retry),
        (ChatMigrated(-5), Migrated),
        (Forbidden("blocked"), Rejected),
        (BadRequest("odd"), Wrong),
        (BadRequest("Chat not found"), Rejected),
        (TimedOut(), Retry),
        (NetworkError("no"), Retry),
        (InvalidToken(), Rejected),
        (Conflict("other"), Retry),
        (TelegramError("new kind"), Retry),
    ],
)
def test_every_error_of_the_library_is_a_result(error: TelegramError, kind: type) -> None:
    """Each class of error is told apart, though BadRequest and TimedOut are network errors too; unknown ones too."""
    assert isinstance(result_of(error), kind)


def test_reasons_are_one_short_line() -> None:
    """Telegram's words are kept on one line and not too many."""
    result = result_of(NetworkError("a\n b " + "x" * 500))
    assert isinstance(result, Retry)
    assert "\n" not in result.failure
    assert len(result.failure) < 250


@pytest.mark.parametrize("words", ["", "  ", "\ud800"], ids=["none", "blank", "half"])
def test_a_refusal_without_words_has_a_reason_that_can_be_stored(words: str) -> None:
    """An empty description, or one of half a character, is told as such and fails no database."""
    assert reason_of(BadRequest(words)) == "no reason given"


def test_a_parcel_is_written_as_far_as_it_fits(post: TelegramNotifier) -> None:
    """Five hundred accounts in one parcel: what is written is what the message names, and fits Telegram's limit."""
    told = [Delivery(number, CHAT, notification(f"n{number}", f"u{number}@example.com"), NOW) for number in range(500)]
    part, message = post.write(Batch(tuple(PendingAlert((one,)) for one in told)))
    assert 1 < len(part.stories) < 500
    assert len(message.text.encode("utf-16-le")) // 2 <= 4096


def test_the_client_talks_to_the_address_of_the_settings() -> None:
    """TELEGRAM_API_URL is where every request goes."""
    made = make_bot(TOKEN, "http://127.0.0.1:9")
    assert made.base_url == f"http://127.0.0.1:9/bot{TOKEN}"
    assert made.base_file_url == f"http://127.0.0.1:9/file/bot{TOKEN}"
