"""Holds what the chats were told of times in which nobody watched against those that there were."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.world import World
from tests.oracle import Message

HEAD = "⚪ Nobody was watching"
NEAR = 1.2
"""Seconds around a process's end in which it may have noticed a jump, or not."""
SHORTEST = 1.9
"""Seconds between two looks from which on the bot may have come to three intervals without a tick."""
LONGEST_REAL = 300.0
"""No history is so long; whatever is longer was a jump."""
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_RAN = re.compile(r"No checks ran for ([^.]*)\.")


def wrong_pauses(world: World, messages: list[Message]) -> list[str]:
    """What is wrong with the pauses that were told."""
    return [fault for chat in world.chats for fault in wrong_in(world, heard_in(world, chat, messages), chat)]


def heard_in(world: World, chat: int, messages: list[Message]) -> list[Message]:
    """The pauses that a chat was told of, wherever it moved."""
    names = {str(chat), str(world.moved.get(chat, chat))}
    return [one for one in messages if one.chat in names and one.text.startswith(HEAD)]


def wrong_in(world: World, heard: list[Message], chat: int) -> Iterator[str]:
    """The same, in one chat."""
    jumps = [by for _, by in world.jumps if by > 0]
    long = [one for one in heard if length_of(one) > LONGEST_REAL]
    repeats = sum(one.lost for one in heard) + sum(life.killed for life in world.lives)
    if len(long) > len(jumps) + repeats:
        yield f"{chat} was told of {len(long)} long pauses, and the clock was set on {len(jumps)} times"
    if len(heard) - len(long) > len(gaps(world)) + len(world.lives) - 1 + repeats:
        yield f"{chat} was told of {len(heard)} pauses, and there were not so many"
    if any(whose == str(chat) for _, whose, for_good in world.hurdles if for_good):
        return
    for by in sorted({by for at, by in world.jumps if by > 0 and was_there(world, at)}):
        if not any(0.98 * by <= length_of(one) <= by + LONGEST_REAL for one in long):
            yield f"the clock was set on by {by:.0f} s under the bot's eyes, and {chat} was not told of it"


def gaps(world: World) -> list[float]:
    """The times in which nobody was looked at for about as long as makes a pause, be it that the machine is slow.

    Looks begin a second apart, or at once where the clock jumps.
    """
    failed = [at for life in world.lives for at in life.failed]
    asked = sorted([*(one.asked for one in world.pixverse.answers), *failed])
    return [later - earlier for earlier, later in pairwise(asked) if later - earlier > SHORTEST]


def length_of(message: Message) -> float:
    """How long nobody watched, as a message says."""
    words = _RAN.search(message.text)
    return sum(
        int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+) (min|s|h|d)\b", words[1] if words else "")
    )


def was_there(world: World, at: float) -> bool:
    """Whether one process surely watched before a jump and after it, and could write that down before another."""
    noted = NEAR + max(
        [at, *(until for since, until in (*world.troubles, *world.freezes) if since - NEAR < at < until)]
    )
    if any(at < other <= noted for other, _ in world.jumps):
        return False
    for life in world.lives:
        looks = [one.asked for one in world.pixverse.answers if one.life == life.number]
        if looks and min(looks) + NEAR < at and (life.ended is None or noted < life.ended):
            return True
    return False
