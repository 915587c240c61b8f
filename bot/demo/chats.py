"""The demo's chats: Kim's own, a topic of a group, and that of whoever is on call."""

from dataclasses import dataclass
from datetime import datetime

from bot.simulator.telegram.service import SimulatedChat, SimulatedMessage, SimulatedTelegram

KIM, ROBIN, NORA = 7, 8, 9
NAMES = {KIM: "Kim", ROBIN: "Robin", NORA: "Nora"}
TEAM = -1002000000001


@dataclass(frozen=True)
class Place:
    """A chat, or one topic of it, with its people, the most privileged first."""

    key: str
    title: str
    about: str
    chat_id: int
    thread_id: int | None = None
    people: tuple[int, ...] = (KIM,)

    @property
    def setting(self) -> str:
        """Its name in the settings."""
        return str(self.chat_id) if self.thread_id is None else f"{self.chat_id}/{self.thread_id}"

    def holds(self, message: SimulatedMessage) -> bool:
        """True if a message of the bot belongs here."""
        return (message.chat_id, message.thread_id) == (self.chat_id, self.thread_id)


PRIVATE = Place("kim", "Credit bot", "Kim’s private chat", KIM)
TOPIC = Place(
    "team", "Video team / Credits", "a topic of a group: Kim is its owner, Robin a member", TEAM, 45, (KIM, ROBIN)
)
ON_CALL = Place("oncall", "On call", "Nora’s private chat: it gets only what nobody acknowledged", NORA, people=(NORA,))
PLACES = (PRIVATE, TOPIC)
"""The chats of TELEGRAM_CHAT_IDS."""

SHOWN = (*PLACES, ON_CALL)
"""Every chat; the last one is that of ESCALATE_CHAT_IDS."""


@dataclass(frozen=True)
class Said:
    """A person's text, or the label of the tapped button."""

    place: Place
    user: int
    text: str
    at: datetime
    message_id: int | None = None
    """None: a tap, which leaves no message."""


def settle(telegram: SimulatedTelegram) -> None:
    """Adds the chats and their people to Telegram."""
    for user, name in NAMES.items():
        telegram.name(user, name)
    telegram.add_chat(SimulatedChat(KIM, title=NAMES[KIM]))
    telegram.add_chat(SimulatedChat(NORA, title=NAMES[NORA]))
    telegram.add_chat(
        SimulatedChat(TEAM, "supergroup", "Video team", members={ROBIN}, creator=KIM, is_forum=True, topics={45})
    )
