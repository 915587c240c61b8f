"""Holds what the chats were told of the bot's own database against the troubles that it had."""

from collections.abc import Iterator

from verification.faults.world import World
from verification.oracle import Message

UNUSABLE = "🔴 The bot cannot use its database"
USABLE = "🟢 The bot can use its database again"
HEADS = (UNUSABLE, USABLE)


def wrong_of_the_database(world: World, messages: list[Message]) -> list[str]:
    """What is wrong with what was told of it."""
    return [fault for chat in world.chats for fault in wrong_in(world, chat, messages)]


def wrong_in(world: World, chat: int, messages: list[Message]) -> Iterator[str]:
    """The same, in one chat: once for a trouble, by each life that met it, and over only where it was told to begin."""
    names = {str(chat), str(world.moved.get(chat, chat))}
    heard = [one.text for one in messages if one.chat in names and one.text.startswith(HEADS)]
    begun = sum(text.startswith(UNUSABLE) for text in heard)
    ended = len(heard) - begun
    repeats = sum(one.lost for one in messages if one.text.startswith(HEADS))
    if begun > repeats and not world.troubles:
        yield f"{chat} was told that the database cannot be used, and it could"
    if begun > len(world.troubles) * len(world.lives) + repeats:
        yield f"{chat} was told {begun} times that the database cannot be used"
    again = sum(one.lost for one in messages if one.chat in names and one.text.startswith(USABLE))
    if ended > begun + again:  # an answer that is lost makes the bot say it once more
        yield f"{chat} was told that the database can be used again, and not that it could not"
