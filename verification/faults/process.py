"""The bot as a process that a harness starts, kills, stops, freezes and starves."""

import asyncio
import json
import os
import re
import resource
import signal
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

NO_ANSWER = "NO-ANSWER"
"""Begins a line of the log about a look that found nothing: the account, and from when to when, monotonic."""
ROOT = Path(__file__).parents[2]
_PORT = re.compile(r"Health and metrics at http://\S+:(\d+)/healthz")
_MOST_LINES = 4000
UNWRITABLE = ("the disk of the database is full", "the database cannot be written")
"""Stand in the log where the bot has met either."""


@dataclass
class Life:
    """One process of the bot: when it lived, how it ended, what it logged."""

    number: int
    process: Process
    began: float
    ended: float | None = None
    code: int | None = None
    killed: bool = False
    lines: list[str] = field(default_factory=list)
    port: int | None = None
    up_at: float | None = None
    """When it had come so far as to work."""
    unwritable_at: list[float] = field(default_factory=list)
    """When it found that its database cannot be written, by its log."""
    reader: asyncio.Task[None] | None = None

    @property
    def runs(self) -> bool:
        """Whether the process is still there."""
        return self.process.returncode is None

    @property
    def is_young(self) -> bool:
        """Whether it had not come so far as to serve its pages, and so may still end as any program does."""
        return self.port is None

    @property
    def failed(self) -> list[float]:
        """When its looks ended that found nothing, by its log."""
        return [float(line.split()[3]) for line in self.lines if line.startswith(NO_ANSWER)]

    @property
    def gave_up(self) -> bool:
        """Whether it was ending by itself, with a reason in words."""
        return any(line.startswith("credit-bot: ") for line in self.lines)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        with suppress(ProcessLookupError):  # it may have ended this very moment
            self.process.send_signal(number)

    def kill_now(self) -> None:
        """End it at this very moment, in the middle of whatever it does."""
        self.killed = True
        self.signal(signal.SIGKILL)

    async def end(self, patience: float) -> int:
        """Wait for its end, and give its exit code; TimeoutError if it does not come."""
        async with asyncio.timeout(patience):
            await self.process.wait()
        if self.reader:  # a child that outlives it may hold its output open
            await asyncio.wait([self.reader], timeout=patience)
        self.ended = self.ended or time.monotonic()
        self.code = self.process.returncode
        return self.code or 0

    def limit_files(self, size: int | None) -> None:
        """Let no file of it grow beyond so many bytes, as on a full disk; None lifts that. Needs no rights."""
        with suppress(ProcessLookupError):
            _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))

    async def page(self) -> tuple[int, str]:
        """What its page says of it, with the status; 0 if it does not answer."""
        try:
            url, patience = f"http://127.0.0.1:{self.port}/healthz", ClientTimeout(total=5)
            async with ClientSession(timeout=patience) as session, session.get(url) as answer:
                return answer.status, await answer.text()
        except (ClientError, TimeoutError, OSError, ValueError):
            return 0, ""

    async def health(self) -> dict[str, object]:
        """The same, as it was meant; empty if it does not answer."""
        code, text = await self.page()
        found: dict[str, object] = json.loads(text) if code else {}
        return found

    async def read(self) -> None:
        """Take in what it logs, until it ends."""
        assert self.process.stdout
        async for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self.lines.append(line)
            del self.lines[:-_MOST_LINES]
            if any(words in line for words in UNWRITABLE):
                self.unwritable_at.append(time.monotonic())
            found = _PORT.search(line)
            if found:
                self.port, self.up_at = int(found[1]), time.monotonic()


async def begin(number: int, folder: Path, settings: dict[str, str], defect: str | None = None) -> Life:
    """Start the bot in a folder."""
    arguments = ["-m", "verification.faults.launch", str(folder), *([defect] if defect else [])]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **settings},
        stdout=PIPE,
        stderr=STDOUT,
    )
    life = Life(number, process, time.monotonic())
    life.reader = asyncio.create_task(life.read())
    return life
