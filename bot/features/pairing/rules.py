"""Who may become an allowed chat: an invitation's ten minutes, and how often wrong codes are noted. Pure.

The right code is always taken, whatever was tried before: what keeps strangers out is the length of a code, and a limit
that they can use up would keep the owner out. The codes themselves are drawn in ``service.py`` beside this and kept
only as hashes in ``bot/storage/pairing.py``.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.invitations import FORGIVEN_AFTER, Guesses, Invitation

CODE_BYTES = 24
"""Of chance in a code: 192 bits, 32 characters; Telegram takes up to 64 behind ``?start=``."""

_CODE = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong codes are noted at once, and the wait after those, which doubles with each up to the longest."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta

    def wait(self, wrong: int) -> timedelta:
        """For how long no wrong code is noted after so many."""
        if wrong < self.free:
            return timedelta(0)
        return min(self.first_wait * (1 << min(wrong - self.free, 20)), self.longest_wait)


OF_ONE_CHAT = Patience(5, timedelta(minutes=1), timedelta(hours=1))
OF_EVERYBODY = Patience(5, timedelta(seconds=1), timedelta(seconds=10))


def is_noted(guesses: Guesses, patience: Patience, now: datetime) -> bool:
    """Whether a wrong code is noted now. While not, it costs one look into the database and leaves nothing behind."""
    if guesses.last_at is None:
        return True
    return not timedelta(0) <= now - guesses.last_at < patience.wait(guesses.wrong)


def after_wrong(guesses: Guesses, now: datetime) -> Guesses:
    """One more wrong code; after a long calm the count begins anew."""
    if guesses.last_at is not None and abs(now - guesses.last_at) >= FORGIVEN_AFTER:
        return Guesses(1, now)
    return replace(guesses, wrong=guesses.wrong + 1, last_at=now)


def is_code(text: str) -> bool:
    """Whether a text can be a code at all; what cannot is a wrong one like any other."""
    return _CODE.fullmatch(text) is not None


def link_due(shown: Invitation | None, now: datetime, *, anybody_allowed: bool) -> bool:
    """Whether a new link belongs into the log: nobody is allowed yet, and the last one no longer works."""
    return not anybody_allowed and (shown is None or not shown.is_open(now))
