"""One send: a message of ours to Telegram, and Telegram's answer as delivered, later, moved or never."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

os.environ.setdefault(
    "PTB_TIMEDELTA", "true"
)  # before RetryAfter is made: it then tells a timedelta, without a warning

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

from bot.chat.calls import UnreadableAnswer, answered
from bot.chat.clean import clean
from bot.chat.messages import render
from bot.chat.text import Buttons, Entity, Message
from bot.core.delivery import Delivered, Later, Moved, Never, Parcel, SendResult
from bot.core.model import Chat
from bot.core.rhythm import QuietHours
from bot.redaction import redact

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

GONE_FOR_GOOD = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "bot was kicked",
    "bot is not a member",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
    "topic_closed",
    "topic_deleted",
    "message thread not found",
    "user is deactivated",
)
"""Parts of Telegram's descriptions of a 400 that no second try will change; compared in small letters."""


class TelegramPost:
    """Puts parcels into words and sends them to chats."""

    def __init__(
        self, bot: Bot, clock: Callable[[], datetime], zone: ZoneInfo, quiet: QuietHours | None = None
    ) -> None:
        """``zone`` is what people read times in; in ``quiet`` hours warnings make no sound."""
        self._bot = bot
        self._clock = clock
        self._zone = zone
        self._quiet = quiet

    def write(self, parcel: Parcel) -> tuple[Parcel, Message]:
        """As much of a parcel as one message holds, and that message."""
        rendered = render(parcel, self._clock(), self._zone, self._quiet)
        return parcel.first(rendered.told), rendered.message

    async def send(self, message: Message, chat: Chat) -> SendResult:
        """Sends a message; one that Telegram finds wrong goes once more as bare text, for the words matter most."""
        try:
            return Delivered(await post(self._bot, message, chat))
        except BadRequest as error:
            result = result_of(error)
            if not isinstance(result, Later):
                return result
        except TelegramError as error:
            return result_of(error)
        try:
            return Delivered(await post(self._bot, replace(message, entities=(), buttons=()), chat))
        except TelegramError as error:
            return result_of(error)


async def post(bot: Bot, message: Message, chat: Chat, reply_to: int | None = None) -> int:
    """Sends a message to a chat and gives its id there. Raises Telegram's errors."""
    sent = await answered(
        bot.send_message(
            chat.chat_id,
            message.text,
            entities=entities_of(message.entities),
            reply_markup=markup_of(message.buttons),
            disable_notification=message.silent,
            message_thread_id=chat.thread_id,
            link_preview_options=NO_PREVIEW,
            reply_to_message_id=reply_to,
            allow_sending_without_reply=True if reply_to else None,
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
            message_thread_id=chat.thread_id,
            filename="history.png",
        )
    )


def result_of(error: TelegramError) -> SendResult:
    """What an error of Telegram means for delivery. BadRequest and TimedOut are network errors too, so they come first.

    A lost answer and a timeout may mean that the message arrived: at least once, so it is sent again.
    """
    match error:
        case RetryAfter():
            return Later("Telegram asks for a pause", retry_after=seconds_of(error))
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden():
            return Never(reason_of(error))
        case BadRequest():
            reason = reason_of(error)
            final = any(words in reason.lower() for words in GONE_FOR_GOOD)
            return Never(reason) if final else Later(reason, refused=True)
        case InvalidToken():
            return Later("Telegram refuses the bot token: put a valid one into TELEGRAM_BOT_TOKEN")
        case TimedOut():
            return Later("Telegram did not answer in time")
        case NetworkError():
            return Later(f"Telegram cannot be reached: {reason_of(error)}")
        case _:  # an answer that cannot be read may come each time, and so would the message: it counts as a wrong one
            return Later(reason_of(error), refused=isinstance(error, UnreadableAnswer))


def seconds_of(error: RetryAfter) -> float:
    """The pause that Telegram asks for."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()


def reason_of(error: TelegramError) -> str:
    """Telegram's words: one line, not too long, fit to be stored; of an answer that is not Telegram's, no word."""
    words = error.message.partition(". Parsing the server response")[0]
    return clean(redact(words, ()), 200, empty="no reason given")


def entities_of(entities: Iterable[Entity]) -> list[MessageEntity]:
    """Our entities as Telegram's."""
    return [MessageEntity(entity.kind, entity.offset, entity.length) for entity in entities]


def markup_of(buttons: Buttons) -> InlineKeyboardMarkup | None:
    """Our buttons as Telegram's."""
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(button.label, callback_data=button.data) for button in row] for row in buttons]
    )
