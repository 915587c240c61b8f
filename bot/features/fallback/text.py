"""A message for a second channel of plain text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.features.fallback.sender import PlainMessage
from bot.outbox.batching import Batch
from bot.telegram.text.layout import Message
from bot.telegram.text.messages import render


def letter_of(message: Message) -> PlainMessage:
    """The first line becomes the title; a title alone is its own body. Entities and buttons go."""
    title, _, body = message.text.partition("\n")
    return PlainMessage(title, body or title)


def write_letter(batch: Batch, now: datetime, zone: ZoneInfo) -> tuple[Batch, PlainMessage]:
    """The part of a batch that one message holds, and that message as plain text."""
    rendered = render(batch, now, zone)
    return batch.first(rendered.told), letter_of(rendered.message)
