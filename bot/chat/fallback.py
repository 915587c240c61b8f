"""A message for a second channel that knows plain text only, and what Telegram is told of it afterwards."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.chat.clean import clean
from bot.chat.messages import render
from bot.chat.text import Message
from bot.chat.times import say_at
from bot.core.delivery import Parcel
from bot.fallback import Letter


def letter_of(message: Message) -> Letter:
    """A message without what only Telegram knows: the first line becomes the title; a title alone is its own body."""
    title, _, body = message.text.partition("\n")
    return Letter(title, body or title)


def write_letter(parcel: Parcel, now: datetime, zone: ZoneInfo) -> tuple[Parcel, Letter]:
    """As much of a parcel as one message holds, and that message in plain words."""
    rendered = render(parcel, now, zone)
    return parcel.first(rendered.told), letter_of(rendered.message)


def also_sent(sent: Iterable[tuple[datetime, str]], now: datetime, zone: ZoneInfo) -> str:
    """What a late message says of the second channel: "Also sent by mail at 13:35"; nothing where it was not used.

    ``sent`` are the moments and the ways of what it tells.
    """
    first = min(sent, default=None)
    return f"Also sent by {clean(first[1], 80)} {say_at(first[0], now, zone)}." if first else ""
