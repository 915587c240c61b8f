"""``make sizes``: what it makes of a wheel and of an image's own numbers."""

import zipfile
from pathlib import Path

import pytest

from bench import sizes


def test_a_wheel_is_listed_by_its_folders(tmp_path: Path) -> None:
    """The whole, the files, and each folder below the package."""
    file = tmp_path / "credit_bot-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("bot/app.py", "x" * 3_000)
        made.writestr("bot/storage/a.py", "x" * 4_000)
        made.writestr("bot/storage/b.py", "x" * 4_000)
        made.writestr("credit_bot.dist-info/METADATA", "x" * 500)
    lines = sizes.table(sizes.wheel(file)).splitlines()
    assert lines[0].endswith("wheel credit_bot-1-py3-none-any.whl")
    assert lines[1].strip() == "4 files, 12 kB unpacked"
    assert [" ".join(line.split()) for line in lines[2:4]] == ["8 kB bot/storage", "3 kB bot"]
    assert lines[4].endswith("credit_bot.dist-info")


def test_an_image_is_base_libraries_and_compiled_code() -> None:
    """Its parts add up to the whole, and what should not be there is named."""
    found = {
        "all": 400_000_000,
        "ours": 250_000_000,
        "compiled": 60_000_000,
        "parts": {f"lib{number}": 10_000_000 for number in range(18)},
        "tests": ["/opt/lib/tests"],
    }
    contents = sizes.image("credit-bot", found)
    assert sum(contents.parts.values()) == contents.total
    text = sizes.table(contents)
    assert " 400.0 MB  image credit-bot, unpacked" in text
    assert "150.0 MB  base image: Debian and Python" in text
    assert "libraries' tests and samples: /opt/lib/tests" in text
    assert text.splitlines()[-1].endswith("9 smaller ones")
    assert "samples: none" in sizes.table(sizes.image("credit-bot", {**found, "tests": []}))


def test_without_an_engine_the_wheel_is_listed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the reason is one line."""
    file = tmp_path / "a.whl"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("bot/app.py", "x")
    monkeypatch.setattr(sizes, "built_wheel", lambda _: file)
    monkeypatch.setattr(sizes, "ENGINES", ())
    monkeypatch.setattr("sys.argv", ["sizes"])
    assert sizes.main() == 1
    shown = capsys.readouterr()
    assert "wheel a.whl" in shown.out
    assert shown.err.startswith("\nNo image: none of")
