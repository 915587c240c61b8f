"""Messages whose alerts are over: what each says, and when a chat's next one is edited. Pure."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.alerts import Silence, SilenceKind
from bot.domain.told_messages import EndedMessage
from bot.evaluation.alert_state import covers

EDIT_PAUSE = 3.0
"""Seconds between two edits in a chat: together a group's twenty messages a minute."""


def held(message: EndedMessage, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The last ack or snooze in a message's chat that covers its firing alerts; None if there is none."""
    firing = [one.alert for one in message.told if one.alert is not None]
    found = [
        one
        for one in silences
        if one.kind in (SilenceKind.ACK, SilenceKind.SNOOZE) and one.chat in (None, message.chat)
        if any(covers(one, alert, now) for alert in firing)
    ]
    return max(found, key=lambda one: one.id, default=None)
