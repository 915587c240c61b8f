"""Keeps secrets out of every text that leaves the bot: known values, and whatever looks like one of ours."""

import re
from collections.abc import Iterable
from urllib.parse import quote

HIDDEN = "[secret]"
_TELEGRAM_TOKEN = re.compile(r"\b\d{6,}(?::|%3[Aa])[A-Za-z0-9_-]{30,}")
_USEAPI_TOKEN = re.compile(r"\buser(?::|%3[Aa])\d+-[A-Za-z0-9_]{12,}")
_BEARER = re.compile(r"(Bearer\s+)\S+", re.IGNORECASE)
_BOT_PATH = re.compile(r"(/bot)\d+:[^/\s]+")


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the given secrets, plain or percent-encoded, and without anything shaped like a token."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 3:  # a shorter one would tear every text apart, and protects nothing
            text = text.replace(secret, HIDDEN).replace(quote(secret, safe=""), HIDDEN)
    text = _BOT_PATH.sub(rf"\1{HIDDEN}", text)
    text = _USEAPI_TOKEN.sub(HIDDEN, _TELEGRAM_TOKEN.sub(HIDDEN, text))
    return _BEARER.sub(rf"\1{HIDDEN}", text)
