"""An event loop whose time passes when nobody has anything to do, one step after another, the same every time."""

import asyncio
import heapq
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Killed(Exception):
    """The process was killed: nothing that it held in memory is there any more."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs one ready callback a step. Time jumps to the next timer as soon as nothing is ready.

    ``kill_at`` is the moment from which so many more steps (``kill_after``) are taken before the process is killed,
    not counting those in which it is ``spared``.
    """

    def __init__(self, now: float, until: float) -> None:
        """``until`` is when the world ends."""
        super().__init__()
        self.now = now
        self.until = until
        self.steps = 0
        self.kill_at = float("inf")
        self.kill_after = 0
        self.over = False
        self.spared: Callable[[], bool] = bool

    def time(self) -> float:
        """Seconds, moved by the timers."""
        return self.now

    def stand_still(self, seconds: float) -> None:
        """Time passes, and nobody gets to do anything."""
        self.now += seconds

    def _run_once(self) -> None:
        """One step."""
        timers, ready = self._scheduled, self._ready  # type: ignore[attr-defined]
        while timers and (timers[0]._cancelled or timers[0]._when <= self.now):
            timer = heapq.heappop(timers)
            timer._scheduled = False
            if not timer._cancelled:
                ready.append(timer)
        if not ready:
            self._pass_time(timers)
            return
        handle = ready.popleft()
        if not handle._cancelled:
            handle._run()
            self._count()

    def _pass_time(self, timers: list[Any]) -> None:
        """To the next timer, or to the end of the world."""
        next_at = timers[0]._when if timers else self.until
        self.now = max(self.now, min(next_at, self.until))
        if next_at >= self.until:
            self._end()

    def _count(self) -> None:
        """Counts a step, and kills the process if it was its last."""
        self.steps += 1
        if self.now >= self.kill_at and not self.spared():
            self.kill_after -= 1
            if self.kill_after <= 0:
                self._end()

    def _end(self) -> None:
        """No further step is taken."""
        self.over = True
        self.stop()

    def live(self, life: Callable[[], Any]) -> bool:
        """Lives until killed (False), the end of the world or the life's own end (True). Its tasks are left lying."""
        task = self.create_task(life())
        task.add_done_callback(lambda _: self.stop())
        self.run_forever()
        if task.done():
            task.result()
            return True
        return self.now >= self.until

    def bury(self) -> None:
        """Forgets what the dead left behind, without giving it another word."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with suppress(RuntimeError):
                task.get_coro().close()
        self._ready.clear()  # type: ignore[attr-defined]
        self._scheduled.clear()  # type: ignore[attr-defined]
        self.close()

    def _process_events(self, event_list: object) -> None:
        """There are none: nothing here comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody sleeps."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What goes wrong in a callback is a defect of the bot, or of the simulation."""
        if isinstance(context.get("exception"), Exception):
            raise context["exception"]
