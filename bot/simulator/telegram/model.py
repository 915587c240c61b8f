"""The parts of the simulated Telegram: chats, people, messages, and refusals.

Shapes follow https://core.telegram.org/bots/api. Descriptions of refusals are those the real Bot API sends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]
ChatType = Literal["private", "group", "supergroup"]

ANONYMOUS_ADMIN: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""The sender Telegram shows for an administrator who hides behind the group."""


@dataclass(frozen=True)
class Refusal:
    """One way to say no, as the Bot API writes it."""

    code: int
    description: str
    parameters: Json | None = None
    page: str | bytes | None = None
    """A page in place of Telegram's JSON, such as the HTML of a proxy before it."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> Json:
        """Write the answer's JSON."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body if self.parameters is None else body | {"parameters": self.parameters}


class RefusedError(Exception):
    """A call is answered with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.description)
        self.refusal = refusal


def bad_request(description: str) -> Refusal:
    """Refuse what cannot be done as it was asked."""
    return Refusal(400, f"Bad Request: {description}")


def too_many_requests(retry_after: int = 1, with_parameters: bool = True) -> Refusal:
    """Refuse for so many seconds; without parameters the wait stands in the description only."""
    parameters = {"retry_after": retry_after} if with_parameters else None
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", parameters)


def server_error(code: int = 502, description: str = "Bad Gateway", page: str | None = None) -> Refusal:
    """Refuse because of trouble at Telegram."""
    return Refusal(code, description, page=page)


def migrated(new_id: int) -> Refusal:
    """Refuse because the group goes on under another id."""
    description = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refusal(400, description, {"migrate_to_chat_id": new_id})


CHAT_NOT_FOUND = bad_request("chat not found")
BOT_BLOCKED = Refusal(403, "Forbidden: bot was blocked by the user")
BOT_KICKED = Refusal(403, "Forbidden: bot was kicked from the group chat")
FIREWALL = Refusal(403, "", page="<html><title>Web Page Blocked</title><h1>Access blocked</h1></html>")
PORTAL = Refusal(
    200, "", page='<html><form action="/login"><input name="room"></form></html>', headers={"Server": "guest-wifi"}
)
"""Two that stand between: a firewall which lets nothing through, a guest network that wants a login first."""
UNAUTHORIZED = Refusal(401, "Unauthorized")
NOT_FOUND = Refusal(404, "Not Found")
CONFLICT = Refusal(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)

WEBHOOK_ACTIVE = Refusal(
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)
TERMINATED_BY_WEBHOOK = Refusal(409, "Conflict: terminated by setWebhook request")


@dataclass
class SimulatedChat:
    """One chat with the people in it. A private chat has the id of its user, and needs nobody else."""

    id: int
    type: ChatType = "private"
    title: str = ""
    members: set[int] = field(default_factory=set)
    admins: set[int] = field(default_factory=set)
    creator: int | None = None
    is_forum: bool = False
    topics: set[int] | None = None
    """The topics of a forum; None: whichever is asked for exists."""
    blocked: bool = False
    """The user has blocked the bot, or the group has thrown it out."""

    def to_json(self) -> Json:
        """Describe the chat as it stands in messages."""
        if self.type == "private":
            return {"id": self.id, "type": self.type, "first_name": self.title or f"User {self.id}"}
        forum = {"is_forum": True} if self.is_forum else {}
        return {"id": self.id, "type": self.type, "title": self.title or f"Chat {self.id}"} | forum

    def status_of(self, user_id: int) -> str:
        """Say what the user is here: creator, administrator, member or left."""
        if user_id == self.creator:
            return "creator"
        if user_id in self.admins:
            return "administrator"
        return "member" if user_id in self.members or user_id == self.id else "left"

    def somebody(self) -> int:
        """Choose who acts where nobody is named: the user of a private chat, else whoever has the most to say."""
        if self.type == "private":
            return self.id
        people = [self.creator] if self.creator is not None else [*sorted(self.admins), *sorted(self.members)]
        if not people:
            raise LookupError(f"nobody is in chat {self.id}: name a user_id, or give the chat members")
        return people[0]

    def has_topic(self, thread_id: int) -> bool:
        """Say whether messages can go into that topic."""
        return self.is_forum and (self.topics is None or thread_id in self.topics)


@dataclass(frozen=True)
class Edit:
    """The content of a message after an edit."""

    text: str
    buttons: list[list[tuple[str, str]]]
    at: datetime


@dataclass
class SimulatedMessage:
    """A message of the bot, as it stands now. `edits` holds how it got there, oldest first."""

    chat_id: int
    message_id: int
    """Counts within the chat, as in supergroups: it says nothing without the chat."""
    text: str
    """The text, or the caption of a photo."""
    at: datetime
    accepted: float
    """`time.monotonic()` when it was accepted."""
    thread_id: int | None = None
    entities: list[Json] = field(default_factory=list)
    buttons: list[list[tuple[str, str]]] = field(default_factory=list)
    """Rows of (label, callback data, or the link of a button that opens one)."""
    silent: bool = False
    reply_to: int | None = None
    link_preview: Json | None = None
    photo: bytes | None = None
    edits: list[Edit] = field(default_factory=list)
    deleted: bool = False
    pinned: bool = False
    sent_as: str = ""
    """The text that it was sent with, before any edit."""

    def __post_init__(self) -> None:
        self.sent_as = self.sent_as or self.text

    @property
    def labels(self) -> list[str]:
        """The labels of the buttons, row by row."""
        return [label for row in self.buttons for label, _ in row]

    def data_of(self, label_or_data: str) -> str:
        """Find the callback data of a button by its label or by the data itself; LookupError names what there is."""
        for label, data in (button for row in self.buttons for button in row):
            if label_or_data in (label, data):
                return data
        raise LookupError(f"no button {label_or_data!r} among {self.labels} under {self.text!r}")

    def __str__(self) -> str:
        marks = [word for word, holds in (("silent", self.silent), ("deleted", self.deleted)) if holds]
        marks += [f"edited {len(self.edits)}x"] if self.edits else []
        head = f"[{self.chat_id}#{self.message_id}]{' (' + ', '.join(marks) + ')' if marks else ''} {self.text}"
        return head + (f"\n    [{'] ['.join(self.labels)}]" if self.buttons else "")
