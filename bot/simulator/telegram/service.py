"""A simulated Telegram: the Bot API over real HTTP, people who write and tap, and faults on demand.

A bot reaches it with `base_url=f"{simulator.url}/bot"`. Groups show the bot every message, as with privacy mode off.
"""

import re
from collections.abc import Callable

from bot.simulator.telegram.model import (
    ANONYMOUS_ADMIN,
    BOT_BLOCKED,
    CHAT_NOT_FOUND,
    FIREWALL,
    PORTAL,
    Json,
    Refusal,
    SimulatedChat,
    SimulatedMessage,
    bad_request,
    server_error,
    too_many_requests,
)
from bot.simulator.telegram.server import TelegramServer
from bot.simulator.telegram.transcript import Watcher
from bot.simulator.telegram.world import CallbackAnswer

__all__ = [
    "BOT_BLOCKED",
    "CHAT_NOT_FOUND",
    "FIREWALL",
    "PORTAL",
    "CallbackAnswer",
    "Refusal",
    "SimulatedChat",
    "SimulatedMessage",
    "SimulatedTelegram",
    "bad_request",
    "server_error",
    "too_many_requests",
]

COMMAND = re.compile(r"/\w{1,32}(?:@\w+)?", re.ASCII)

Predicate = Callable[[SimulatedMessage], bool]


class SimulatedTelegram(TelegramServer):
    """Telegram with one bot, seen by people: they act at once, and can wait for what the bot does."""

    def name(self, user_id: int, first_name: str) -> None:
        """Give a person a name."""
        self._world.names[user_id] = first_name

    def say(
        self,
        chat_id: int,
        text: str,
        user_id: int | None = None,
        thread_id: int | None = None,
        *,
        anonymous: bool = False,
    ) -> int:
        """Write as a person; returns the message's id.

        Without a user it is the owner of a private chat, or the creator, an admin or a member of a group, whichever
        exists. `anonymous` is an administrator who writes as the group.
        """
        chat = self._world.chats[chat_id]
        message = self._world.head(chat, self._world.transcript.next_id(chat_id), thread_id) | {"text": text}
        if anonymous:
            message |= {"from": ANONYMOUS_ADMIN, "sender_chat": chat.to_json()}
        else:
            message["from"] = self._world.user(chat.somebody() if user_id is None else user_id)
        command = COMMAND.match(text)
        if command:
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        self._world.updates.push("message", message)
        return int(message["message_id"])

    def tap(self, message: SimulatedMessage, label_or_data: str, user_id: int | None = None) -> str:
        """Tap a button as a person, found by its label or its data; returns the id of the callback query."""
        query_id = self._world.open_query()
        who = self._world.chats[message.chat_id].somebody() if user_id is None else user_id
        query = {
            "id": query_id,
            "from": self._world.user(who),
            "chat_instance": f"instance-{message.chat_id}",
            "message": self._world.message_json(message),
            "data": message.data_of(label_or_data),
        }
        self._world.updates.push("callback_query", query)
        return query_id

    def delete(self, message: SimulatedMessage) -> None:
        """Delete a message of the bot as a person."""
        message.deleted, message.pinned = True, False
        self._world.transcript.changed(message)

    @property
    def messages(self) -> list[SimulatedMessage]:
        """Everything the bot sent, in the order in which it was accepted; also what was deleted since."""
        return self._world.transcript.messages

    @property
    def transcript(self) -> str:
        """All messages in words."""
        return str(self._world.transcript)

    @property
    def callback_answers(self) -> list[CallbackAnswer]:
        """The notices that people got after their taps, in order."""
        return self._world.callback_answers

    @property
    def commands(self) -> dict[tuple[str, str], list[Json]]:
        """The command menus, by scope (its JSON, keys sorted) and language code."""
        return self._world.commands

    @property
    def pending_updates(self) -> list[Json]:
        """Acts of people that the bot has not confirmed yet."""
        return self._world.updates.pending

    def texts(self, chat_id: int) -> list[str]:
        """List what stands in a chat now, without what was deleted."""
        return [message.text for message in self.messages if message.chat_id == chat_id and not message.deleted]

    def on_change(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with each message that is new, edited or deleted, at once; returns what ends that."""
        return self._world.transcript.watch(watcher)

    async def wait_for(
        self,
        predicate: Predicate | str,
        timeout: float = 60,  # noqa: ASYNC109 - named as in asyncio.wait_for
        chat_id: int | None = None,
        after: int = 0,
    ) -> SimulatedMessage:
        """Return the first message that fits, or that contains the text, as soon as there is one.

        `after` leaves out so many of the first messages. TimeoutError tells what was said instead.
        """
        fits = (lambda message: predicate in message.text) if isinstance(predicate, str) else predicate

        def find() -> SimulatedMessage | None:
            candidates = (message for message in self.messages[after:] if chat_id in (None, message.chat_id))
            return next((message for message in candidates if fits(message)), None)

        try:
            return await self._bell.until(find, timeout)
        except TimeoutError:
            raise TimeoutError(f"no such message within {timeout} s; there were:\n{self.transcript}") from None

    async def wait_for_call(
        self,
        method: str,
        timeout: float = 60,  # noqa: ASYNC109 - named as in asyncio.wait_for
        count: int = 1,
    ) -> Json:
        """Return the parameters of the `count`-th call of a method, as soon as it came in."""

        def find() -> Json | None:
            params = [params for name, params in self.calls if name == method]
            return params[count - 1] if len(params) >= count else None

        try:
            return await self._bell.until(find, timeout)
        except TimeoutError:
            names = [name for name, _ in self.calls]
            raise TimeoutError(f"no {count}. call of {method} within {timeout} s, only: {names}") from None
