"""Links into the bot, and the texts around them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.chats import Chat
from bot.domain.durations import format_duration
from bot.domain.invitations import LIFETIME
from bot.telegram.text.dates import format_clock
from bot.telegram.text.formatting import NOTE
from bot.telegram.text.layout import Message, Span, Text, bold
from bot.telegram.text.sanitize import clean


def link_of(username: str, code: str) -> str:
    """Opens a private chat with the bot and passes it the code."""
    return f"https://t.me/{username}?start={code}"


def group_link_of(username: str, code: str) -> str:
    """Adds the bot to a group of one's choice, and passes it the code there."""
    return f"https://t.me/{username}?startgroup={code}"


def log_line(username: str, code: str) -> str:
    """The log's line while no chat is paired. People read the link there, so it is not redacted."""
    return (
        f"No chat is paired yet: alerts go nowhere. Open {link_of(username, code)} in Telegram: the "
        f"first chat to do so gets them. It works once, for {format_duration(LIFETIME)}; then a new link follows here."
    )


def paired_line(chat: Chat, by: str) -> str:
    """The log's line after a link was opened."""
    return f"Chat {chat} is paired, by {clean(by, 40)}: it gets messages from now on, and may ask"


def left_line(chat: Chat, by: str) -> str:
    """The log's line after a chat has left."""
    return f"Chat {chat} is no longer paired, as {clean(by, 40)} asked: it gets no more messages"


def invitation_message(username: str, code: str, now: datetime, zone: ZoneInfo, *, in_group: bool = False) -> Message:
    """The answer to /invite: a link for a person, and one for a group, with the same code."""
    text = Text().line(bold("An invitation"), f", for one chat, until {format_clock(now + LIFETIME, zone)}.")
    text.line("For a person: ", link_of(username, code))
    text.line("For a group: ", group_link_of(username, code))
    text.line("In a topic: ", Span(f"/start@{username} {code}", "code"))
    text.line("Whoever uses it first sees every account and gets every alert. Send it to nobody else.")
    if in_group:
        text.line("Everybody in this group can use it. Where that is not wanted, ask /invite in a private chat.")
    return text.message(silent=True)


def left_message(*, anybody_left: bool) -> Message:
    """The last message of a chat."""
    text = Text().line(f"{NOTE} ", bold("This chat is no longer paired"), ". It gets no more messages.")
    last = "It was the last one: alerts go nowhere now. The bot's log has a new link."
    return text.line("A link from /invite in another chat lets it in again." if anybody_left else last).message()


def not_paired_message() -> Message:
    """A chat in the settings cannot leave by itself."""
    text = Text().line("This chat was not let in by a link: it stands in TELEGRAM_CHAT_IDS.")
    return text.line("Take it out there and restart the bot.").message()


def may_not_invite_message() -> Message:
    """A chat of some accounts cannot let others see them all."""
    return Text().line("Only a chat that sees every account can invite another one.").message()


def already_paired_message() -> Message:
    """A link was opened in a chat that is allowed already; it can still work elsewhere."""
    text = Text().line("This chat is paired already.")
    return text.line("To let another chat in, open a link there; /invite makes one.").message()
