"""Whether the bot does its work, from what it last managed to do. Pure: the moments are handed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.durations import say_duration

DELIVERY_WAIT = timedelta(minutes=2)
POLLING_WAIT = 120.0


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the bot last managed to do. ``polling_silent`` is seconds since Telegram last answered the polling.

    ``waiting_since`` is the oldest notification that was tried in vain; one that is only paced does not count.
    """

    last_round_at: datetime | None
    last_read_at: datetime | None
    last_delivery_at: datetime | None
    waiting: int
    waiting_since: datetime | None
    failed: int
    polling_silent: float
    polling_trouble: str | None
    unreachable: tuple[str, ...] = ()
    polling_notes: tuple[str, ...] = ()

    @property
    def polling_ok(self) -> bool:
        """Telegram answered the polling lately."""
        return self.polling_silent <= POLLING_WAIT


def problems(vitals: Vitals, every: timedelta, now: datetime) -> list[str]:
    """What keeps the bot from its work, in words; nothing means that it is well."""
    window = 2 * every + timedelta(minutes=1)
    found = []
    if vitals.last_round_at is None or now - vitals.last_round_at > window:
        found.append(f"no round of checks ended in the last {say_duration(window)}")
    if vitals.last_read_at is None or now - vitals.last_read_at > window:
        found.append(f"no account could be read in the last {say_duration(window)}")
    if vitals.waiting_since is not None and now - vitals.waiting_since > DELIVERY_WAIT:
        found.append(f"a message has waited {say_duration(now - vitals.waiting_since)} for Telegram to take it")
    if not vitals.polling_ok:
        since = say_duration(timedelta(seconds=vitals.polling_silent))
        found.append(vitals.polling_trouble or f"Telegram has not answered the polling for {since}")
    return found


def notes(vitals: Vitals) -> list[str]:
    """What somebody should know, though the bot does its work."""
    found = list(vitals.unreachable)
    if vitals.polling_ok and vitals.polling_trouble:
        found.append(vitals.polling_trouble)
    if vitals.failed:
        messages = "1 message" if vitals.failed == 1 else f"{vitals.failed} messages"
        found.append(f"{messages} could never be delivered")
    return [*found, *vitals.polling_notes]
