"""Whom notifications are addressed to, and who may see what: the chats that are named or paired, where they are now."""

from collections.abc import Callable, Iterable

from bot.domain.chats import Chat
from bot.domain.notifications import Notification
from bot.storage import chats, pairing
from bot.storage.connection import Connection
from bot.targets.active import ActiveTargets


class Recipients:
    """The chats that are told anything. A group that moved is followed."""

    def __init__(self, active_targets: ActiveTargets) -> None:
        """``active_targets`` says which chats are told of which accounts."""
        self._active_targets = active_targets
        self._moved: dict[int, int] = {}
        self._paired: tuple[Chat, ...] = ()

    @property
    def present(self) -> tuple[Chat, ...]:
        """Every chat that is told anything or may ask."""
        return self._now((*self._active_targets.targets.chats, *self._paired))

    @property
    def home(self) -> tuple[Chat, ...]:
        """The chats of TELEGRAM_CHAT_IDS, and those that were paired."""
        return self._now((*self._active_targets.targets.home, *self._paired))

    async def refresh(self, connection: Connection) -> tuple[Chat, ...]:
        """Reads which chats are paired and where each is now, and gives them all."""
        self._paired = await pairing.paired(connection)
        self._moved = await chats.moved(connection)
        return self.present

    def told_of(self, source: str, email: str | None = None) -> tuple[Chat, ...]:
        """The chats that are told of an account, or, without an email, of a source as a whole."""
        targets = self._active_targets.targets
        paired = self._paired if targets.at_home(source, email) else ()
        return self._now((*targets.chats_for(source, email), *paired))

    def of(self, notification: Notification) -> tuple[Chat, ...]:
        """Whom a notice is addressed to: the chats of its account or source; one about neither goes to all."""
        facts = notification.facts
        return self.present if facts.source is None else self.told_of(facts.source, facts.email)

    def seen_by(self, chat: Chat) -> Callable[[str, str], bool]:
        """Whether a chat may ask about the account of a source and an email, for many accounts at once."""
        sources, known = self._active_targets.targets.sources, dict[str, bool]()

        def sees(source: str, email: str) -> bool:
            found = sources.get(source)
            if found is None or found.account(email):  # for an account that is named, other chats may be
                return self.sees(chat, source, email)
            if source not in known:
                known[source] = self.sees(chat, source, email)
            return known[source]

        return sees

    def sees(self, chat: Chat, source: str, email: str | None = None) -> bool:
        """Whether a chat may ask about an account, or a source: whether it is told of it."""
        return any(covers(told, chat) for told in self.told_of(source, email))

    def at(self, place: Chat) -> Chat:
        """The chat that a place belongs to: where its own topic is not named, the whole chat."""
        whole = Chat(place.chat_id)
        return whole if place not in self.present and whole in self.present else place

    async def move(self, connection: Connection, old: int, new: int) -> None:
        """Remembers that a group has become another chat, and goes there from now on."""
        await chats.move(connection, old, new)
        await self.refresh(connection)

    def _now(self, configured: Iterable[Chat]) -> tuple[Chat, ...]:
        """The chats, each where it is now."""
        moved = self._moved
        return tuple(dict.fromkeys(Chat(moved[one.chat_id]) if one.chat_id in moved else one for one in configured))


def covers(told: Chat, chat: Chat) -> bool:
    """Whether a chat that is named means this one: where a topic is named, only that topic."""
    return told.chat_id == chat.chat_id and told.thread_id in (None, chat.thread_id)
