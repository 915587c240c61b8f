"""The chats of each account, and what each chat sees: configured or paired chats, under their present ids."""

from collections.abc import Callable, Iterable

from bot.domain.chats import Chat
from bot.domain.notifications import Notification
from bot.storage import chats, pairing
from bot.storage.connection import Connection
from bot.targets.active import ActiveTargets


class Recipients:
    """The chats that get messages. A group that migrated is followed."""

    def __init__(self, active_targets: ActiveTargets) -> None:
        """``active_targets`` has the chats of each account."""
        self._active_targets = active_targets
        self._moved: dict[int, int] = {}
        self._paired: tuple[Chat, ...] = ()

    @property
    def present(self) -> tuple[Chat, ...]:
        """Every chat that gets messages or can ask."""
        return self._now((*self._active_targets.targets.chats, *self._paired))

    @property
    def home(self) -> tuple[Chat, ...]:
        """The chats of TELEGRAM_CHAT_IDS, and the paired ones."""
        return self._now((*self._active_targets.targets.home, *self._paired))

    async def refresh(self, connection: Connection) -> tuple[Chat, ...]:
        """Reads the paired chats and the present id of each, and returns them all."""
        self._paired = await pairing.paired(connection)
        self._moved = await chats.moved(connection)
        return self.present

    def told_of(self, source: str, email: str | None = None) -> tuple[Chat, ...]:
        """The chats of an account, or, without an email, of a source as a whole."""
        targets = self._active_targets.targets
        paired = self._paired if targets.at_home(source, email) else ()
        return self._now((*targets.chats_for(source, email), *paired))

    def of(self, notification: Notification) -> tuple[Chat, ...]:
        """The chats of a notification: those of its account or source; one about neither goes to all."""
        facts = notification.facts
        return self.present if facts.source is None else self.told_of(facts.source, facts.email)

    def seen_by(self, chat: Chat) -> Callable[[str, str], bool]:
        """Returns whether a chat sees the account of a source and an email; fast for many accounts."""
        sources, known = self._active_targets.targets.sources, dict[str, bool]()

        def sees(source: str, email: str) -> bool:
            found = sources.get(source)
            if found is None or found.account(email):  # a configured account can have other chats
                return self.sees(chat, source, email)
            if source not in known:
                known[source] = self.sees(chat, source, email)
            return known[source]

        return sees

    def sees(self, chat: Chat, source: str, email: str | None = None) -> bool:
        """True if a chat gets the messages of an account, or a source."""
        return any(covers(told, chat) for told in self.told_of(source, email))

    def at(self, place: Chat) -> Chat:
        """The chat of a place: if its own topic is not configured, the whole chat."""
        whole = Chat(place.chat_id)
        return whole if place not in self.present and whole in self.present else place

    async def move(self, connection: Connection, old: int, new: int) -> None:
        """Stores that a group has become another chat, and uses that from now on."""
        await chats.move(connection, old, new)
        await self.refresh(connection)

    def _now(self, configured: Iterable[Chat]) -> tuple[Chat, ...]:
        """The chats under their present ids."""
        moved = self._moved
        return tuple(dict.fromkeys(Chat(moved[one.chat_id]) if one.chat_id in moved else one for one in configured))


def covers(told: Chat, chat: Chat) -> bool:
    """True if a configured chat covers this one: with a topic, only that topic."""
    return told.chat_id == chat.chat_id and told.thread_id in (None, chat.thread_id)
