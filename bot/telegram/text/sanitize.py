"""Foreign text made safe for a line: one line, bounded, nothing invisible, nothing reordered."""

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""Zero-width, yet part of Persian words and of emoji; kept between visible characters."""

BLANKS = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")
"""Letters and symbols that are invisible."""

UNWANTED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
RIGHT_TO_LEFT = {"R", "AL", "AN"}
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
LINE_MARKS = "\u0333\u033f"
"""Combining lines that Telegram removes, which would shift every entity after them."""


WORD_JOINER = "\u2060"
_OWN = r"(?!(?<=(?<![\w.@-])useapi\.)net(?![.-]?\w))"
_CLICKABLE = re.compile(rf"(?<=[^\W\d])\.(?=\w){_OWN}|(?<=\w)\.(?=[^\W\d]){_OWN}|:(?=//)|(?<!\w)[@#$/](?=\w)")
"""Where Telegram begins a link: a name with a dot, except useapi.net; an address, a mention, a command."""


def utf16_len(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def shorten(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits with "…" into ``limit`` UTF-16 units; no character is split."""
    if utf16_len(text) <= limit:
        return text
    used, kept = 1, 0
    for char in text:
        used += utf16_len(char)
        if used > limit:
            break
        kept += 1
    return text[:kept].rstrip(f" \n{JOINERS}") + "…"


def clean(name: object, limit: int = 64, empty: str = "unnamed") -> str:
    """A name or text from outside, of any content, as one short line that leaves the text around it intact."""
    visible = "".join(char for char in normal(str(name)) if is_wanted(char))
    line = shorten(" ".join(visible.split()).strip(f" {JOINERS}"), limit)
    if not line.strip("…"):
        return empty
    if any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in line):
        return ISOLATE + line + END_ISOLATE
    return line


def plain(words: object, limit: int = 64, empty: str = "unnamed") -> str:
    """Text from outside without anything to tap: an error must not lead anywhere.

    Telegram makes links of what looks like one, whatever entities a message has; an invisible joiner prevents that. Not
    for names, which people type and copy.
    """
    return _CLICKABLE.sub(lambda found: found[0] + WORD_JOINER, clean(words, limit, empty))


def normal(text: str) -> str:
    """Composed characters, and a plain space for every kind of white space or blank; at most 10,000 of them."""
    spaced = "".join(" " if char.isspace() else char for char in text[:10_000].translate(BLANKS))
    return unicodedata.normalize("NFC", spaced)


def is_wanted(char: str) -> bool:
    """True if a character is visible, or belongs to one that is."""
    if char in JOINERS:
        return True
    noncharacter = (ord(char) & 0xFFFE) == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return not noncharacter and char not in LINE_MARKS and unicodedata.category(char) not in UNWANTED
