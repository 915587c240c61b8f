"""Where the demo's people talk with the bot: Kim's own chat, and a topic of a group."""

from dataclasses import dataclass
from datetime import datetime

from bot.simulator.telegram.service import SimulatedChat, SimulatedMessage, SimulatedTelegram

KIM, ROBIN = 7, 8
NAMES = {KIM: "Kim", ROBIN: "Robin"}
TEAM = -1002000000001


@dataclass(frozen=True)
class Place:
    """A chat, or one topic of it, with those who write there, whoever has the most to say first."""

    key: str
    title: str
    about: str
    chat_id: int
    thread_id: int | None = None
    people: tuple[int, ...] = (KIM,)

    @property
    def setting(self) -> str:
        """How TELEGRAM_CHAT_IDS names it."""
        return str(self.chat_id) if self.thread_id is None else f"{self.chat_id}/{self.thread_id}"

    def holds(self, message: SimulatedMessage) -> bool:
        """Whether a message of the bot stands here."""
        return (message.chat_id, message.thread_id) == (self.chat_id, self.thread_id)


PRIVATE = Place("kim", "Credit bot", "Kim’s private chat", KIM)
TOPIC = Place(
    "team", "Video team / Credits", "a topic of a group: Kim is its owner, Robin a member", TEAM, 45, (KIM, ROBIN)
)
PLACES = (PRIVATE, TOPIC)


@dataclass(frozen=True)
class Said:
    """What a person wrote, or the label of the button that was tapped."""

    place: Place
    user: int
    text: str
    at: datetime
    message_id: int | None = None
    """None: a tap, which leaves no message."""


def settle(telegram: SimulatedTelegram) -> None:
    """Brings the chats and their people to Telegram."""
    for user, name in NAMES.items():
        telegram.name(user, name)
    telegram.add_chat(SimulatedChat(KIM, title=NAMES[KIM]))
    telegram.add_chat(
        SimulatedChat(TEAM, "supergroup", "Video team", members={ROBIN}, creator=KIM, is_forum=True, topics={45})
    )
