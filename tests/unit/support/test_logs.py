"""The log: readable, and without a secret in any of its parts."""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

import pytest

from bot.support.logs import QUIET, set_up_logging
from bot.support.redaction import redact

SECRET = "s3cr3t/with?signs&such"
TELEGRAM = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"


class Written:
    """What went to standard error so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        """All of it."""
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """What goes to standard error; logging is as it was afterwards."""
    for place, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(place, hook, getattr(place, hook))
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield Written(capsys)
    logging.captureWarnings(False)
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def fail(secret: str) -> None:
    """Raises an error that carries a secret, out of another that does too."""
    try:
        raise ValueError(f"first {secret}")
    except ValueError as error:
        raise RuntimeError(f"GET https://x/bot{secret}/getMe?token={secret}") from error


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("secret", [SECRET, TELEGRAM], ids=["any", "telegram"])
def test_no_secret_in_message_arguments_or_traceback(written: Written, style: str, secret: str) -> None:
    """A secret in a message, in an argument, in a mapping, percent-encoded, or in a traceback's chain is left out."""
    set_up_logging("DEBUG", style, [SECRET])
    log = logging.getLogger("bot.test")
    log.debug("plain %s", secret)
    log.info(f"inside {secret}")  # noqa: G004 - the point of the test
    log.warning("%(token)s and %(token)r", {"token": secret})
    log.error("%r %s", [secret], quote(secret, safe=""))
    try:
        fail(secret)
    except RuntimeError:
        log.exception("it failed")
    said = written.getvalue()
    assert secret not in said
    assert quote(secret, safe="") not in said
    assert json.dumps(secret)[1:-1] not in said
    assert said.count("[secret]") >= 7
    assert "Traceback" in said
    assert "ValueError" in said


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.telegram.org/bot{TELEGRAM}/sendMessage",
        f"Authorization: Bearer {SECRET}",
        "authorization: bearer abcdef",
        f"token {TELEGRAM}.",
        "USEAPI_TOKEN=user:1234-abcdefghijklmnop",
        "https://x/bot123:short/getMe",
    ],
)
def test_what_looks_like_a_token_is_hidden_unknown_as_it_is(text: str) -> None:
    """Tokens of Telegram and useapi.net and bearer headers are hidden though nobody named them."""
    said = redact(text, ())
    assert "[secret]" in said
    for secret in (TELEGRAM, SECRET, "abcdef", "123:short"):
        assert secret not in said


def test_redaction_leaves_the_rest() -> None:
    """What is no secret stays readable; a secret too short to be one tears nothing apart; a longer one goes first."""
    assert redact("check of alice at 12:30:45 took 0.2 s", ["ab", ""]) == "check of alice at 12:30:45 took 0.2 s"
    assert redact("abcdef abc", ["abc", "abcdef"]) == "[secret] [secret]"


def test_text_lines(written: Written) -> None:
    """A line has the moment in UTC, the level, who says it, and what."""
    set_up_logging("INFO", "text", [])
    logging.getLogger("bot.test").info("hello %d", 5)
    moment, rest = written.getvalue().split(" ", 1)
    assert rest == "INFO bot.test: hello 5\n"
    assert datetime.fromisoformat(moment).utcoffset() is not None


def test_json_lines(written: Written) -> None:
    """One object a line, whatever the message holds; a traceback is a field of it."""
    set_up_logging("INFO", "json", [SECRET])
    log = logging.getLogger("bot.test")
    log.info('two\nlines and "quotes" 🎬')
    try:
        fail(SECRET)
    except RuntimeError:
        log.exception("failed")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert first["message"] == 'two\nlines and "quotes" 🎬'
    assert (first["level"], first["logger"]) == ("INFO", "bot.test")
    assert datetime.fromisoformat(first["time"]).utcoffset() is not None
    assert "exception" not in first
    assert "RuntimeError" in second["exception"]


def test_levels(written: Written) -> None:
    """Nothing below the level is written, and libraries that tell every step are quiet even at DEBUG."""
    set_up_logging("WARNING", "text", [])
    logging.getLogger("bot.test").info("no")
    logging.getLogger("bot.test").warning("yes")
    set_up_logging("DEBUG", "text", [])
    for name in QUIET:
        logging.getLogger(name).info("chatter of %s", name)
        logging.getLogger(name).warning("trouble of %s", name)
    said = written.getvalue()
    assert "no" not in said.split()
    assert "yes" in said
    assert "chatter" not in said
    assert said.count("trouble") == len(QUIET)


def test_a_louder_level_holds_for_libraries_too(written: Written) -> None:
    """At ERROR the libraries' warnings are left out too."""
    set_up_logging("ERROR", "text", [])
    logging.getLogger("httpx").warning("no")
    assert written.getvalue() == ""


def test_setting_up_again_writes_once(written: Written) -> None:
    """A second set-up replaces the first: no line comes twice."""
    set_up_logging("INFO", "text", [])
    set_up_logging("INFO", "text", [])
    logging.getLogger("bot.test").info("once")
    assert written.getvalue().count("once") == 1


def test_warnings_go_into_the_log_redacted(written: Written) -> None:
    """Python's own warnings are lines of the log, without secrets."""
    set_up_logging("INFO", "text", [SECRET])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"deprecated {SECRET}", stacklevel=1)
    said = written.getvalue()
    assert "WARNING py.warnings" in said
    assert SECRET not in said


def test_an_uncaught_error_is_logged_redacted(written: Written) -> None:
    """What nobody catches ends in the log, where it is redacted, and not on the screen as it is."""
    set_up_logging("INFO", "text", [SECRET])
    try:
        fail(SECRET)
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    said = written.getvalue()
    assert "CRITICAL bot: credit-bot has a defect and ends" in said
    assert SECRET not in said
