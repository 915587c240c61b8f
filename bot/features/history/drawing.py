"""Draws charts in a short-lived process, so that the plotting library's memory does not stay in the bot.

One at a time, within a time limit; a failure becomes a text, and the bot goes on.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import Sequence
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
"""The exit code for a missing matplotlib."""


class ChartRenderer:
    """Draws one chart at a time; later requests wait."""

    def __init__(self, command: Sequence[str] = COMMAND, timeout: float = TIMEOUT) -> None:
        """Starts no process and creates no folder yet."""
        self._command = command
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def draw(self, picture: Chart) -> bytes:
        """The chart as PNG. Raises ChartError."""
        async with self._turn:
            ended = await self._run(json.dumps(asdict(picture)).encode())
        if ended.code == 0 and ended.output.startswith(PNG) and len(ended.output) <= LARGEST_PICTURE:
            return ended.output
        log.warning("The drawing process ended with %d: %s", ended.code, ended.last_line)
        if ended.code == NO_LIBRARY:
            raise ChartError("Pictures need matplotlib, which is not installed here: pip install matplotlib.")
        raise ChartError("The picture could not be drawn; the log says why.")

    async def _run(self, given: bytes) -> subprocesses.Finished:
        """Runs one child. Raises ChartError."""
        try:
            return await subprocesses.run(self._command, given, self._timeout, more=self._environment())
        except TimeoutError:
            log.warning("The drawing process took over %.0f s and was ended", self._timeout)
            raise ChartError("Drawing took too long. Ask again, or for one account or fewer days.") from None
        except OSError as error:
            log.warning("The drawing process could not be started: %s", error)
            raise ChartError(f"The picture could not be drawn: {error.strerror or error}.") from None

    def _environment(self) -> dict[str, str]:
        """Additions to the child's environment: a folder of its own, kept while the bot runs.

        matplotlib caches its fonts there, which takes seconds the first time; it needs one thread only.
        """
        if self._folder is None or not Path(self._folder.name).is_dir():
            self.close()
            self._folder = tempfile.TemporaryDirectory(prefix="credit-bot-pictures-", ignore_cleanup_errors=True)
        threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return {"MPLCONFIGDIR": self._folder.name, "MPLBACKEND": "agg", **threads}

    def close(self) -> None:
        """Deletes the folder; a later chart creates another."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
