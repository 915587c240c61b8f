"""Plays the script, scene by scene; a visitor can stop it, and continue it."""

import asyncio
from collections.abc import Iterator
from itertools import chain, pairwise

from bot.demo.script import SCRIPT, Scene, afterlife
from bot.demo.world import Stage

STEP = 0.25
"""Seconds after which a pause is noticed."""


class Teller:
    """Plays the script: first by real time, then one incident after another."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._playing = asyncio.Event()
        self._playing.set()

    @property
    def playing(self) -> bool:
        """True if events happen by themselves."""
        return self._playing.is_set()

    def pause(self) -> None:
        """Stops the script."""
        self._playing.clear()

    def resume(self) -> None:
        """Continues the script."""
        self._playing.set()

    async def tell(self) -> None:
        """Plays every scene at its time."""
        for wait, scene in scenes(list(self._stage.members)):
            await self._pass(wait)
            self._stage.narrate(scene.words)
            scene.act(self._stage)

    async def _pass(self, seconds: float) -> None:
        """Waits for seconds of playing."""
        loop = asyncio.get_running_loop()
        while True:
            await self._playing.wait()
            if seconds <= 0:
                return
            begun = loop.time()
            await asyncio.sleep(min(seconds, STEP))
            seconds -= loop.time() - begun


def scenes(names: list[str]) -> Iterator[tuple[float, Scene]]:
    """Every scene, with the seconds since the one before."""
    first = SCRIPT[0]
    script = ((later.at - earlier.at, later) for earlier, later in pairwise(SCRIPT))
    return chain([(first.at, first)], script, ((scene.at, scene) for scene in afterlife(names)))
