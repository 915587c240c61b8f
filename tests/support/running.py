"""The demo as people start it, as a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

SOON = 30.0
"""Seconds that the whole demo may take for what takes it two; only a test that fails waits for so long."""


@dataclass
class Demo:
    """The running demo, with what it has shown on the terminal so far."""

    process: asyncio.subprocess.Process
    shown: str = ""

    async def until(self, words: str, after: int = 0) -> int:
        """Wait until something is shown; returns the place behind it."""
        assert self.process.stdout
        async with asyncio.timeout(SOON):
            while words not in self.shown[after:]:
                more = await self.process.stdout.read(65536)
                assert more, f"ended without {words!r}:\n{self.shown}"
                self.shown += more.decode(errors="replace")
        return self.shown.index(words, after) + len(words)

    async def address(self) -> str:
        """Where its page is."""
        await self.until("There you are Kim")
        return self.shown.split("Open")[1].split()[0]

    def type(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())

    async def end(self) -> int:
        """Wait for the end; returns the exit code."""
        assert self.process.stdout
        async with asyncio.timeout(SOON):
            self.shown += (await self.process.stdout.read()).decode(errors="replace")
            return await self.process.wait()


@asynccontextmanager
async def demo(folder: Path, *arguments: str, stdin: int = asyncio.subprocess.PIPE) -> AsyncIterator[Demo]:
    """Run `credit-bot demo`; temporary files go into the folder."""
    env = os.environ | {"TMPDIR": str(folder), "HTTP_PROXY": "http://127.0.0.1:9", "PYTHONIOENCODING": "utf-8"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "demo", *arguments),
        cwd=Path(__file__).parents[2],
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
    )
    try:
        yield Demo(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
