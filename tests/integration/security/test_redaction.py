"""Secrets in any dress, on every way by which Python writes something by itself, are left out of the log."""

import json
import logging
import re
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from bot.config.load import load_settings
from bot.support.errors import SettingsError
from bot.support.logs import set_up_logging
from bot.support.redaction import HIDDEN, redact

TOKEN = "user:4711-Märked/secret+0123456789"
PASSWORD = "pa55'w\"ord&more"
MAIL = f"mailto://marked:{quote(PASSWORD, safe='')}@mail.example.com?to=ann@example.com"
BEAT = "https://hc.example.com/ping/MARKED-beat%7E0123456789?key=MARKED-key-0123"
NEEDED = {"USEAPI_TOKEN": "user:1-abcdef", "TELEGRAM_BOT_TOKEN": "123456789:AAFabcdefghijklmnopqrstuvwxyz0123456"}


def in_small_letters(text: str) -> str:
    """As some libraries percent-encode."""
    return re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))


DRESSES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded, slashes kept": quote,
    "percent-encoded in small letters": lambda text: re.sub(
        "%..", lambda found: found[0].lower(), quote(text, safe="")
    ),
    "as a form has it": quote_plus,
    "as a literal": lambda text: repr(text)[1:-1],
    "as an ASCII literal": lambda text: ascii(text)[1:-1],
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "as Base64": lambda text: b64encode(text.encode()).decode(),
    "as Base64 for addresses": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "wrapped": lambda text: f"{text[:9]}\n    {text[9:]}",
    "wrapped in a group's traceback": lambda text: f"{text[:9]}\n    |     {text[9:]}",
    "wrapped in quotes": lambda text: f"'{text[:9]}'\n '{text[9:]}'",
    "wrapped in a literal": lambda text: f"{text[:9]}\\n{text[9:]}",
}


@pytest.fixture
def _logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for place, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(place, hook, getattr(place, hook))
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    logging.captureWarnings(False)
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.parametrize("dress", DRESSES)
def test_a_secret_is_hidden_in_every_dress(dress: str) -> None:
    """However a library writes a secret, encoded, escaped or over two lines, nothing of it is left."""
    said = redact(f"before {DRESSES[dress](TOKEN)} after", [TOKEN])
    assert re.fullmatch(rf"before '?{re.escape(HIDDEN)}'?={{0,2}} after", said)


@pytest.mark.parametrize(
    "part",
    [PASSWORD, quote(PASSWORD, safe=""), "MARKED-beat~0123456789", "MARKED-beat%7E0123456789", "MARKED-key-0123"],
)
def test_the_parts_of_an_address_are_secrets_too(part: str) -> None:
    """A password, a step of the path or what is asked is hidden without the address around it."""
    assert part not in redact(f"auth failed for {part}.", [MAIL, BEAT])


def test_user_and_password_as_a_header_has_them() -> None:
    """The Basic header that a client makes of an address is hidden, known or not."""
    userinfo = b64encode(f"marked:{PASSWORD}".encode()).decode()
    assert userinfo.rstrip("=") not in redact(f"{{'Authorization': 'Basic {userinfo}'}}", ())
    assert userinfo.rstrip("=") not in redact(f"header {userinfo}", [f"http://marked:{quote(PASSWORD)}@x.example.com/"])


@pytest.mark.parametrize(
    "text",
    [
        "https://anybody:pa55word@proxy.example.com:3128/",
        "socks5://:pa55word@proxy.example.com",
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwYTU1d29yZCJ9.pa55word-signature",
        """{'password': 'pa55word', "jwt": {"token": "pa55word"}, 'pass': 1}""",
        json.dumps({"invoice_url": "https://pay.example.com/pa55word", "AccountPassword": 'it\'s "pa55word"'}),
        "see https://billing.stripe.com/p/session/pa55word",
        "<a href='https://invoice.stripe.com/i/acct_1/pa55word?s=ap'>",
    ],
)
def test_what_nobody_named_is_known_by_its_looks(text: str) -> None:
    """User and password in an address, a session's token and a payment link are hidden though no setting has them."""
    said = redact(text, ())
    assert HIDDEN in said
    assert "pa55word" not in said


