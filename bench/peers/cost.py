"""What each needs for the same work: processor time for a thousand checks, and memory."""

from dataclasses import dataclass

from bench.peers.scene import Scene, scene
from bench.peers.watching import Contender, LongRunning, Memory

EMAILS = tuple(f"account-{number:03}@example.com" for number in range(1, 101))
EVERY = 10.0
ROUNDS = 3


class Floor(LongRunning):
    """Not a contender: the libraries alone."""

    name = "floor"
    title = "floor"

    def command(self) -> tuple[str, ...]:
        """``floor.py``, told everything as arguments."""
        world = self.world
        return ("-m", "bench.peers.floor", world.useapi_url, world.useapi_token, str(world.every), *world.accounts)

    def environment(self) -> dict[str, str]:
        """Nothing but where this repository is."""
        return {"PYTHONPATH": self.world.for_bot()["PYTHONPATH"]}


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time for one check, which are seconds for a thousand, and MiB."""

    ms: float
    memory: Memory
    checks: int


async def cost_of(kind: type[Contender]) -> Cost:
    """Let it watch a hundred accounts for a while, in which one gets low and recovers."""
    async with scene(EMAILS, EVERY) as world:
        contender = kind(world.world)
        contender.watches_memory = True
        await contender.start()
        try:
            return await measured(world, contender)
        finally:
            await contender.stop()


async def measured(world: Scene, contender: Contender) -> Cost:
    """From one pause between two rounds to another."""
    await world.first_round()
    await contender.rest()
    used, looks = contender.cpu, world.pixverse.looks()
    world.low(EMAILS[0])
    await world.intervals(ROUNDS / 2)
    world.recover(EMAILS[0])
    await world.intervals(ROUNDS / 2)
    await contender.rest()
    checks = world.pixverse.looks() - looks
    return Cost(1000 * (contender.cpu - used) / checks, contender.memory, checks)
