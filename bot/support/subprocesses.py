"""Runs child processes: without secrets, with our own modules only, and with a time limit."""

import asyncio
import os
import resource
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAMES = {
    "PATH", "HOME", "USER", "LOGNAME", "TZ", "TZDIR", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
}  # fmt: skip
BEGINNINGS = ("LC_", "LD_", "DYLD_", "PYTHON", "COVERAGE", "COV_", "XDG_", "FONTCONFIG_", "OPENSSL_")
"""Prefixes of variables that a child can need. A list of forbidden ones would miss the tokens of ``token_env``."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that ended: its exit code, below 0 for a signal, and its output."""

    code: int
    output: bytes = b""
    errors: bytes = b""

    @property
    def last_line(self) -> str:
        """The last line of its errors, which is how a traceback ends."""
        lines = self.errors.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else "no reason given"


async def run(
    command: Sequence[str],
    given: bytes = b"",
    within: float | None = None,
    *,
    more: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> Finished:
    """Starts a child, sends it its input, and waits for its end. ``more`` is added to its environment.

    The output of a ``quiet`` one is dropped unread. Raises OSError if it cannot be started, and TimeoutError after
    ``within`` seconds. A child that has not ended by then, or when this is cancelled, is killed.
    """
    written = DEVNULL if quiet else PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=written, stderr=written, env=environment(**(more or {}))
    )
    offer_to_oom_killer(process.pid)  # at once: a library's import can take most of the memory
    try:
        async with asyncio.timeout(within):
            output, errors = await process.communicate(given)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    return Finished(process.returncode or 0, output or b"", errors or b"")


def environment(**more: str) -> dict[str, str]:
    """A child's environment: variables without secrets, the path of our modules, and ``more``."""
    own = os.environ
    kept = {name: value for name, value in own.items() if name.upper() in NAMES or name.startswith(BEGINNINGS)}
    paths = [str(Path(__file__).parents[1]), *filter(None, [own.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **more}


def proxies() -> dict[str, str]:
    """The proxies of the environment, for a child that uses the network: they can hold a password."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def command(module: str) -> tuple[str, ...]:
    """The command for a module of ours; ``-P`` keeps Python from importing files of the working folder."""
    return (sys.executable, "-P", "-m", module)


def offer_to_oom_killer(pid: int) -> None:
    """When memory runs out, Linux ends this child before the bot. Elsewhere nothing happens."""
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


def forbid_core_dumps() -> None:
    """A crash writes no image of the memory, which holds the tokens. Children inherit this."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
