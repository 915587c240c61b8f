"""Steps of the wall clock: somebody set it, and no time has passed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.durations import format_duration

LONG = timedelta(minutes=1)
"""A longer step is logged and shown in ``/status``."""

TOLD_FOR = timedelta(days=1)
"""How long ``/status`` shows a step."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock was set by ``by`` (negative: back). ``at`` is that moment as the clock shows it since.

    ``while_off``: the bot was not running then; ``at`` is its start.
    """

    by: timedelta
    at: datetime
    while_off: bool = False

    @property
    def words(self) -> str:
        """The step in words, without its moment."""
        return f"The clock was set {'back' if self.by < timedelta(0) else 'forward'} by {format_duration(self.by)}"

    @property
    def is_long(self) -> bool:
        """True if people should read of it."""
        return abs(self.by) > LONG

    def is_news(self, now: datetime) -> bool:
        """True if it is recent enough for a line."""
        return now - self.at < TOLD_FOR