@pytest.mark.parametrize(
    "text",
    [
        "12,450 credits · Basic Membership renews Fri 24 Jul for 60",
        "USEAPI_TOKEN: is required. Example: USEAPI_TOKEN=user:1234-from-useapi.net",
        "Health and metrics at http://127.0.0.1:8080/healthz and /metrics",
        "pay at https://www.example.com/pricing; token refused; secret: none",
        '{"token_from": "USEAPI_TOKEN", "email": "alice@example.com"}',
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    """Words that also stand beside secrets are no secrets themselves."""
    assert redact(text, [TOKEN, MAIL, BEAT]) == text


@pytest.mark.usefixtures("_logging_as_it_was")
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_wrong_call_of_the_log_tells_no_argument(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a record that cannot be written, a library's mistake, its place is said and nothing of what it holds."""
    set_up_logging("INFO", style, [TOKEN])
    logging.getLogger("bot.test").warning("%d of %s", TOKEN, TOKEN)
    said = capsys.readouterr().err
    assert "could not be written (bot.test, test_redaction.py" in said
    assert TOKEN not in said


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_thread_that_fails_is_logged_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    """What Python would write of a thread by itself goes through the log."""
    set_up_logging("INFO", "text", [TOKEN])

    def work() -> None:
        raise RuntimeError(TOKEN)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert "A thread has failed" in said
    assert TOKEN not in said


@pytest.mark.usefixtures("_logging_as_it_was")
def test_an_error_in_a_finalizer_is_logged_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    """What Python would write of an error that it cannot raise goes through the log."""

    class Careless:
        def __del__(self) -> None:
            raise RuntimeError(TOKEN)

    set_up_logging("INFO", "text", [TOKEN])
    careless = Careless()
    del careless
    said = capsys.readouterr().err
    assert "A clean-up has failed" in said
    assert TOKEN not in said


def test_a_secret_from_a_file_is_no_part_of_a_fault(tmp_path: Path) -> None:
    """A secret that was read from its file and also stands in another setting is not told by that one's fault."""
    (tmp_path / "token").write_text("sEcReT0123")
    given = {
        **NEEDED,
        "USEAPI_TOKEN_FILE": str(tmp_path / "token"),
        "CHECK_EVERY": "sEcReT0123",
        "ACCOUNTS": "sEcReT0123",
    }
    del given["USEAPI_TOKEN"]
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=given)
    assert "CHECK_EVERY" in str(caught.value)
    assert "sEcReT0123" not in str(caught.value)


def test_a_file_of_secrets_that_never_ends_is_read_for_a_moment() -> None:
    """A path that names something endless is a fault, and fills no memory."""
    with pytest.raises(SettingsError, match="USEAPI_TOKEN_FILE: /dev/zero cannot be read: is too large"):
        load_settings(
            environ={
                "TELEGRAM_BOT_TOKEN": "123456789:AAFabcdefghijklmnopqrstuvwxyz0123456",
                "USEAPI_TOKEN_FILE": "/dev/zero",
            }
        )


def test_base_addresses_with_a_password() -> None:
    """Beside the token useapi.net's address can hold no password, and says so; Telegram's can, and it is a secret."""
    with pytest.raises(SettingsError, match="USEAPI_URL: holds a user or a password") as caught:
        load_settings(environ={**NEEDED, "USEAPI_URL": "https://marked:pa55word@useapi.example.com/v2"})
    assert "pa55word" not in str(caught.value)
    settings = load_settings(environ={**NEEDED, "TELEGRAM_API_URL": "http://marked:pa55word@10.0.0.7:8081"})
    assert "pa55word" not in redact("no access for pa55word", settings.secrets)
    assert not any("api.telegram.org" in secret for secret in load_settings(environ=NEEDED).secrets)
