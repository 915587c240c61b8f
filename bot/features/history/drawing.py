"""Draws pictures in a short-lived process, so that the bot's own memory does not grow by a plotting library.

One at a time, within a time limit; what goes wrong is said in words, and the bot goes on.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from bot.features.history.chart import Chart
from bot.support import subprocesses
from bot.support.errors import ChartError

log = logging.getLogger(__name__)

COMMAND = subprocesses.command("bot.features.history.renderer")
TIMEOUT = 20.0
PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_PICTURE = 10 * 2**20
"""Telegram takes a photo of up to 10 MB."""

NO_LIBRARY = 69
"""The exit code that says matplotlib is not installed."""


class ChartRenderer:
    """Draws what it is handed; later requests wait for the one under way."""

    def __init__(self, command: Sequence[str] = COMMAND, timeout: float = TIMEOUT) -> None:
        """Starts nothing and makes no folder yet."""
        self._command = command
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def draw(self, picture: Chart) -> bytes:
        """The picture as PNG. Raises DrawingTrouble, in words."""
        async with self._turn:
            code, drawn, said = await self._run(json.dumps(asdict(picture)).encode())
        if code == 0 and drawn.startswith(PNG) and len(drawn) <= LARGEST_PICTURE:
            return drawn
        log.warning("The drawing process ended with %d: %s", code, last_line(said))
        if code == NO_LIBRARY:
            raise ChartError("Pictures need matplotlib, which is not installed here: pip install matplotlib.")
        raise ChartError("The picture could not be drawn; the log says why.")

    async def _run(self, given: bytes) -> tuple[int, bytes, bytes]:
        """One child, from its birth to its end: its exit code, its answer, and what it said."""
        process = await self._start()
        try:
            async with asyncio.timeout(self._timeout):
                drawn, said = await process.communicate(given)
        except TimeoutError:
            log.warning("The drawing process took over %.0f s and was ended", self._timeout)
            raise ChartError("Drawing took too long. Ask again, or for one account or fewer days.") from None
        finally:
            if process.returncode is None:
                await end(process)
        return process.returncode or 0, drawn, said

    async def _start(self) -> asyncio.subprocess.Process:
        """A child that waits for its picture."""
        pipe = asyncio.subprocess.PIPE
        try:
            environment = self._environment()
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
            )
        except OSError as error:
            log.warning("The drawing process could not be started: %s", error)
            raise ChartError(f"The picture could not be drawn: {error.strerror or error}.") from None
        subprocesses.offer_to_oom_killer(process.pid)  # at once: the library's import takes most of the memory
        return process

    def _environment(self) -> dict[str, str]:
        """The child's environment, with a folder of its own, kept while the bot runs.

        matplotlib notes there which fonts there are, which takes seconds the first time; it needs one thread only.
        """
        if self._folder is None or not Path(self._folder.name).is_dir():
            self.close()
            self._folder = tempfile.TemporaryDirectory(prefix="credit-bot-pictures-", ignore_cleanup_errors=True)
        ours = {"MPLCONFIGDIR": self._folder.name, "MPLBACKEND": "agg"}
        return subprocesses.environment(**ours, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

    def close(self) -> None:
        """Takes the folder away; a drawing after that makes another."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends a child and waits until it is gone; what it still says is thrown away, so that nothing waits for it."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


def last_line(said: bytes) -> str:
    """The last line that a child said, which is what a traceback ends with."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
