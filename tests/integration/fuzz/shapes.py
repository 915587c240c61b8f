"""What comes from outside, in any shape: texts, JSON, bytes that were meant to be JSON, readings, facts."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.integration.sources.helpers import sample

ODD = [
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\udfff\ud800",
        "\ufeff",
        "\u202e12\u202c",
        "\u2066",
        "\u200b",
        "\u200d",
        "\u2028",
        "\x85",
    ),
    *("\ufdfa" * 40, "\U0001d7d9\U0001d7da", "²", "٣", "१२", "Ⅷ", "½", "ß", "İ", "e\u0301" * 30, "\U0010ffff"),
    *(
        "👩\u200d👩\u200d👧\u200d👦",
        "9" * 5000,
        "1e999",
        "-0",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "+5",
        "1.",
        ".5",
        "\u22125",
    ),
    *(
        "${HOME}",
        "$(id)",
        "'",
        '"',
        "\\",
        "%s",
        "{}",
        "../..",
        "~",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
    ),
    *("Thu, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 -2359", "Sun, 06 Nov 1994 08:49:37 +9999"),
]
"""Texts that have broken somebody's parser somewhere."""

PIECES = [
    *"0123456789%,;:/<>@.-+=[]{}()#'\"\\ \t\n\r",
    *(
        "15m",
        "1h30m",
        "7d",
        "20%",
        "-100",
        "a@b.c",
        "Studio",
        "22:00",
        "08:00",
        "Europe",
        "/Berlin",
        "all",
        "email",
        "…",
    ),
    *(
        "sqlite:///",
        "https://",
        "mailto://",
        "ntfy://",
        "ACCOUNTS",
        "USEAPI_TOKEN",
        "LOW_CREDITS",
        "[[source]]",
        "export ",
    ),
    *('"""', "'''", "/credits", "/mute", "@bot", "ack", "alerts", "credits"),
]
NEAR = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
"""Texts made of what the right ones are made of."""

TEXTS = st.one_of(st.text(max_size=80), NEAR, st.sampled_from(ODD), st.tuples(NEAR, st.sampled_from(ODD)).map("".join))
PLAIN = TEXTS.map(lambda text: text.encode(errors="replace").decode())
"""Without lone surrogates, as whatever was once decoded."""

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from([10**400, -(2**63), 2**63, -0.0]), TEXTS
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
PAGE: dict[str, Any] = sample("pixverse_account.json")
PAGES = st.dictionaries(st.sampled_from([*PAGE, "error", "retryAfter", "email"]), JSON).map(lambda new: {**PAGE, **new})
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "ascii")


@st.composite
def bodies(draw: st.DrawFn, pages: st.SearchStrategy[Any] = JSON | PAGES) -> bytes:
    """Bytes that were meant to be JSON: well formed, twisted, nested deeply, cut, or none at all."""
    how = draw(st.sampled_from(["json", "json", "twice", "deep", "huge", "bytes", "text"]))
    if how == "deep":
        opening = draw(st.sampled_from([b"[", b'{"a":', b'{"error":[', b'[{"error":']))
        return opening * draw(st.sampled_from([10, 500, 5_000, 100_000]))
    if how == "huge":
        number = draw(
            st.sampled_from(["9" * 5_000, "1e999999", "-" + "9" * 400, "0." + "3" * 5_000, "NaN", "-Infinity"])
        )
        return b'{"credit_monthly": ' + number.encode() + b', "retryAfter": ' + number.encode() + b"}"
    if how == "bytes":
        return draw(st.binary(max_size=200))
    if how == "text":
        return draw(TEXTS).encode(draw(st.sampled_from(ENCODINGS)), "replace")
    text = json.dumps(draw(pages), ensure_ascii=draw(st.booleans()))
    if how == "twice" and text.startswith("{"):
        text = text[:-1] + f", {text[1:] if len(text) > 2 else '}'}"
    encoding = draw(st.sampled_from(ENCODINGS))
    body = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    return body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body
