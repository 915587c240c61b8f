"""Every parser on anything: a value, or an error that it may raise; and no parser is forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.fuzz.parsers import PARSERS, Parser

BOT = Path(__file__).parents[3] / "bot"
FOREIGN = {"text", "value", "data", "body", "page", "words", "said", "date", "code"}
"""What a function calls the first thing it is handed, if that comes from outside."""

BEGIN = ("parse", "load_", "read_")

NO_PARSERS = {
    "bot.sources.conditional.fingerprint_of": "takes any bytes",
    "bot.features.database.text.answer_message": "words a trouble of the database: unit/features/database/test_text.py",
    "bot.telegram.text.layout.pieces_of": "is handed what the bot itself wrote: integration/telegram/test_sender.py",
    "bot.config.accounts_file.build.read_token": "reads a file: tests/unit/config/test_accounts_file.py",
    "bot.telegram.text.account_list.read_text": "is handed accounts: test_words.py",
    "bot.telegram.text.dates.unmarked": "is handed what the bot itself wrote: tests/golden/zones.py",
    "bot.domain.credit_changes.differ": "compares two values of the core",
    "bot.features.history.renderer.drawable": "is handed what the bot itself wrote: test_drawing.py",
    "bot.storage.boards.hash_of": "is handed what the bot itself wrote",
    "bot.storage.alerts.load_notified": "reads what the bot itself wrote: test_operations.py",
    "bot.storage.pairing.hash_of": "is handed what is_code let through",
    "bot.commands.service.BotService.enter": "hands the code on to bot.features.pairing.service.Pairing.open",
    "bot.features.pairing.service.Pairing.open": "asks is_code first; test_telegram.py sends any code",
    "bot.config.accounts_file.read.read_accounts_file": "reads a file: test_files.py",
    "bot.config.load.load_database": "reads a file: test_files.py reads such ones",
    "bot.sources.recent_jobs.read_statistics": "is handed a source, and hands its page to parse_statistics",
    "bot.config.load.load_settings": "reads a file: test_files.py",
    "bot.config.listen.load_listen": "reads a file, and hands its text to setting_types.parse_address",
    "bot.config.load.read_env_file": "reads a file: test_files.py",
    "bot.config.env_file.numbered": "a part of EnvFile.values",
    "bot.config.load.read_secret": "reads a file: test_files.py",
    "bot.features.history.chart.load_chart": "what the bot itself hands its child: test_drawing.py",
    "bot.features.history.chart.load_panel": "what the bot itself hands its child: test_drawing.py",
}
"""What looks like a parser, and why it is not in the table."""


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The public functions of a module and of its classes, by their full names."""
    parts = path.relative_to(BOT.parent).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    for node in ast.parse(path.read_text("utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{module}.{node.name}" if isinstance(node, ast.ClassDef) else module
        for function in inner:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and not function.name.startswith("_"):
                yield f"{prefix}.{function.name}", function


def reads_foreign(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is handed something from outside, by its name and what it calls the first argument."""
    first = next((one for one in function.args.args if one.arg not in ("self", "cls")), None)
    if first is None:
        return False
    kind = ast.unparse(first.annotation) if first.annotation else ""
    return function.name.startswith(BEGIN) or kind == "object" or (first.arg in FOREIGN and kind in ("str", "bytes"))


FOUND = {
    name
    for path in sorted(BOT.rglob("*.py"))
    if not {"demo", "migrations", "simulator"} & set(path.parts)
    for name, function in functions(path)
    if reads_foreign(function)
}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name.removeprefix("bot."))
@given(st.data())
def test_anything_is_a_value_or_an_error_of_ours(parser: Parser, data: st.DataObject) -> None:
    """Whatever a parser is fed, it answers, or raises what its caller puts into words."""
    parser.run(*data.draw(parser.feed))


def test_no_parser_is_forgotten() -> None:
    """Each function that reads what comes from outside is in the table, or has a reason not to be."""
    told = {parser.name for parser in PARSERS}
    assert sorted(FOUND - told - NO_PARSERS.keys()) == []
    assert sorted(NO_PARSERS.keys() - FOUND) == []
    assert not told & NO_PARSERS.keys()
