"""Who is compared: cron's script, python-telegram-bot's loop, and credit-bot."""

import asyncio
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.peers.usage import tree_mib
from bench.peers.watching import ROOT, Contender, LongRunning, Memory, World

SCRIPTS = Path(__file__).parent / "scripts"
GLIMPSE = 0.005


class Cron(Contender):
    """``watch.sh``, run at each interval. As with ``flock -n`` in the crontab, no run begins beside another."""

    name = "cron"
    title = "cron, curl, jq"
    written_in = (SCRIPTS / "watch.sh",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._thread = ThreadPoolExecutor(1)
        self._ticking: asyncio.Task[None] | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._resting = asyncio.Event()
        self._cpu = self._peak = 0.0

    @classmethod
    def lacks(cls) -> str:
        """Its programs."""
        return ", ".join(program for program in ("bash", "curl", "jq") if shutil.which(program) is None)

    async def start(self) -> None:
        """The machine is up: cron ticks."""
        self._ticking = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._run()
            while due <= loop.time():
                due += self.world.every
            await asyncio.sleep(due - loop.time())

    async def _run(self) -> None:
        self._resting.clear()
        with (self.world.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(  # noqa: ASYNC220 - returns at once, and its end is awaited
                ["bash", SCRIPTS / "watch.sh"],
                env={**self.world.environment(), **self.world.for_scripts()},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        process = self._running
        ending = asyncio.get_running_loop().run_in_executor(self._thread, os.wait4, process.pid, 0)
        if self.watches_memory:
            await self._watch(process.pid, ending)
        _, status, used = await ending
        process.returncode = os.waitstatus_to_exitcode(status)
        self._cpu += used.ru_utime + used.ru_stime
        self._running = None
        self._resting.set()

    async def _watch(self, pid: int, ending: asyncio.Future[Any]) -> None:
        """Look at all of the run's programs again and again; the kernel's own maximum counts who started them, too."""
        while not ending.done():
            self._peak = max(self._peak, tree_mib(pid))
            await asyncio.sleep(GLIMPSE)

    def kill(self) -> None:
        """The machine is off: neither cron nor anything it started goes on."""
        if self._ticking:
            self._ticking.cancel()
        if self._running:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """The same; a script has no way of its own to stop."""
        self.kill()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    async def rest(self) -> None:
        """The end of the run that is under way."""
        await self._resting.wait()

    @property
    def cpu(self) -> float:
        """That of all runs that have ended, with every program they started."""
        return self._cpu

    @property
    def memory(self) -> Memory:
        """Nothing between runs; at most what all its programs took together."""
        return Memory(0, self._peak)


class Loop(LongRunning):
    """``loop.py``: python-telegram-bot with its JobQueue."""

    name = "loop"
    title = "python-telegram-bot loop"
    written_in = (SCRIPTS / "loop.py",)

    def command(self) -> tuple[str, ...]:
        """The script itself."""
        return (str(SCRIPTS / "loop.py"),)

    def environment(self) -> dict[str, str]:
        """As the scripts name it."""
        return self.world.for_scripts()


class Bot(LongRunning):
    """credit-bot."""

    name = "bot"
    title = "credit-bot"
    written_in = tuple(path for path in (ROOT / "bot").iterdir() if path.name not in ("demo", "simulator"))

    def command(self) -> tuple[str, ...]:
        """The real program."""
        return ("-m", "bot", "run")

    def environment(self) -> dict[str, str]:
        """As the bot names it."""
        return self.world.for_bot()


CONTENDERS: tuple[type[Contender], ...] = (Cron, Loop, Bot)
