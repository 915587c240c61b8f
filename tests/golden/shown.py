"""How a text stands in a golden file: as on the phone, with its buttons below it."""

from bot.domain.notifications import Notification
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.layout import Message
from bot.telegram.text.messages import render
from tests.support import given
from tests.support.given import NOW, sent


def message(told: Message) -> str:
    """A message, its buttons row by row, and whether it makes no sound."""
    rows = ["".join(f"[{button.label}] " for button in row).rstrip() for row in told.buttons]
    return "\n".join([told.text, *rows, *(["(silent)"] if told.silent else [])])


def notifications(*told: Notification) -> str:
    """What a chat gets when these wait for it, each fresh and of its own account."""
    return batch(Batch(tuple(PendingAlert((sent(one),)) for one in told)))


def batch(told: Batch) -> str:
    """The message of a parcel."""
    return message(render(told, NOW, given.UTC_ZONE).message)
