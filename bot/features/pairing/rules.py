"""Which codes let a chat in, and how often wrong codes are recorded. Pure.

The right code always works, whatever was tried before: the length of a code keeps strangers out, and a limit that they
can use up would keep the owner out. ``service.py`` draws the codes, and ``bot/storage/pairing.py`` stores their hashes.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.invitations import FORGIVEN_AFTER, Guesses, Invitation

CODE_BYTES = 24
"""Random bytes of a code: 192 bits, 32 characters; Telegram takes up to 64 after ``?start=``."""

_CODE = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong codes are recorded at once, and the wait after those, which doubles up to the longest."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta

    def wait(self, wrong: int) -> timedelta:
        """How long no wrong code is recorded after ``wrong`` of them."""
        if wrong < self.free:
            return timedelta(0)
        return min(self.first_wait * (1 << min(wrong - self.free, 20)), self.longest_wait)


OF_ONE_CHAT = Patience(5, timedelta(minutes=1), timedelta(hours=1))
OF_EVERYBODY = Patience(5, timedelta(seconds=1), timedelta(seconds=10))


def is_noted(guesses: Guesses, patience: Patience, now: datetime) -> bool:
    """True if a wrong code is recorded now. If not, it costs one read of the database and leaves nothing behind."""
    if guesses.last_at is None:
        return True
    return not timedelta(0) <= now - guesses.last_at < patience.wait(guesses.wrong)


def after_wrong(guesses: Guesses, now: datetime) -> Guesses:
    """One more wrong code; after a long calm the count starts at one."""
    if guesses.last_at is not None and abs(now - guesses.last_at) >= FORGIVEN_AFTER:
        return Guesses(1, now)
    return replace(guesses, wrong=guesses.wrong + 1, last_at=now)


def is_code(text: str) -> bool:
    """True if a text has the form of a code; one without it is a wrong code like any other."""
    return _CODE.fullmatch(text) is not None


def link_due(shown: Invitation | None, now: datetime, *, anybody_allowed: bool) -> bool:
    """True if the log needs a new link: no chat is allowed, and the last link no longer works."""
    return not anybody_allowed and (shown is None or not shown.is_open(now))
