"""A message for a second channel that knows plain text only."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.features.fallback.sender import Letter
from bot.outbox.batching import Parcel
from bot.telegram.text.layout import Message
from bot.telegram.text.messages import render


def letter_of(message: Message) -> Letter:
    """A message without what only Telegram knows: the first line becomes the title; a title alone is its own body."""
    title, _, body = message.text.partition("\n")
    return Letter(title, body or title)


def write_letter(parcel: Parcel, now: datetime, zone: ZoneInfo) -> tuple[Parcel, Letter]:
    """As much of a parcel as one message holds, and that message in plain words."""
    rendered = render(parcel, now, zone)
    return parcel.first(rendered.told), letter_of(rendered.message)
