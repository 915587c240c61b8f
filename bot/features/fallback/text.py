"""A message for a second channel that knows plain text only."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.features.fallback.sender import PlainMessage
from bot.outbox.batching import Batch
from bot.telegram.text.layout import Message
from bot.telegram.text.messages import render


def letter_of(message: Message) -> PlainMessage:
    """A message without what only Telegram knows: the first line becomes the title; a title alone is its own body."""
    title, _, body = message.text.partition("\n")
    return PlainMessage(title, body or title)


def write_letter(batch: Batch, now: datetime, zone: ZoneInfo) -> tuple[Batch, PlainMessage]:
    """As much of a parcel as one message holds, and that message in plain words."""
    rendered = render(batch, now, zone)
    return batch.first(rendered.told), letter_of(rendered.message)
