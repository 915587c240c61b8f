"""The chats of each account, and what each chat sees: configured or paired chats, under their present ids."""

from collections.abc import Callable, Iterable

from bot.domain.chats import SECOND_CHANNEL, Chat
from bot.domain.notifications import Notification
from bot.storage import chats, pairing
from bot.storage.connection import Connection
from bot.targets.active import ActiveTargets


class Recipients:
    """The chats that get messages. A group that migrated is followed."""

    def __init__(self, active_targets: ActiveTargets, escalation: tuple[Chat, ...] = ()) -> None:
        """``active_targets`` has the chats of each account; ``escalation`` gets what nobody acknowledged."""
        self._active_targets = active_targets
        self._escalation = escalation
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

    @property
    def escalation(self) -> tuple[Chat, ...]:
        """The chats of ESCALATE_CHAT_IDS, and the second channel where alerts are escalated to it."""
        return self._now(self._escalation)

    @property
    def reached(self) -> tuple[Chat, ...]:
        """Every chat that gets messages, those of escalated alerts alone too."""
        return tuple(dict.fromkeys((*self.present, *self.escalation)))

    def outside(self, told: Iterable[Chat]) -> tuple[Chat, ...]:
        """The chats of escalated alerts that are not among those of an account."""
        known = set(told)
        return tuple(one for one in self.escalation if one not in known and one != SECOND_CHANNEL)

    def escalated_to(self, place: Chat) -> Chat | None:
        """The chat of escalated alerts that covers a place, as it is configured; None if there is none."""
        return next((one for one in self.escalation if covers(one, place)), None)

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
        return whole if place not in self.reached and whole in self.reached else place

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
