"""Power loss: a few cuts of each kind, and that the judge sees what is wrong."""

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.fakes import copy_of
from verification.power_loss import disk, past
from verification.power_loss.cutting import Cut, Line, Steps
from verification.power_loss.ledger import Ledger, ledger_of
from verification.power_loss.survived import examine
from verification.power_loss.work import live

ROOT = Path(__file__).parents[3]
SEED = "0/1"
HALVES = {
    "DELETE FROM outbox": "was due and is not in the outbox",
    "UPDATE outbox SET state = 'pending'": "was recorded as told and is pending",
    "UPDATE outbox SET state = 'delivered'": "never was sent",
    "DELETE FROM alerts": "which never was",
    "DELETE FROM notified": "what the chats were told is",
    "UPDATE alerts SET sequence = sequence + 1": "were to be told",
    "DELETE FROM readings": "the newest readings are",
    "DELETE FROM readings WHERE account LIKE '%long-ago%'": "of the past is lost",
    "UPDATE accounts SET reading = replace(reading, '\"monthly\":', '\"monthly\":1')": "what was seen is",
    "INSERT INTO silences (kind, subject, episode, level, by, thread_id) VALUES ('all', '', 0, 0, '', 0)": "muted are",
    "INSERT INTO pauses (subject, resumed, since, until, by, made_at) VALUES ('x', 0, 0, 0, '', 0)": "paused are",
}
"""What a cut must never leave, and how the judge calls it."""


@pytest.fixture(scope="module")
def lived(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    """A life that nobody cut, and what it said."""
    folder = tmp_path_factory.mktemp("lived")
    path, heard = copy_of(template, folder), folder / "said"
    past.lay_down(path)
    line = Line(os.open(heard, os.O_CREAT | os.O_WRONLY), 0)
    asyncio.run(live(path, SEED, line, Steps(Cut(), line, path)))
    os.close(line.out)
    return path, ledger_of([json.loads(words) for words in heard.read_text().splitlines()])


def spoilt(lived: tuple[Path, Ledger], folder: Path, statement: str) -> list[str]:
    """What the judge says of a life's database after a statement that no bot would make."""
    path = copy_of(lived[0], folder)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    return examine(path, lived[1])


def test_a_life_that_nobody_cut_is_whole(lived: tuple[Path, Ledger], tmp_path: Path) -> None:
    """The judge finds nothing where nothing was done, in a life in which something was due, told, and seen."""
    assert lived[1].due - lived[1].told
    assert lived[1].told
    assert spoilt(lived, tmp_path, "SELECT 1") == []


@pytest.mark.parametrize(("statement", "words"), HALVES.items())
def test_the_judge_sees_what_is_lost(lived: tuple[Path, Ledger], tmp_path: Path, statement: str, words: str) -> None:
    """Each thing that a cut must never leave is called by its name."""
    assert words in "\n".join(spoilt(lived, tmp_path, statement))


def test_a_database_that_cannot_be_opened_is_a_fault(lived: tuple[Path, Ledger], tmp_path: Path) -> None:
    """A torn page is no end of the judge, but his first finding."""
    path = copy_of(lived[0], tmp_path)
    path.write_bytes(path.read_bytes()[:-4096] + b"\xa5" * 4096)
    assert "cannot be read as a database" in "\n".join(examine(path, lived[1]))


def test_a_few_cuts_lose_nothing() -> None:
    """Cuts of every kind, in lives and in moves to the present schema: whatever was due or told is found again."""
    ran = subprocess.run(
        [sys.executable, "-m", "verification.power_loss", "--cuts", "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "10 cuts" in ran.stdout


@pytest.mark.parametrize("seed", range(40))
def test_a_torn_file_keeps_what_was_not_being_written(seed: int) -> None:
    """Whatever a power cut makes of a file, what was there before and was not being written stays."""
    rng = random.Random(seed)
    old = rng.randbytes(rng.randrange(3000))
    new = old[: rng.randrange(len(old) + 1)] + rng.randbytes(rng.randrange(2000))
    both = list(zip(old, new, strict=False))
    same = next((place for place, (one, other) in enumerate(both) if one != other), len(both))
    torn = disk.torn(old, new, rng)
    assert torn is not None
    assert torn[:same] == old[:same]
    assert min(len(old), len(new)) <= len(torn) <= max(len(old), len(new))
    assert disk.torn(old, old, rng) == old
    assert disk.torn(None, None, rng) is None
