"""What it is to watch: told of the same world, started, killed and measured in the same way, whoever does it."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.idle import status_mib
from bench.peers.usage import processor_seconds

ROOT = Path(__file__).parents[2]
GROUP = -1001
THRESHOLD = 3000
STOP_WAIT = 15.0


@dataclass(frozen=True, slots=True)
class World:
    """Where things are, for those who watch."""

    folder: Path
    useapi_url: str
    useapi_token: str
    telegram_url: str
    bot_token: str
    accounts: tuple[str, ...]
    every: float

    def environment(self) -> dict[str, str]:
        """What all are told alike; nothing of this process's own environment but where programs are."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "USEAPI_URL": self.useapi_url,
            "USEAPI_TOKEN": self.useapi_token,
            "TELEGRAM_API_URL": self.telegram_url,
            "TELEGRAM_BOT_TOKEN": self.bot_token,
        }

    def for_scripts(self) -> dict[str, str]:
        """The rest, as the scripts name it."""
        return {
            "TELEGRAM_CHAT_ID": str(GROUP),
            "ACCOUNTS": " ".join(self.accounts),
            "THRESHOLD": str(THRESHOLD),
            "INTERVAL": str(self.every),
        }

    def for_bot(self) -> dict[str, str]:
        """The same, as the bot names it; all else stands at its default."""
        return {
            "TELEGRAM_CHAT_IDS": str(GROUP),
            "ACCOUNTS": ",".join(self.accounts),
            "LOW_CREDITS": str(THRESHOLD),
            "CHECK_EVERY": f"{self.every:g}s",
            "HTTP_LISTEN": "127.0.0.1:0",
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
        }


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB held between two rounds, and at most."""

    resting: float
    peak: float


class Contender:
    """One way to watch, in one world."""

    name = ""
    title = ""
    written_in: tuple[Path, ...] = ()
    """Where what it does is written: files, or folders of Python."""
    watches_memory = False
    """Whether what is gone in a moment is to be caught; costs the one who measures some time."""

    def __init__(self, world: World) -> None:
        self.world = world

    @classmethod
    def lacks(cls) -> str:
        """What it needs and this machine has not; empty if it can run."""
        return ""

    async def start(self) -> None:
        """Begin, or begin again after ``kill``."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End it properly."""
        raise NotImplementedError

    async def rest(self) -> None:
        """Return once it is between two rounds, if it ever is."""

    @property
    def cpu(self) -> float:
        """Seconds of processor time it took so far."""
        raise NotImplementedError

    @property
    def memory(self) -> Memory:
        """What it holds."""
        raise NotImplementedError

    @property
    def log(self) -> str:
        """What it wrote beside the chat."""
        path = self.world.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""


class LongRunning(Contender):
    """A process that stays, and is started again after it was killed, as systemd does."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._process: asyncio.subprocess.Process | None = None

    def command(self) -> tuple[str, ...]:
        """What Python is to run."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What it is told beside what all are."""
        raise NotImplementedError

    async def start(self) -> None:
        """A new process."""
        with (self.world.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.command(),
                cwd=self.world.folder,
                env={**self.world.environment(), **self.environment()},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """SIGKILL."""
        if self._process and self._process.returncode is None:
            self._process.kill()

    async def stop(self) -> None:
        """SIGTERM."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_WAIT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process
        return self._process.pid

    @property
    def cpu(self) -> float:
        """That of the process since its start."""
        return processor_seconds(self.pid)

    @property
    def memory(self) -> Memory:
        """Resident memory, now and at its highest."""
        return Memory(status_mib(self.pid, "VmRSS"), status_mib(self.pid, "VmHWM"))
