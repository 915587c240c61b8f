"""docs/security.md keeps its word: what it names exists, and what holds is named there."""

import ast
import re

from tests.integration.security.locks import ROOT

HERE = "integration/security"
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE))


def names_in(file: str) -> set[str]:
    """The names of a file's tests."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_")}


def test_every_test_that_the_threat_model_names_exists() -> None:
    """No line of docs/security.md rests on a test that is gone or was renamed."""
    assert len(NAMED) > 70
    assert {(file, name) for file, name in NAMED if name not in names_in(file)} == set()


def test_every_security_test_is_named_by_the_threat_model() -> None:
    """A test in tests/integration/security/ says which threat it is for, by standing in docs/security.md."""
    files = [path.name for path in (ROOT / "tests" / HERE).glob("test_*.py") if path.name != "test_threat_model.py"]
    written = {(f"{HERE}/{file}", name) for file in files for name in names_in(f"{HERE}/{file}")}
    assert written - NAMED == set()


def test_every_threat_has_a_test() -> None:
    """Each row of the page that says what is done names what holds it."""
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and row.count(" | ") == 2]
    threats = [row for row in rows if "held by" not in row and "---" not in row]
    assert len(threats) > 50
    assert [row for row in threats if "::test_" not in row] == []


def test_the_policy_says_how_to_report() -> None:
    """SECURITY.md is short, and names a way, a time, the versions and the threat model."""
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert len(policy.splitlines()) < 25
    for said in ("Report a hole in private", "within three days", "the newest release", "docs/security.md"):
        assert said in policy
