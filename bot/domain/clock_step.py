"""Steps of the wall clock: it was set, and no time has passed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.durations import format_duration

LONG = timedelta(minutes=1)
"""A longer step stands in the log and in ``/status``."""

TOLD_FOR = timedelta(days=1)
"""``/status`` shows a step for so long."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock was set by ``by`` (negative: back). ``at`` is that moment as the clock shows it since.

    ``while_off`` where the bot was not running then; ``at`` is its start.
    """

    by: timedelta
    at: datetime
    while_off: bool = False

    @property
    def words(self) -> str:
        """What happened, without its moment."""
        return f"The clock was set {'back' if self.by < timedelta(0) else 'forward'} by {format_duration(self.by)}"

    @property
    def is_long(self) -> bool:
        """Whether anybody should know of it."""
        return abs(self.by) > LONG

    def is_news(self, now: datetime) -> bool:
        """Whether it is still worth a line."""
        return now - self.at < TOLD_FOR
