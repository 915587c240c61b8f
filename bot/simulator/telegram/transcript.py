"""Everything the bot has said at the simulated Telegram, in the order in which it was accepted."""

from collections import Counter
from collections.abc import Callable

from bot.simulator.server import Bell
from bot.simulator.telegram.model import RefusedError, SimulatedMessage, bad_request

Watcher = Callable[[SimulatedMessage], None]


class Transcript:
    """The messages, findable by their ids. Watchers get each new, edited or deleted one at once."""

    def __init__(self, bell: Bell) -> None:
        self.messages: list[SimulatedMessage] = []
        self._bell = bell
        self._last_id: Counter[int] = Counter()
        self._by_id: dict[tuple[int, int], SimulatedMessage] = {}
        self._watchers: list[Watcher] = []

    def next_id(self, chat_id: int) -> int:
        """Count one more message in the chat, of the bot or of a person."""
        self._last_id[chat_id] += 1
        return self._last_id[chat_id]

    def has(self, chat_id: int, message_id: int) -> bool:
        """Say whether there is such a message, of the bot or of a person."""
        message = self._by_id.get((chat_id, message_id))
        return 0 < message_id <= self._last_id[chat_id] and not (message and message.deleted)

    def add(self, message: SimulatedMessage) -> None:
        """Accept a message."""
        self.messages.append(message)
        self._by_id[message.chat_id, message.message_id] = message
        self.changed(message)

    def find(self, chat_id: int, message_id: int | None, purpose: str) -> SimulatedMessage:
        """Return a message of the bot that is still there, or refuse: "message to edit not found"."""
        message = self._by_id.get((chat_id, message_id or 0))
        if message is None or message.deleted:
            raise RefusedError(bad_request(f"message to {purpose} not found"))
        return message

    def changed(self, message: SimulatedMessage) -> None:
        """Tell everybody who waits or watches."""
        for watcher in list(self._watchers):
            watcher(message)
        self._bell.ring()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with each message that is new or changed; returns what ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def __str__(self) -> str:
        return "\n".join(map(str, self.messages)) or "(no messages)"
