"""The pages that people read: short at the door, complete behind it, and no link that leads nowhere."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = next(parent for parent in Path(__file__).parents if (parent / "pyproject.toml").exists())
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
LINK = re.compile(r"\]\(([^)#:]+)?(?:#([^)]+))?\)")
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:\.py|/))`")
"""A Python file or a folder of this repository, as a page names it: from the root or by its end."""
FILES = [path for folder in ROOT.iterdir() if folder.name[0] != "." and folder.is_dir() for path in folder.rglob("*")]


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files and headings alike; other sites are not asked."""
    for name, heading in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / name if name else page
        assert target.exists(), name
        assert not heading or heading in anchors(target), heading


def test_the_first_page_is_short() -> None:
    """It says what the bot is, how to try it, what it promises and costs; everything else stands behind it."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_index_names_every_page() -> None:
    """Whoever looks for a page finds it."""
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} == set(
        re.findall(r"\((\S+\.md)\)", index)
    )


def missing_paths(text: str) -> Iterator[str]:
    """The Python files and folders of ours that a text names and that do not exist."""
    known = "".join(f"/{path.relative_to(ROOT).as_posix()}{'/' if path.is_dir() else ''}\n" for path in FILES)
    return (name for name in PATH.findall(text) if f"/{name}\n" not in known)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """Whoever follows a page finds the file; the changelog speaks of its own time."""
    assert not list(missing_paths(page.read_text(encoding="utf-8")))


def test_a_stale_path_is_found() -> None:
    """The check above can fail."""
    assert list(
        missing_paths("`bot/core/model.py`, `bot/app.py`, `telegram/client.py`, `bot/nowhere/`, `bot/cli/`")
    ) == [
        "bot/core/model.py",
        "bot/nowhere/",
    ]


def test_the_architecture_names_the_layers_that_are_held() -> None:
    """The list on the page is the list that import-linter reads."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert "```\n{}\n```".format("\n".join(layers)) in page


def test_the_way_of_one_reading_passes_few_files() -> None:
    """A stranger reads at most twenty files to follow a reading from the tick to the message."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    way = page.split("## The way of one reading")[1].split("\n## ")[0]
    assert 10 <= len(set(re.findall(r"\(\.\./(bot/[^)]+\.py)\)", way))) <= 20


def test_contributing_names_ten_changes_on_one_page() -> None:
    """Each with at least one file that exists and one test."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", page.split("| change | file | test |")[1], re.MULTILINE)[1:]
    assert len(rows) == 10
    assert all("`bot/" in file and "`test_" in test for _, file, test in rows)
    assert len(page.splitlines()) <= 70


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        ("outbox: retry after 429", True),
        ("Merge branch 'main'", True),
        ("Fix a bug", False),
        ("outbox:retry", False),
        (f"outbox: {'a' * 65}", False),
    ],
)
def test_the_hook_takes_messages_of_one_form(message: str, taken: bool, tmp_path: Path) -> None:
    """``area: what it does``, at most 72 characters; git's own messages pass."""
    file = tmp_path / "message"
    file.write_text(f"{message}\n\nA body of any length.\n", encoding="utf-8")
    run = subprocess.run([ROOT / ".ci/commit-message", file], capture_output=True, text=True, check=False)
    assert (run.returncode == 0) is taken
    assert bool(run.stderr) is not taken


def test_ci_runs_on_every_python_that_we_support() -> None:
    """The classifiers, the workflow and the page name the same."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        classifiers = tomllib.load(file)["project"]["classifiers"]
    supported = [one.rsplit(" ", 1)[1] for one in classifiers if re.search(r":: 3\.\d+$", one)]
    workflow = (ROOT / ".github/workflows/ci.yaml").read_text(encoding="utf-8")
    assert re.search(r"python: \[(.+)\]", workflow)[1].replace('"', "").split(", ") == supported  # type: ignore[index]
    assert "secrets." not in workflow
