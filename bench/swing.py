"""A crowd of which a few run out of credits and have them again, from look to look.

``python -m bench.swing NUMBER FEW`` is a process of its own, so that nobody waits for a simulator at work.
``GET /lows`` tells when, by the clock that all processes of a machine share, and whom low credits were answered.
"""

import asyncio
import json
import sys
import time

from bench.crowd import FULL, Crowd, response, serve

EMPTY = 0


class SwingingCrowd(Crowd):
    """The first few accounts swing; the others live as in any crowd."""

    def __init__(self, count: int, few: int) -> None:
        """All are full."""
        super().__init__(count)
        self._swinging = dict.fromkeys(self.emails[:few], EMPTY)
        self._lows: list[tuple[float, str]] = []

    def answer(self, target: str) -> bytes:
        """The answer to a GET, headers and all."""
        return response("200 OK", json.dumps(self._lows)) if target == "/lows" else super().answer(target)

    def _look(self, email: str) -> int:
        """The credits at this look."""
        if email not in self._swinging:
            return super()._look(email)
        self.looks += 1
        credits = self._swinging[email] = EMPTY if self._swinging[email] else FULL
        if credits == EMPTY:
            self._lows.append((time.monotonic(), email))
        return credits


if __name__ == "__main__":
    asyncio.run(serve(SwingingCrowd(*map(int, sys.argv[1:]))))
