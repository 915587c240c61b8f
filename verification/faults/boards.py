"""The board of a history: asked for once at its beginning, refused with everything else, and current at the end."""

import re
from collections.abc import Iterator
from contextlib import suppress

from bot.simulator.telegram.service import SimulatedMessage
from verification.faults.world import World

POSTED_WITHIN = 10.0
HEAD = re.compile(r"^[\d,]+ accounts?, ")
"""How a board begins."""


def is_board(text: str) -> bool:
    """Whether a message is a board."""
    return HEAD.match(text) is not None


async def ask(world: World) -> None:
    """Somebody wants a board in the first chat, and has it soon, unless the history begins badly."""
    world.telegram.say(world.chats[0], "/board")
    with suppress(TimeoutError):
        await world.telegram.wait_for(lambda one: is_board(one.text) and one.pinned, POSTED_WITHIN)


def wrong_boards(world: World) -> Iterator[str]:
    """What is wrong with the boards, in words. The wish for one may be lost, as any command of a bot that is killed."""
    for chat in {world.moved.get(chat, chat) for chat in world.chats}:
        ever = [
            one for one in world.telegram.messages if is_board(one.text) and one.pinned and in_chat(world, one, chat)
        ]
        if not ever:
            continue
        here = [one for one in ever if one.chat_id == chat and not one.deleted]
        if len(here) != 1:
            yield f"{len(here)} boards are pinned in chat {chat}"
        for board in here[-1:]:
            for account in world.pixverse.accounts.values():
                number = f"{account.monthly + account.daily + account.package:,}"
                if not re.search(rf"{re.escape(account.email)} · {number}(?: |$)", board.text, re.MULTILINE):
                    yield f"the board of chat {chat} does not say {number} of {account.email}: {board.text!r}"


def in_chat(world: World, message: SimulatedMessage, chat: int) -> bool:
    """Whether a message came into a chat, or into the group that it was before."""
    return world.moved.get(message.chat_id, message.chat_id) == chat
