"""The state of the simulated Telegram: its bot, its chats and people, and the updates that wait for the bot."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.simulator.server import Bell
from bot.simulator.telegram.model import (
    BOT_BLOCKED,
    BOT_KICKED,
    CHAT_NOT_FOUND,
    Json,
    RefusedError,
    SimulatedChat,
    SimulatedMessage,
    migrated,
)
from bot.simulator.telegram.rules import Pace
from bot.simulator.telegram.transcript import Transcript
from bot.simulator.telegram.updates import UpdateQueue


@dataclass(frozen=True)
class CallbackAnswer:
    """The notice for a person who tapped a button."""

    query_id: str
    text: str
    show_alert: bool


@dataclass
class World:
    """The state all calls and all people share."""

    me: Json
    """The bot's own user."""
    clock: Callable[[], datetime]
    pace: Pace | None
    """None: no limits."""
    bell: Bell
    chats: dict[int, SimulatedChat] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    """From the id of a group that was upgraded to the id of its supergroup."""
    names: dict[int, str] = field(default_factory=dict)
    """First names of people; the others are called after their id."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """By file id."""
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    """The command menus, by scope (its JSON, keys sorted) and language."""
    webhook: str = ""
    """The address that gets the updates in place of getUpdates; empty if none is set."""
    webhook_returns: bool = False
    """The program that set the webhook sets it again whenever it is deleted."""
    open_queries: set[str] = field(default_factory=set)
    callback_answers: list[CallbackAnswer] = field(default_factory=list)
    transcript: Transcript = field(init=False)
    updates: UpdateQueue = field(init=False)
    _queries: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.transcript = Transcript(self.bell)
        self.updates = UpdateQueue(self.bell)

    def chat(self, chat_id: int | None) -> SimulatedChat:
        """Return a chat the bot knows, or refuse as Telegram does: moved, or not found."""
        if chat_id in self.moved:
            raise RefusedError(migrated(self.moved[chat_id]))
        chat = None if chat_id is None else self.chats.get(chat_id)
        if chat is None:
            raise RefusedError(CHAT_NOT_FOUND)
        return chat

    def open_chat(self, chat_id: int | None) -> SimulatedChat:
        """Return a chat that the bot can write to, or refuse."""
        chat = self.chat(chat_id)
        if chat.blocked:
            raise RefusedError(BOT_BLOCKED if chat.type == "private" else BOT_KICKED)
        return chat

    def user(self, user_id: int) -> Json:
        """Describe a person, or the bot itself."""
        if user_id == self.me["id"]:
            return {key: self.me[key] for key in ("id", "is_bot", "first_name", "username")}
        return {"id": user_id, "is_bot": False, "first_name": self.names.get(user_id, f"User {user_id}")}

    def head(self, chat: SimulatedChat, message_id: int, thread_id: int | None) -> Json:
        """Begin a message: where and when."""
        head = {"message_id": message_id, "date": int(self.clock().timestamp()), "chat": chat.to_json()}
        if thread_id is None:
            return head
        return head | {"message_thread_id": thread_id, "is_topic_message": True}

    def open_query(self) -> str:
        """Begin a callback query, to be answered once; returns its id."""
        self._queries += 1
        query_id = f"query-{self._queries}"
        self.open_queries.add(query_id)
        return query_id

    def message_json(self, message: SimulatedMessage) -> Json:
        """Describe a message of the bot as it stands now."""
        body = self.head(self.chats[message.chat_id], message.message_id, message.thread_id)
        body |= {"date": int(message.at.timestamp()), "from": self.user(self.me["id"])}
        body |= self._content(message)
        if message.edits:
            body["edit_date"] = int(message.edits[-1].at.timestamp())
        if message.buttons:
            body["reply_markup"] = {"inline_keyboard": [list(map(_button_json, row)) for row in message.buttons]}
        return body

    def _content(self, message: SimulatedMessage) -> Json:
        if message.photo is None:
            return {"text": message.text, "entities": message.entities}
        content: Json = {"photo": [self._photo_json(message.photo)]}
        if message.text:
            content |= {"caption": message.text, "caption_entities": message.entities}
        return content

    def _photo_json(self, photo: bytes) -> Json:
        file_id = next(file_id for file_id, content in self.pictures.items() if content == photo)
        size = {"width": 1280, "height": 720, "file_size": len(photo)}
        return {"file_id": file_id, "file_unique_id": f"unique-{file_id}"} | size

    def new_message(self, chat: SimulatedChat, text: str, **content: Any) -> SimulatedMessage:
        """Accept a message of the bot."""
        message = SimulatedMessage(
            chat_id=chat.id,
            message_id=self.transcript.next_id(chat.id),
            text=text,
            at=self.clock(),
            accepted=time.monotonic(),
            **content,
        )
        self.transcript.add(message)
        return message


def _button_json(button: tuple[str, str]) -> Json:
    label, target = button
    kind = "url" if target.startswith(("https://", "http://", "tg://")) else "callback_data"
    return {"text": label, kind: target}
