"""Telegram's updates, parsed one by one: an unreadable one is known by its number, and hides no other."""

from collections.abc import Sequence
from typing import Any, TypeGuard

from telegram import Bot, CallbackQuery, Chat, Message, Update, User
from telegram.constants import ChatMemberStatus

from bot.telegram.authors import author_of

LARGEST_ID = 2**63 - 1
"""The largest id of a chat, a message or an update that the database can hold."""


class UnreadableUpdateError(Exception):
    """An update is unreadable. Its text and cause are dropped, because both hold what a person wrote."""


def numbered(answer: Sequence[Any]) -> list[tuple[int, Any]]:
    """The updates of an answer by their numbers, in order. Updates without a number are dropped."""
    known = [(number, raw) for raw in answer if (number := number_of(raw)) is not None]
    return sorted(known, key=lambda pair: pair[0])


def number_of(raw: object) -> int | None:
    """The number that confirms an update; None where it has none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if is_id(number) and number > 0 else None


def read_update(raw: Any, bot: Bot) -> Update:
    """An update with the fields that the bot reads. Raises UnreadableUpdateError for any other."""
    try:
        update = Update.de_json(raw, bot)
        query = update.callback_query
        if update.message is not None:
            check_message(update.message)
        if query is not None:
            check_query(query)
        if update.my_chat_member is not None:
            check_chat(update.my_chat_member.chat)
    except Exception:  # noqa: BLE001 - the library raises whatever an unknown shape leads to
        raise UnreadableUpdateError from None
    return update


def alive_chat(update: Update) -> int | None:
    """The chat in which an update shows that the bot is present, whoever wrote it; None if it shows none."""
    if update.message is not None:
        return update.message.chat.id
    if update.callback_query is not None and update.callback_query.message is not None:
        return update.callback_query.message.chat.id
    change = update.my_chat_member
    gone = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
    return change.chat.id if change is not None and change.new_chat_member.status not in gone else None


def check_query(query: CallbackQuery) -> None:
    """Raises TypeError where a tap is not what the library promises."""
    expect(all(isinstance(text, str | None) for text in (query.id, query.data)))
    check_user(query.from_user)
    if isinstance(query.message, Message):
        check_message(query.message)
    elif query.message is not None:
        check_chat(query.message.chat)


def check_message(message: Message) -> None:
    """Raises TypeError where a message is not what the library promises: it accepts any value for any field."""
    check_chat(message.chat)
    expect(is_id(message.message_id))
    expect(isinstance(message.text, str | None))
    expect(all(number is None or is_id(number) for number in (message.message_thread_id, message.migrate_to_chat_id)))
    if message.from_user is not None:
        check_user(message.from_user)
    if message.sender_chat is not None:
        check_chat(message.sender_chat)
    expect(isinstance(author_of(message).name, str))


def check_chat(chat: Chat) -> None:
    """Raises TypeError where a chat is not what the library promises."""
    expect(is_id(chat.id) and isinstance(chat.type, str))


def check_user(user: User) -> None:
    """Raises TypeError where a user is not what the library promises."""
    expect(is_id(user.id) and isinstance(user.first_name, str))


def is_id(number: object) -> TypeGuard[int]:
    return isinstance(number, int) and not isinstance(number, bool) and abs(number) <= LARGEST_ID


def expect(holds: bool) -> None:
    """Raises TypeError if ``holds`` is False."""
    if not holds:
        raise TypeError
