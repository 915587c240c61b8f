"""Lives through one history, and has it judged."""

import logging
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing.util import Finalize
from pathlib import Path

from verification.oracle import Miss, Truth, judge
from verification.oracle.judge import LEFT_OPEN
from verification.oracle.told import Told
from verification.simulation.database import File, SimulatedStore
from verification.simulation.history import BEGIN, STORE_FAULTS, History
from verification.simulation.life import TICK, Life
from verification.simulation.loop import SimulatedLoop
from verification.simulation.services import World
from verification.simulation.upkeep import lay_down


@dataclass
class Lived:
    """A history that has happened."""

    seed: int
    days: float
    misses: list[Miss]
    truth: Truth
    told: Told
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


@cache
def file() -> File:
    """The database file of this process, in memory where the system has a place for that."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=shared if shared.is_dir() else None))
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=1)  # at the end of a worker process too
    return File(folder)


def live_through(seed: int) -> Lived:
    """The history of a seed, lived through and judged."""
    began = time.process_time()
    logging.disable(logging.CRITICAL)
    history = History.of(seed)
    world = World(history)
    file().empty()
    if history.has_past:
        lay_down(file(), world)
    now, kills = BEGIN, list(history.kills)
    while now < history.ends_at:
        kill = kills.pop(0) if kills else (float("inf"), 0, 0.0)
        now = one_life(world, now, kill)
    if history.has_receiver:
        world.told.firing, world.told.events_left = file().firing(), file().events_left()
    found = judge(world.truth, world.told, leaving_open=True)
    misses = [miss for miss in found if miss.what != LEFT_OPEN]
    if len(misses) < len(found):
        world.counts["alerts left open"] = len(found) - len(misses)
    days = (history.ends_at - BEGIN) / 86400
    logging.disable(logging.NOTSET)
    return Lived(seed, days, misses, world.truth, world.told, world.counts, time.process_time() - began)


def one_life(world: World, now: float, kill: tuple[float, int, float]) -> float:
    """One life of the bot; gives when the next may begin."""
    history = world.history
    loop = SimulatedLoop(now, history.ends_at)
    loop.kill_at, loop.kill_after, asleep = kill
    loop.spared = lambda: world.granting > 0
    world.now, world.hold = loop.time, loop.stand_still

    def trouble() -> str | None:
        fault = history.fault(STORE_FAULTS, loop.time())
        if fault:
            world.count(f"database {fault.kind}")
        return fault.kind if fault else None

    store = SimulatedStore(file(), history.chance, trouble, loop.time)
    store.found_full = partial(note_full, world, loop)
    life = Life(world, store)
    for at, length in history.stops:
        if at > now:
            loop.call_at(at, partial(stand_still, life, loop, at, length))
    try:
        loop.live(life.live)
    finally:
        store.kill()
        loop.bury()
    ended = loop.now
    world.truth.up.append((now, ended))
    if ended >= history.ends_at:
        world.truth.up[-1] = (now, float("inf"))
        return ended
    world.count("crashes")
    return min(ended + asleep, history.tail) if ended < history.tail else ended + 1


def note_full(world: World, loop: SimulatedLoop) -> None:
    """Something could not be stored for a full disk."""
    fault = world.history.fault(STORE_FAULTS, loop.now)
    if fault:
        world.truth.unwritable.append((loop.now, fault.until))


def stand_still(life: Life, loop: SimulatedLoop, at: float, length: float) -> None:
    """The process is suspended from a moment on for so long, or as soon as it has stood still for another stop."""
    world = life.world
    if loop.now < at + TICK:
        life.note_ticks()
    world.count("stops")
    world.truth.stopped.append((loop.now, loop.now + length))
    world.truth.trouble.append((loop.now, loop.now + length))
    loop.stand_still(length)
