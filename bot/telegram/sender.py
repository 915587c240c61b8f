"""One send: a message to Telegram, and its answer as Sent, Retry, Migrated or Rejected."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

os.environ.setdefault("PTB_TIMEDELTA", "true")  # before RetryAfter exists: it then holds a timedelta, without a warning

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.domain.chats import GENERAL, Chat
from bot.domain.quiet_hours import QuietHours
from bot.outbox.batching import Batch
from bot.outbox.results import Migrated, Rejected, Retry, SendResult, Sent
from bot.support.redaction import redact
from bot.telegram.calls import UnreadableAnswerError, answered
from bot.telegram.text.layout import LONGEST_MESSAGE, Button, Buttons, Entity, Message, pieces_of
from bot.telegram.text.messages import render
from bot.telegram.text.sanitize import clean, utf16_len

log = logging.getLogger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

OF_THE_TOPIC = ("thread", "topic", "forum")
OF_THE_CHAT = (
    "chat not found",
    "user not found",
    "peer id invalid",
    "deactivated",
    "kicked",
    "not a member",
    "rights",
    "forbidden",
    "restricted",
    "upgraded",
    "blocked",
    "payment required",
    "logged out",
    "frozen",
)
"""Parts of Telegram's descriptions of a 400 that concern the chat, in lower case and without underscores.

Any other concerns the topic or the message, which then goes again in a plainer form.
"""

SAFE_PIECE = 2000
"""UTF-16 units that Telegram takes for sure, where it rejects a message within its own limit as too long."""

LAST_RESORT = (
    "🟠 A message for this chat could not be shown: Telegram finds it wrong. "
    "/alerts shows what is firing, /credits the numbers."
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Telegram rejects the message itself."""

    failure: str


@dataclass(frozen=True, slots=True)
class NoTopic:
    """Telegram does not find the topic, or it is closed."""

    failure: str


class TelegramNotifier:
    """Writes batches as messages and sends them to chats."""

    def __init__(
        self, bot: Bot, clock: Callable[[], datetime], zone: ZoneInfo, quiet: QuietHours | None = None
    ) -> None:
        """``zone`` is that of the times in messages; in ``quiet`` hours warnings make no sound."""
        self._bot = bot
        self._clock = clock
        self._zone = zone
        self._quiet = quiet

    def write(self, batch: Batch) -> tuple[Batch, Message]:
        """The part of a batch that one message holds, and that message."""
        rendered = render(batch, self._clock(), self._zone, self._quiet)
        return batch.first(rendered.told), replace(rendered.message, answers=batch.answers)

    async def send(self, message: Message, chat: Chat) -> SendResult:
        """Sends a message, in ever plainer forms where Telegram rejects it, because the words matter most."""
        wrong = ""
        for form in forms_of(message):
            result = await self._send_form(form, chat)
            if not isinstance(result, Wrong):
                return result
            log.warning("Chat %s: Telegram finds a message wrong (%s); it goes again, plainer", chat, result.failure)
            wrong = wrong or result.failure
        return Rejected(wrong)

    async def _send_form(self, form: Sequence[Message], chat: Chat) -> SendResult | Wrong:
        """Sends the pieces of a message; the id is that of the first. Retries without a topic that is refused."""
        pieces, first = list(form), None
        while pieces:
            result = await self._send_piece(pieces[0], chat)
            if isinstance(result, NoTopic):
                log.warning("Chat %s: Telegram refuses the topic (%s); sent without it", chat, result.failure)
                pieces[:1] = with_line(pieces[0], without_topic(chat, result.failure))
                chat = Chat(chat.chat_id)
            elif isinstance(result, Sent):
                first = first or result
                del pieces[0]
            else:
                return result
        return first or Wrong("the message is empty")

    async def _send_piece(self, message: Message, chat: Chat) -> SendResult | Wrong | NoTopic:
        """One request, and what its answer means."""
        try:
            return Sent(await post(self._bot, message, chat))
        except UnreadableAnswerError as error:
            log.warning("Chat %s: Telegram took a message, and its answer cannot be read", chat, exc_info=error)
            return Sent(None)
        except TelegramError as error:
            return result_of(error, in_topic=chat.thread_id is not None)


