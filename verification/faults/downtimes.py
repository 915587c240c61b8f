"""Holds what the chats were told of times in which nobody watched against those that there were."""

import re
from collections.abc import Iterator
from itertools import pairwise

from verification.faults.world import World
from verification.oracle import Message

HEAD = "⚪ Nobody was watching"
SHORTEST = 1.9
"""Seconds between two looks from which on the bot may have come to three intervals without a tick."""
ANSWERED_IN = 0.8
"""Seconds in which a person who asks has the accounts looked at, out of turn: that is no tick."""
LONGEST_REAL = 300.0
"""No history is so long: whatever is longer was a clock that was set, which is no downtime."""
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_RAN = re.compile(r"No checks ran for ([^.]*)\.")


def wrong_downtimes(world: World, messages: list[Message]) -> list[str]:
    """What is wrong with the downtimes that were told."""
    return [fault for chat in world.chats for fault in wrong_in(world, heard_in(world, chat, messages), chat)]


def heard_in(world: World, chat: int, messages: list[Message]) -> list[Message]:
    """The downtimes that a chat was told of, wherever it moved."""
    names = {str(chat), str(world.moved.get(chat, chat))}
    return [one for one in messages if one.chat in names and one.text.startswith(HEAD)]


def wrong_in(world: World, heard: list[Message], chat: int) -> Iterator[str]:
    """The same, in one chat."""
    long = [one for one in heard if length_of(one) > LONGEST_REAL]
    repeats = sum(one.lost for one in heard) + sum(life.killed for life in world.lives)
    if long:
        yield f"{chat} was told of a downtime of {length_of(long[0]):.0f} s, and there was none"
    if len(heard) - len(long) > len(gaps(world)) + len(world.lives) - 1 + repeats:
        yield f"{chat} was told of {len(heard)} downtimes, and there were not so many"


def gaps(world: World) -> list[float]:
    """The times in which nobody was looked at for about as long as makes a downtime, be it that the machine is slow.

    Looks begin a second apart. Those for which a person asked do not count: while the database is locked the ticks
    wait, and such a look needs nothing but the service.
    """
    failed = [at for life in world.lives for at in life.failed]
    wished = [at for at, _, text in world.asked if text.startswith(("/check", "/credits"))]
    looks = [*(one.asked for one in world.pixverse.answers), *failed]
    asked = sorted(at for at in looks if not any(since <= at <= since + ANSWERED_IN for since in wished))
    return [later - earlier for earlier, later in pairwise(asked) if later - earlier > SHORTEST]


def length_of(message: Message) -> float:
    """How long nobody watched, as a message says."""
    words = _RAN.search(message.text)
    return sum(
        int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+) (min|s|h|d)\b", words[1] if words else "")
    )
