"""One cut from its beginning to its judgement, each part in a process of its own."""

import asyncio
import json
import logging
import os
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

from verification.power_loss import disk, past
from verification.power_loss.cutting import Cut, Kind, Line, Steps
from verification.power_loss.ledger import Ledger, ledger_of
from verification.power_loss.survived import examine
from verification.power_loss.work import live

Words = list[Any]
IMAGES = 6
"""So many disks are made of one power cut."""


@dataclass
class Said:
    """What a process said until it ended, the copies of its files, and how it ended (below zero: by which signal)."""

    words: list[Words] = field(default_factory=list)
    held: dict[str, tuple[int, disk.Files]] = field(default_factory=dict)
    ended: int = 0


def run_apart(work: Callable[[Line], None], path: Path, cut: Cut = Cut()) -> Said:  # noqa: B008 - a frozen value
    """Runs work in a process of its own and hears what it says, until it ends or is ended."""
    (hear, out), (back, answer) = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        os.close(hear)
        os.close(answer)
        begin_apart(work, Line(out, back))
    os.close(out)
    os.close(back)
    said = Said()
    with os.fdopen(hear, "rb") as lines:
        kill_at_its_moment(pid, cut, said)
        for raw in lines:
            listen(said, raw, path, answer)
            kill_at_its_moment(pid, cut, said)
    os.close(answer)
    said.ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return said


def kill_at_its_moment(pid: int, cut: Cut, said: Said) -> None:
    """Kills a process a moment after it has said so much; the moment is what makes each cut another."""
    if cut.kind is Kind.MOMENT and len(said.words) == cut.at:
        time.sleep(cut.behind / 1e6)
        os.kill(pid, signal.SIGKILL)


def begin_apart(work: Callable[[Line], None], line: Line) -> None:
    """The life of the process that was made for the work; it never returns."""
    logging.disable()
    ended = 1
    try:
        work(line)
        ended = 0
    except BaseException:  # noqa: BLE001 - this process ends here and must not go on as a second of the first
        traceback.print_exc()
    finally:
        os._exit(ended)


def listen(said: Said, raw: bytes, path: Path, answer: int) -> None:
    """Takes one line; copies the files of a process that stands still for it. A line that was cut was not said."""
    if not raw.endswith(b"\n"):
        return
    words: Words = json.loads(raw)
    if words[0] == "hold":
        said.held[words[1]] = (len(said.words), disk.Files.at(path))
        os.write(answer, b".")
    else:
        said.words.append(words)


def lived(template: Path, folder: Path, seed: str, cut: Cut) -> tuple[Path, Said]:
    """Lives a life on a fresh database, and cuts it."""
    path = Path(copyfile(template, folder / "bot.db"))
    past.lay_down(path)

    def work(line: Line) -> None:
        steps = Steps(cut, line, path)
        steps.watch(random.Random(f"{seed} pages").choice((8, 32, 1000)))
        asyncio.run(live(path, seed, line, steps))

    return path, run_apart(work, path, cut)


def whole_life(template: Path, seed: str) -> Ledger:
    """What a life says that nobody cuts."""
    with TemporaryDirectory(prefix="power-loss-") as folder:
        return ledger_of(lived(template, Path(folder), seed, Cut())[1].words)


def judged(path: Path, ledger: Ledger) -> list[str]:
    """What is wrong with a database, by the look of another process."""
    said = run_apart(lambda line: line.say(examine(path, ledger)), path)
    return list(said.words[0][0]) if said.words else [f"the process that looked ended with {said.ended}"]


def faults_of(template: Path, seed: str, cut: Cut) -> Iterator[str]:
    """Cuts a life and says what is lost, for each disk that the cut may have left."""
    with TemporaryDirectory(prefix="power-loss-") as folder:
        path, said = lived(template, Path(folder), seed, cut)
        if said.ended not in (0, -signal.SIGKILL, -signal.SIGXFSZ):
            yield f"the work itself failed ({said.ended})"
        elif cut.kind is Kind.POWER:
            yield from faults_of_disks(Path(folder), said, random.Random(f"{seed} {cut}"))
        else:
            yield from judged(path, ledger_of(said.words))


def faults_of_disks(folder: Path, said: Said, rng: random.Random) -> Iterator[str]:
    """Makes the disks that a power cut in this transaction may leave, and looks at each."""
    (upto, before), (then, after) = said.held["before"], said.held["after"]
    for number in range(IMAGES if disk.can_be(before, after) else 0):
        logs = number % 2 == 0
        image = (disk.logging if logs else disk.checkpointing)(before, after, rng)
        path = folder / f"image{number}.db"
        image.put(path)
        ledger = ledger_of(said.words, upto if logs else then)
        yield from (f"{'log' if logs else 'database'} torn, disk {number}: {fault}" for fault in judged(path, ledger))