def forms_of(message: Message) -> Iterator[Sequence[Message]]:
    """The message as it is; without entities and buttons; in short pieces; and a fixed text that cannot be wrong."""
    yield (message,)
    bare = replace(message, entities=(), buttons=(), answers=None)
    yield (bare,)
    if utf16_len(message.text) > SAFE_PIECE:
        yield [replace(bare, text=piece) for piece in pieces_of(message.text, SAFE_PIECE)]
    yield (replace(bare, text=LAST_RESORT),)


def with_line(message: Message, line: str) -> list[Message]:
    """The message with one more line, which is a message of its own if the first is full."""
    if utf16_len(message.text) + 1 + utf16_len(line) > LONGEST_MESSAGE:
        return [message, Message(line, silent=True)]
    return [replace(message, text=f"{message.text}\n{line}")]


def without_topic(chat: Chat, reason: str) -> str:
    """The line below a message that was meant for a topic."""
    return f"Meant for topic {chat.thread_id}, which takes no messages ({reason})."


async def post(bot: Bot, message: Message, chat: Chat) -> int:
    """Sends a message to a chat and returns its id there. Raises Telegram's errors.

    If the message that it replies to was deleted, it stands alone.
    """
    sent = await answered(
        bot.send_message(
            chat.chat_id,
            message.text,
            entities=entities_of(message.entities),
            reply_markup=markup_of(message.buttons),
            disable_notification=message.silent,
            message_thread_id=topic_of(chat),
            link_preview_options=NO_PREVIEW,
            reply_to_message_id=message.answers,
            allow_sending_without_reply=True if message.answers else None,
        )
    )
    return sent.message_id


async def post_picture(bot: Bot, picture: bytes, caption: Message, chat: Chat) -> None:
    """Sends a picture with its caption to a chat. Raises Telegram's errors."""
    await answered(
        bot.send_photo(
            chat.chat_id,
            picture,
            caption=caption.text,
            caption_entities=entities_of(caption.entities),
            reply_markup=markup_of(caption.buttons),
            disable_notification=caption.silent,
            message_thread_id=topic_of(chat),
            filename="history.png",
        )
    )


def topic_of(chat: Chat) -> int | None:
    """The topic to send to Telegram; None for General."""
    return None if chat.thread_id == GENERAL else chat.thread_id


def result_of(error: TelegramError, *, in_topic: bool = False) -> SendResult | Wrong | NoTopic:
    """The meaning of a Telegram error for delivery. BadRequest and TimedOut are network errors too, so they come first.

    After a lost answer or a timeout the message can have arrived: at least once, so it is sent again.
    """
    match error:
        case RetryAfter():
            return Retry("Telegram asks for a pause", retry_after=seconds_of(error))
        case ChatMigrated():
            return Migrated(error.new_chat_id)
        case Forbidden():
            return Rejected(reason_of(error))
        case BadRequest():
            return bad_request(reason_of(error), in_topic=in_topic)
        case InvalidToken():
            return Rejected("Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN")
        case TimedOut():
            return Retry("Telegram did not answer in time")
        case NetworkError():
            return Retry(f"Telegram cannot be reached: {reason_of(error)}")
        case _:
            return Retry(reason_of(error))


def bad_request(reason: str, *, in_topic: bool) -> Rejected | Wrong | NoTopic:
    """The subject of a 400: the topic, the chat, or the message."""
    words = reason.lower().replace("_", " ")
    if any(part in words for part in OF_THE_TOPIC):
        return NoTopic(reason) if in_topic else Rejected(reason)
    return Rejected(reason) if is_of_chat(reason) else Wrong(reason)


def is_of_chat(reason: str) -> bool:
    """True if a 400 concerns the chat or its topic, and not the message."""
    words = reason.lower().replace("_", " ")
    return any(part in words for part in (*OF_THE_TOPIC, *OF_THE_CHAT))


def seconds_of(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()


def reason_of(error: TelegramError) -> str:
    """Telegram's text, redacted, at most 200 characters on one line; a fixed text if the answer is not Telegram's."""
    words = error.message.partition(". Parsing the server response")[0]
    return clean(redact(words, ()), 200, empty="no reason given")


def entities_of(entities: Iterable[Entity]) -> list[MessageEntity]:
    return [MessageEntity(entity.kind, entity.offset, entity.length) for entity in entities]


def markup_of(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup([[key_of(button) for button in row] for row in buttons])


def key_of(button: Button) -> InlineKeyboardButton:
    if button.opens:
        return InlineKeyboardButton(button.label, url=button.data)
    return InlineKeyboardButton(button.label, callback_data=button.data)
