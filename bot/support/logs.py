"""The log: text or one JSON object a line, without any secret in either, tracebacks included."""

import json
import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from bot.support.redaction import redact

QUIET = ("httpx", "httpcore", "apscheduler", "asyncio", "telegram", "hpack", "sqlalchemy")
"""Libraries that log each request, its address with the token in it, or each of their own steps."""

TOLD_BY_US = ("telegram.request", "apscheduler.executors")
"""Parts of libraries that log a traceback of each error which they also raise, and which we log in words."""


def quieten(level: str = "WARNING") -> None:
    """Silences the libraries' own steps, and errors that they also raise."""
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for name in TOLD_BY_US:
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Redacted(logging.Formatter):
    """Text lines; the finished line is redacted, so that no message or traceback of a library leaks a secret."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """``secrets`` are the values to hide."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002 - logging's
        """UTC, to the millisecond."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._secrets)


class RedactedJson(Redacted):
    """The same as JSON, one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage(), self._secrets),
        }
        if record.exc_info:
            fields["exception"] = redact(self.formatException(record.exc_info), self._secrets)
        return json.dumps(fields, ensure_ascii=False)


class ToStandardError(logging.StreamHandler[TextIO]):
    """Standard error. For a record that cannot be written, Python would print the arguments unredacted."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's
        """Reports the origin of the record, and nothing of its content."""
        place = f"{record.name}, {record.filename}:{record.lineno}"
        with suppress(Exception):
            self.stream.write(f"A line of the log could not be written ({place}): {type(sys.exception()).__name__}\n")


def set_up_logging(level: str, style: str, secrets: Sequence[str]) -> None:
    """Sends everything to standard error, redacted; also Python's own reports of uncaught exceptions.

    ``secrets`` can grow later.
    """
    handler = ToStandardError(sys.stderr)
    handler.setFormatter(RedactedJson(secrets) if style == "json" else Redacted(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    quieten(level)
    sys.excepthook = log_uncaught
    threading.excepthook = log_uncaught_in_thread
    sys.unraisablehook = log_unraisable


def log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bot").critical("credit-bot has a defect and ends", exc_info=(kind, error, trace))


def log_uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    """The same for a thread, which ends; the bot goes on."""
    error = what.exc_value
    if error is not None:
        logging.getLogger("bot").error("A thread has failed", exc_info=(what.exc_type, error, what.exc_traceback))


def log_unraisable(what: "sys.UnraisableHookArgs") -> None:
    """The same for an exception that could not be raised, for example in a finalizer."""
    error = what.exc_value
    if error is not None:
        logging.getLogger("bot").error("A clean-up has failed", exc_info=(what.exc_type, error, what.exc_traceback))
