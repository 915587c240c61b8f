"""A foreign server's words, made safe for people: one short line, without links and secrets."""

import html
import re
import unicodedata
from http.client import responses
from typing import Final

LONGEST: Final = 160
"""The most characters of a line: about two lines of a phone's notification."""

_MOST_READ = 4000
_OMITTED = "…"

_ERROR_KEYS = ("error", "message", "detail", "details", "errors", "errorMessage", "errorDetails", "msg", "reason")
_DEEPEST = 4

_HEADING = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_ASSIGNED_SECRET = re.compile(
    r"""(passw(?:or)?d|pwd|secret|api[ _-]?key|bearer|(?:token|jwt|authorization)(?=\W{1,20}\S{0,200}\d))
        (["']?\s*[:=]\s*|\s+(?<=bearer\s))["']?\S+""",
    re.IGNORECASE | re.VERBOSE,
)
_LINK = re.compile(r"//|\bwww\.|[\w-]\.[a-z]{2,}/", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@:/]+@[\w-]+(\.[\w-]+)+")
_OPAQUE = re.compile(r"[A-Za-z0-9_\-.+/=:~%…]{20,}")
_OWN_PHRASES = {596: "The linked account is broken until it is added to useapi.net again"}


def one_line(text: str) -> str:
    """Foreign text as one line of at most ``LONGEST`` characters, safe for a chat and a log.

    Control, bidirectional and other invisible characters are removed; links, passwords and anything like a token become
    an ellipsis. Emails stay: they are the accounts' names.
    """
    words = "".join(map(_visible, _bounded(text))).split()
    line = _ASSIGNED_SECRET.sub(rf"\1\2{_OMITTED}", " ".join(words))
    line = " ".join(_OMITTED if _is_private(word) else word for word in line.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + _OMITTED


def of_error(value: object) -> str | None:
    """The words of a decoded JSON error, in any of the shapes of useapi.net, as one line; None without any.

    Seen: ``{"error": str}``, ``{"error": str, "code": n}``, ``{"error": {"message": str}}``, ``{"message": str}``.
    """
    return _telling(_found(value, _DEEPEST))


def of_text(text: str) -> str | None:
    """The words of an answer that is not JSON: plain text itself, of a web page its title or first heading."""
    start = text[:_MOST_READ].strip()
    if start.startswith("<"):
        heading = _HEADING.search(start)
        return _telling(html.unescape(_TAG.sub(" ", heading[2]))) if heading else None
    cut_json = start.startswith(("{", "["))
    return None if cut_json else _telling(text)


def of_status(status: int) -> str:
    """The name of a status code, if the server sent no words."""
    if 300 <= status < 400:
        return "A redirect, which is not followed: check USEAPI_URL"
    if status in _OWN_PHRASES:
        return _OWN_PHRASES[status]
    return responses.get(status, f"Status {status}")


def _found(value: object, depth: int) -> str | None:
    if isinstance(value, str):
        return value
    if depth == 0:
        return None
    if isinstance(value, dict):
        inner = [value.get(key) for key in _ERROR_KEYS]
    else:
        inner = value[:_DEEPEST] if isinstance(value, list) else []
    return next(filter(None, (_found(item, depth - 1) for item in inner)), None)


def _telling(text: str | None) -> str | None:
    line = one_line(text or "")
    return line if any(map(str.isalnum, line)) else None


def _bounded(text: str) -> str:
    """Very long text, cut at a space, so that no half of a token escapes the redaction."""
    return text if len(text) <= _MOST_READ else text[:_MOST_READ].rpartition(" ")[0]


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    return "" if category.startswith("C") else char


def _is_private(word: str) -> bool:
    if _LINK.search(word):
        return True
    if _EMAIL.fullmatch(word.strip("\"'()[]{}<>,;:.!?")):
        return False
    return any(_mixes_digits_and_letters(run) for run in _OPAQUE.findall(word))


def _mixes_digits_and_letters(run: str) -> bool:
    return any(map(str.isdigit, run)) and any(map(str.isalpha, run))
