"""The author of a message, and its topic."""

from dataclasses import dataclass

from telegram import Message

from bot.domain.chats import GENERAL


@dataclass(frozen=True, slots=True)
class User:
    """A person in a chat. ``anonymous`` is an administrator who writes as the group itself."""

    user_id: int | None
    name: str
    anonymous: bool = False


def author_of(message: Message) -> User:
    if message.sender_chat is not None:
        same = message.sender_chat.id == message.chat.id
        return User(None, message.sender_chat.effective_name or "somebody", anonymous=same)
    user = message.from_user
    return User(user.id, user.full_name) if user else User(None, "somebody")


def thread_of(message: Message) -> int | None:
    """The topic of a message; None for General, and for a mere reply, whose thread is no topic."""
    return message.message_thread_id if message.is_topic_message and message.message_thread_id != GENERAL else None
