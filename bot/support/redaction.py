"""Removes secrets from every text that leaves the bot: known values in any encoding, and what looks like one."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

HIDDEN = "[secret]"
SHORTEST, SHORTEST_PART = 3, 8
"""A shorter secret, or part of one, would tear every text apart, and protects nothing."""

KEPT = ("", "/", ":/?#[]@!$&'()*+,;=")
"""The characters that one library or another does not percent-encode."""

_TELEGRAM_TOKEN = re.compile(r"\b\d{6,}(?::|%3[Aa])[A-Za-z0-9_-]{30,}")
_USEAPI_TOKEN = re.compile(r"\buser(?::|%3[Aa])\d+-[A-Za-z0-9_]{12,}")
_BEARER = re.compile(r"(Bearer\s+)\S+", re.IGNORECASE)
_BASIC = re.compile(r"(Authorization\W{1,6}Basic\s+)[^\s\"',}]+", re.IGNORECASE)
_BOT_PATH = re.compile(r"(/bot)\d+:[^/\s]+")
_SESSION = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_USERINFO = re.compile(
    r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://)(?!user:password@)[^\s/?#@\"'<>:]{0,500}:[^\s/?#@\"'<>]{0,500}@"
)
"""User and password before a host, but in the example of the settings."""

_PAYMENT = re.compile(
    r"\bhttps?://[^\s/\"'<>]{0,250}\b(?:stripe|invoices?|billing|checkout|pay)\b[^\s\"'<>]*", re.IGNORECASE
)
_FIELD = re.compile(
    r"""((["'])\w*(?:password|passwd|secret|token|api_?key|_url)\2\s*:\s*(["']))(?:(?!\3)[^\\]|\\.)+""", re.IGNORECASE
)
"""A field of a response, as JSON or as Python shows it, whose name says that it is private."""

_LIKE_SECRETS = (_TELEGRAM_TOKEN, _USEAPI_TOKEN, _SESSION, _PAYMENT)

_LINE_END = r"(?:['\"]?\\?(?:\r?\n|(?:\\r)?\\n)[ \t|]*['\"]?)?"
"""Text that can stand between two characters of a wrapped secret: an end of line, a margin, quotes."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the given secrets, in any encoding, and without anything shaped like a token."""
    known, wrapped = _patterns(frozenset(secrets))
    if known:
        text = known.sub(HIDDEN, text)
    if wrapped and ("\n" in text or "\\n" in text):
        text = wrapped.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1{HIDDEN}", _BOT_PATH.sub(rf"\1{HIDDEN}", text))
    text = _FIELD.sub(rf"\1{HIDDEN}", text)
    text = _BASIC.sub(rf"\1{HIDDEN}", _USERINFO.sub(rf"\1{HIDDEN}@", text))
    for pattern in _LIKE_SECRETS:
        text = pattern.sub(HIDDEN, text)
    return text


@lru_cache(maxsize=8)
def _patterns(secrets: frozenset[str]) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """Patterns of the secrets on one line, and across several; None without secrets."""
    pieces = {piece for secret in secrets for piece in parts_of(secret)}
    dressed = {dress for piece in pieces for dress in dresses_of(piece)}
    long = {text for piece in pieces for text in (piece, unquote(piece)) if len(text) >= SHORTEST_PART}
    spread = [_LINE_END.join(map(re.escape, text)) for text in by_length(long)]
    return _either(map(re.escape, by_length(dressed))), _either(spread)


def _either(alternatives: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that matches any of them, the first that does; None without any."""
    joined = "|".join(alternatives)
    return re.compile(joined) if joined else None


def by_length(texts: Iterable[str]) -> list[str]:
    """The longest first, so that no part of a secret is hidden before the whole."""
    return sorted(texts, key=lambda text: (-len(text), text))


def parts_of(secret: str) -> Iterator[str]:
    """A secret, and the parts of an address that reveal it: user, password, steps of the path, query."""
    if len(secret) >= SHORTEST:
        yield secret
    if "://" not in secret:
        return
    try:
        address = urlsplit(secret)
    except ValueError:
        return
    userinfo = address.netloc.rpartition("@")[0]
    asked = [value for _, value in parse_qsl(address.query)]
    path = address.path.strip("/")
    for part in (userinfo, address.password, path, *path.split("/"), *asked, address.fragment):
        if part and len(part) >= (SHORTEST if part is address.password else SHORTEST_PART):
            yield part


def dresses_of(secret: str) -> Iterator[str]:
    """A text in the encodings of libraries: plain, percent-encoded, in a literal, in JSON, as Base64."""
    for plain in {secret, unquote(secret)}:
        yield plain
        for encoded in (*(quote(plain, safe=kept) for kept in KEPT), quote_plus(plain)):
            yield encoded
            yield re.sub("%..", lambda found: found[0].lower(), encoded)
        yield from (repr(plain)[1:-1], json.dumps(plain)[1:-1], ascii(plain)[1:-1])
        if len(plain) >= SHORTEST_PART:
            yield from in_base64(plain)


def in_base64(text: str) -> Iterator[str]:
    """A text as Base64, in both alphabets, without the padding, which a search does not need."""
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(text.encode(errors="replace")).decode().rstrip("=")
