"""Plain words: the names that the code had before, and a few turns of phrase, come back nowhere.

Read are docstrings and comments of bot/, the pages, and the texts that people get (tests/golden).
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = next(parent for parent in Path(__file__).parents if (parent / "pyproject.toml").exists())
BOT = sorted((ROOT / "bot").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
GOLDEN = sorted(next(ROOT.glob("tests/**/golden")).glob("*.txt"))

OLD_WORDS = {
    r"(?:is|are|was|were|been) told": "gets, is sent",
    r"(?:is|are|was|were) looked at|looks? at (?:every|each|all|an?|the|whom|accounts?)": "checks",
    r"in a way nobody foresaw": "unexpected error",
    r"afresh|anew": "again",
    r"any more|watched no more": "no longer",
    r"fore(?:told|saw|seen|sees?)": "forecast",
    r"newcomers?": "new accounts",
    r"watchlists?|rosters?": "targets, active targets",
    r"parcels?": "batch",
    r"lanes?": "queue",
    r"ladders?|rungs?": "thresholds, threshold",
    r"in peace": "asks for a pause",
    r"stirs?": "has an open alert",
    r"the watch": "the checks, the bot",
    r"LookError|DrawingTrouble|ProxyTrouble": "SourceError, ChartError, ProxyError",
    r"the log has it already": "it is logged already",
}
"""Each with what is written instead."""

OLD_WORD = re.compile(r"\b(?:{})\b".format("|".join(OLD_WORDS)), re.IGNORECASE)
NO_BEGINNING = re.compile(r"(?:^|[.!?] )(?:What|Whether|So|Lets?) ")
CODE = re.compile(r"```.*?```|``[^`]+``|`[^`\n]+`", re.DOTALL)


def prose_of(source: str) -> Iterator[str]:
    """The docstrings of a module, also those of names, and its comments, each on one line and without code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(CODE.sub("", node.value.value).split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("#! ")


def test_no_old_word_in_the_code() -> None:
    """Docstrings and comments speak in the words of today."""
    found = [
        f"{path.relative_to(ROOT)}: {text[:100]}"
        for path in BOT
        for text in prose_of(path.read_text(encoding="utf-8"))
        if OLD_WORD.search(text)
    ]
    assert not found, "\n".join(found)


def test_no_sentence_in_the_code_begins_like_a_question() -> None:
    """A sentence begins with its subject: "True if …", "The remedy …", not "Whether …", "What to do …"."""
    found = [
        f"{path.relative_to(ROOT)}: {text[:100]}"
        for path in BOT
        for text in prose_of(path.read_text(encoding="utf-8"))
        if NO_BEGINNING.search(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", [*PAGES, *GOLDEN], ids=lambda path: path.name)
def test_no_old_word_for_people(path: Path) -> None:
    """Pages and messages alike; headings of golden situations are not sent to anybody."""
    text = CODE.sub("", path.read_text(encoding="utf-8"))
    found = [line for line in text.splitlines() if not line.startswith("── ") and OLD_WORD.search(line)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["It is told anew.", "A ladder has rungs.", "looks at every account", "In peace"])
def test_an_old_word_is_found(text: str) -> None:
    """The checks above can fail."""
    assert OLD_WORD.search(text)


def test_all_prose_is_read() -> None:
    """Docstrings of modules, functions and names, and comments; what stands in code is not prose."""
    source = '"""Module ``ladder``."""\nNAME = 1\n"""Name."""\n\n\ndef f():\n    """Function."""  # comment\n'
    assert set(prose_of(source)) == {"Module .", "Name.", "Function.", "comment"}
