"""Judges a watcher by what arrived in the chat, and by nothing else: the same words and sums for whoever wrote them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class News(Enum):
    """What a message can tell; also what truly happened."""

    LOW = "low"
    ENOUGH = "enough again"
    BLIND = "nobody is watched"
    SEEING = "watched again"


WORDS = {
    News.LOW: re.compile(r"credits left|out of credits|low on credits"),
    News.ENOUGH: re.compile(r"credits again"),
    News.BLIND: re.compile(r"cannot be read|refuses"),
    News.SEEING: re.compile(r"can be read again"),
}
LATE = re.compile(r"delayed|not told in time", re.IGNORECASE)
END_OF = {News.LOW: News.ENOUGH, News.BLIND: News.SEEING}


@dataclass(frozen=True, slots=True)
class Event:
    """What truly happened, when (seconds of the monotonic clock), and to whom; with no email to everybody."""

    news: News
    at: float
    email: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message that Telegram accepted."""

    at: float
    text: str

    def tells(self, event: Event) -> bool:
        """Say whether this can be news of that event: it came after it, and says it of the same account."""
        return self.at >= event.at and event.email in self.text and self.says(event.news)

    def says(self, news: News) -> bool:
        """Say whether this is what the message tells of anybody. One message may tell several things."""
        return WORDS[news].search(self.text) is not None


@dataclass(frozen=True, slots=True)
class Told:
    """How events of one kind were told."""

    of: int
    """How many there were."""
    told: int
    """Of how many the chat heard."""
    after: float | None
    """Seconds until the last of those was told; None if none was."""
    times: int
    """How often the most repeated one was told."""

    @property
    def all(self) -> bool:
        """Whether each was told."""
        return self.told == self.of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chat was told under one fault."""

    trouble: Told
    end: Told
    false_alarms: int
    """Messages that call an account low that was not and had not been."""
    late: bool
    """Whether a message said that it comes late."""
    messages: int

    def well(self, at_most: int = 1) -> bool:
        """Say whether this is what a good watcher does, where each news may be told so often."""
        return (
            self.trouble.all
            and self.end.all
            and not self.false_alarms
            and max(self.trouble.times, self.end.times) <= at_most
        )


def judge(news: News, events: Sequence[Event], said: Sequence[Said]) -> Verdict:
    """Weigh what was said against what happened; ``news`` is the kind of trouble that the fault is about."""
    lows = [event for event in events if event.news is News.LOW]
    return Verdict(
        trouble=told(_of(news, events), said),
        end=told(_of(END_OF[news], events), said),
        false_alarms=sum(message.says(News.LOW) and not any(map(message.tells, lows)) for message in said),
        late=any(LATE.search(message.text) for message in said),
        messages=len(said),
    )


def _of(news: News, events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.news is news]


def told(events: Sequence[Event], said: Sequence[Said]) -> Told:
    """How these events were told. No account may have two, for the second would be told by the first one's message."""
    hits = [[message.at for message in said if message.tells(event)] for event in events]
    waits = [min(times) - event.at for event, times in zip(events, hits, strict=True) if times]
    return Told(len(events), len(waits), max(waits, default=None), max(map(len, hits), default=0))
