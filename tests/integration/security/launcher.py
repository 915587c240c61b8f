"""Runs the bot with defects in it that put planted secrets into whatever Python and its libraries write of an error.

A program of its own: ``python tests/integration/security/launcher.py``. The secrets come by a file, for arguments can
be read.
"""

import asyncio
import json
import logging
import os
import sys
import threading
import traceback
import warnings
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

from bot.cli import main
from bot.commands import registry
from bot.commands.registry import CommandContext
from bot.domain.accounts import CheckResult, NotModified
from bot.features.board.publisher import BoardPublisher
from bot.features.fallback import sender
from bot.sources.conditional import ConditionalSource

PLANTED = json.loads(Path(os.environ["PLANTED_FILE"]).read_text(encoding="utf-8"))
SECRETS: dict[str, str] = PLANTED["known"]
honest = ConditionalSource.check


def dressed() -> str:
    """Every secret as libraries write them into errors, plain, encoded, escaped, over two lines; and a response."""
    lines = [json.dumps(PLANTED["body"]), repr(PLANTED["body"]), json.dumps(PLANTED["body"], indent=2)]
    for secret in SECRETS.values():
        wrapped = f"{secret[:14]}\n    {secret[14:]}"
        lines += [secret, quote(secret, safe=""), repr(secret), json.dumps(secret), ascii([secret]), wrapped]
        lines.append(f"Authorization: Basic {b64encode(f'marked:{secret}'.encode()).decode()}")
    return "\n".join(lines)


async def check(self: ConditionalSource, email: str, known: str | None) -> CheckResult | NotModified:
    """A look that fails in a way nobody foresaw."""
    if not email.startswith("defect"):
        return await honest(self, email, known)
    raise RuntimeError(f"GET {os.environ['USEAPI_URL']} {dressed()}")


async def status(_: CommandContext) -> None:
    """A command with a defect: an error out of another, in a group, with a note."""
    try:
        raise ValueError(dressed())
    except ValueError as error:
        error.add_note(dressed())
        raise ExceptionGroup("several", [error, RuntimeError(dressed())]) from error


class Careless:
    """Fails as it is cleaned up."""

    def __del__(self) -> None:
        raise RuntimeError(dressed())


def fail() -> None:
    """Fails in a thread."""
    raise RuntimeError(dressed())


async def crash(_: BoardPublisher) -> None:
    """A part of the bot that fails in every way, once the test says so, and takes the bot with it."""
    while not os.path.exists("crash-now"):  # noqa: ASYNC110, ASYNC240 - a file is how the test says so
        await asyncio.sleep(0.05)
    logging.getLogger("library").warning("%d", dressed())
    logging.getLogger("library").debug("%r", {"secrets": SECRETS})
    warnings.warn(dressed(), stacklevel=1)
    Careless()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    asyncio.get_running_loop().call_exception_handler({"message": dressed(), "exception": RuntimeError(dressed())})
    logging.getLogger("library").error("as a library would: %s", "".join(traceback.format_stack()) + dressed())
    raise RuntimeError(dressed())


if __name__ == "__main__":
    sender.LOOK_EVERY = 0.5
    ConditionalSource.check = check  # type: ignore[method-assign]
    registry.BY_NAME["status"] = registry.Command("status", "/status", "", status)
    BoardPublisher.run = crash  # type: ignore[assignment, method-assign]
    sys.exit(main.main(["run"]))
